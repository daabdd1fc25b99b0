"""The evaluation as JSON, down to every image, so that two bundles can be compared."""

from dataclasses import asdict
from pathlib import Path

from leuko_training.evaluation._fields import FieldResult
from leuko_training.evaluation._findings import name_in
from leuko_training.evaluation._names import Answer, NameResult
from leuko_training.evaluation._outlines import OutlineResult
from leuko_training.evaluation._run import Evaluation
from leuko_training.evaluation._scales import ScaleResult
from leuko_training.evaluation._simulated_report import record_of_simulated
from leuko_training.evaluation._targets import goals_of
from leuko_training.metrics import MEASURES, Proportion

_DIGITS = 5


def record_of(evaluation: Evaluation) -> dict[str, object]:
    """Return everything measured as values that JSON knows; files are named below the root."""
    root = evaluation.root
    return {
        "bundle": evaluation.subject.label,
        "sha256": evaluation.subject.sha256,
        "unclassified_below": evaluation.subject.unclassified_below,
        "fold": evaluation.fold,
        "absent": list(evaluation.absent),
        "goals": [asdict(goal) for goal in goals_of(evaluation)],
        "outlines": {r.dataset: _outlines(r, root) for r in evaluation.outlines},
        "fields": _fields(evaluation.fields, root) if evaluation.fields else None,
        "names": {r.dataset: _names(r, root) for r in evaluation.names},
        "scales": [_scale(result) for result in evaluation.scales],
        "simulated": record_of_simulated(evaluation.simulated) if evaluation.simulated else None,
    }


def _outlines(result: OutlineResult, root: Path) -> dict[str, object]:
    means = {
        name: {key: _rounded(value) for key, value in asdict(result.mean(name)).items()}
        for name in MEASURES
    }
    dice = {name_in(root, i.item): round(i.score.dice, _DIGITS) for i in result.images}
    return {**means, "dice_of_image": dice}


def _fields(result: FieldResult, root: Path) -> dict[str, object]:
    return {
        "fields": len(result.fields),
        "without_mask": result.without_mask,
        "found": _proportion(result.found),
        "false_per_field": round(result.false_per_field, _DIGITS),
        "false_counted_per_field": round(result.false_counted_per_field, _DIGITS),
        "missed": [
            {"image": name_in(root, field.item), **asdict(region.box)}
            for field in result.fields
            for region in field.missed
        ],
        "unmatched": [
            {
                "image": name_in(root, region.item),
                **asdict(region.cell.region.box),
                "best_iou": round(region.best_iou, _DIGITS),
                "class": region.cell.cell_class,
                "probability": round(region.cell.probability, _DIGITS),
                "status": region.cell.status,
                "verdict": region.verdict,
            }
            for region in result.unmatched
        ],
    }


def _names(result: NameResult, root: Path) -> dict[str, object]:
    wrong = [answer for answer in result.answers if answer.cell_class is not answer.truth]
    return {
        "five_way": _proportion(result.accuracy),
        "found": _proportion(result.found),
        "of_eight": _proportion(result.accuracy_of_eight),
        "unclassified_below": result.unclassified_below,
        "unclassified": _proportion(result.unclassified),
        "of_classified": _proportion(result.accuracy_of_classified),
        "confusion_of_five": result.five_way.table,
        "confusion_of_eight": result.eight_way.table,
        "wrong_of_eight": {name_in(root, answer.item): _answer(answer) for answer in wrong},
    }


def _scale(result: ScaleResult) -> dict[str, object]:
    figures = {
        "median": result.median,
        "percentile95": result.percentile95,
        "pooled": result.pooled,
    }
    return {
        "group": result.group,
        "fields": len(result.errors),
        "refused": result.refused,
        **{name: None if value is None else _rounded(value) for name, value in figures.items()},
    }


def _answer(answer: Answer) -> dict[str, object]:
    return {
        "truth": answer.truth,
        "answer": answer.cell_class,
        "answer_of_five": answer.leukocyte_class,
        "probability": round(answer.cell.probability, _DIGITS) if answer.cell else None,
    }


def _proportion(proportion: Proportion) -> dict[str, object]:
    low, high = proportion.interval95
    return {
        "hits": proportion.hits,
        "n": proportion.n,
        "percent": None if proportion.percent is None else round(proportion.percent, 3),
        "interval95": [round(low, 3), round(high, 3)],
    }


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(value, _DIGITS)
