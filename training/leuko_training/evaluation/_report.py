"""The evaluation as Markdown: every figure beside its target."""

import re
from collections.abc import Iterator

from leuko_training.datasets import TRANSFER_FOLD
from leuko_training.evaluation._field_report import field_lines
from leuko_training.evaluation._findings import name_in
from leuko_training.evaluation._markdown import table
from leuko_training.evaluation._name_report import name_lines
from leuko_training.evaluation._run import TRANSFERRED, Evaluation
from leuko_training.evaluation._simulated import SimulatedResult
from leuko_training.evaluation._simulated_report import SIMULATED_HEADING, simulated_lines
from leuko_training.evaluation._targets import goals_of
from leuko_training.metrics import MEASURES

_HEADINGS = {
    "dice": "Dice",
    "precision": "precision",
    "miou": "mIoU",
    "fpr": "FPR",
    "fnr": "FNR",
    "me": "ME",
}


def render_report(evaluation: Evaluation, *, command: str, pictures: str) -> str:
    """Return the evaluation as Markdown.

    Args:
        evaluation: what was measured.
        command: what to type to get it again.
        pictures: folder of the pictures with pixels of data sets, in words.
    """
    parts = (
        _head(evaluation, command),
        _goals(evaluation),
        _outlines(evaluation, pictures),
        field_lines(evaluation, pictures),
        name_lines(evaluation, pictures),
        _scales(evaluation),
        simulated_lines(evaluation.simulated),
        _how(evaluation),
    )
    return "\n".join(line for part in parts for line in part)


def with_simulated(report: str, result: SimulatedResult) -> str:
    """Return a report whose part on simulated smears is renewed, before what comes last."""
    parts = [p for p in re.split(r"(?m)^(?=## )", report) if not p.startswith(SIMULATED_HEADING)]
    renewed = "\n".join(simulated_lines(result)) + "\n"
    return "".join([*parts[:-1], renewed, parts[-1]])


def _head(evaluation: Evaluation, command: str) -> Iterator[str]:
    subject = evaluation.subject
    yield f"# Evaluation of {subject.label}\n"
    yield f"- command: `{command}`"
    yield f"- bundle: {subject.label}, manifest sha256 `{subject.sha256 or 'none'}`"
    if subject.sha256:
        yield "  (without its model card)"
    yield f"- split: fold {evaluation.fold} of `splits.csv`; {', '.join(TRANSFERRED)}: all images"
    yield f"  (fold `{TRANSFER_FOLD}`)"
    yield f"- held out, as the bundle says: {subject.held_out or 'unknown'}"
    yield "- run: whole images through `leuko.pipeline.FieldAnalyser`, LiteRT, one thread, at the"
    yield "  nominal scale of each set"
    yield "- chance: nothing is drawn but the bootstrap of the intervals (seed 0)"
    if evaluation.absent:
        yield f"- **not judged, because not there: {', '.join(evaluation.absent)}**"
    yield ""


def _goals(evaluation: Evaluation) -> Iterator[str]:
    yield "## Against the targets\n"
    rows = (
        (g.what, g.target, g.measured, g.interval, g.n, "pass" if g.is_met else "**short**")
        for g in goals_of(evaluation)
    )
    yield from table(("what", "target", "measured", "95 % interval", "n", ""), rows)


def _outlines(evaluation: Evaluation, pictures: str) -> Iterator[str]:
    if not evaluation.outlines:
        return
    yield "## Outlines\n"
    yield "Union of all regions found against the true mask, mean over the images. The last column"
    yield "leaves out regions that touch no mask: some sets mask the middle leukocyte alone.\n"
    headings = ("set", "n", *(_HEADINGS[name] for name in MEASURES), "lowest Dice", "marked Dice")
    rows = (
        (
            result.dataset,
            str(len(result.images)),
            *(f"{result.mean(name).mean:.4f}" for name in MEASURES),
            f"{min(result.values('dice')):.3f}",
            f"{result.marked_dice.mean:.4f}",
        )
        for result in evaluation.outlines
    )
    yield from table(headings, rows)
    yield "![Dice of each image](dice.png)\n"
    yield f"The ten worst of each set are drawn in `{pictures}/worst/*-outlines.png` (truth green,"
    yield "found red). They are pictures of the data sets, so they are not in the repository.\n"
    worst = (
        (result.dataset, name_in(evaluation.root, image.item), f"{image.score.dice:.3f}")
        for result in evaluation.outlines
        for image in result.worst(3)
    )
    yield from table(("set", "three worst images", "Dice"), worst)


def _scales(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.scales:
        return
    yield "## Scale from red cells\n"
    yield "`--um-per-px auto` on each field alone, and on the first eight of a group together,"
    yield "beside the red cells' diameter by Otsu's threshold (BCISC) or by annotated boxes (BCCD)."
    yield "A field is refused where its red cells are too few or contradict each other.\n"
    headings = ("group", "fields", "refused", "median error", "95th percentile", "eight together")
    rows = (
        (
            result.group,
            str(len(result.errors)),
            str(result.refused),
            *(_share(value) for value in (result.median, result.percentile95, result.pooled)),
        )
        for result in evaluation.scales
    )
    yield from table(headings, rows)


def _how(evaluation: Evaluation) -> Iterator[str]:
    yield "## How to read this\n"
    yield "The six measures are equations 6 to 11 of LeukocyteMask (Fan et al., J. Biophotonics 12,"
    yield "2019, e201800488); FPR, FNR and ME are better when lower. Intervals of means are"
    yield "bootstrap percentiles over images, those of shares exact binomial (Clopper and Pearson)."
    yield "Both take the images as independent; images of one slide are not quite that."
    yield "All figures, and every image's Dice and answer, are in `evaluation.json`."
    if evaluation.names:
        yield "Class labels of BCCD are by image and by laymen; take its accuracy with care."
    yield ""


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
