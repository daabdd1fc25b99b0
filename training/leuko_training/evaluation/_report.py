"""The evaluation as Markdown: every figure beside its target."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets import TRANSFER_FOLD
from leuko_training.evaluation._fields import SAME_LEUKOCYTE_IOU, FieldResult
from leuko_training.evaluation._findings import name_in
from leuko_training.evaluation._names import REACH_UM, NameResult
from leuko_training.evaluation._run import TRANSFERRED, Evaluation
from leuko_training.evaluation._targets import goals_of
from leuko_training.metrics import MEASURES, ConfusionMatrix, Proportion

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
        _fields(evaluation, pictures),
        _names(evaluation, pictures),
        _how(evaluation),
    )
    return "\n".join(line for part in parts for line in part)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, with an empty line behind."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _head(evaluation: Evaluation, command: str) -> Iterator[str]:
    subject = evaluation.subject
    yield f"# Evaluation of {subject.label}\n"
    yield f"- command: `{command}`"
    yield f"- bundle: {subject.label}, manifest sha256 `{subject.sha256 or 'none'}`"
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


def _fields(evaluation: Evaluation, pictures: str) -> Iterator[str]:
    if evaluation.fields is None:
        return
    result = evaluation.fields
    yield f"## Full fields: {result.dataset}\n"
    yield f"A masked leukocyte is found when a region fits it with an IoU of {SAME_LEUKOCYTE_IOU:g}"
    yield "or more. A region that fits none is false, unless it was looked at and is a leukocyte"
    yield "that nobody masked (`training/leuko_training/unmasked_leukocytes.toml`).\n"
    yield from _field_counts(result)
    yield from _missed(result, evaluation)
    yield from _unmatched(result, evaluation, pictures)


def _field_counts(result: FieldResult) -> Iterator[str]:
    unmatched = result.unmatched
    real = sum(not region.is_false for region in unmatched)
    yield f"- {len(result.fields)} fields; {result.without_mask} more have no mask and are left out"
    yield f"- masked leukocytes found: {_counted(result.found)}"
    yield f"- regions that fit no mask: {len(unmatched)}, of which {real} are unmasked leukocytes"
    yield f"- false regions per field: {result.false_per_field:.2f}; those that the classifier lets"
    yield f"  into the differential: {result.false_counted_per_field:.2f}\n"


def _missed(result: FieldResult, evaluation: Evaluation) -> Iterator[str]:
    rows = [
        (
            name_in(evaluation.root, field.item),
            f"{r.box.x}, {r.box.y}",
            _size(r.box.width, r.box.height),
        )
        for field in result.fields
        for r in field.missed
    ]
    if rows:
        yield "Masked leukocytes missed:\n"
        yield from table(("field", "x, y", "size"), rows)


def _unmatched(result: FieldResult, evaluation: Evaluation, pictures: str) -> Iterator[str]:
    if not result.unmatched:
        return
    yield f"Regions that fit no mask, drawn by number in `{pictures}/unmatched`:\n"
    rows = (
        (
            f"{number:03d}",
            name_in(evaluation.root, region.item),
            f"{region.cell.region.box.x}, {region.cell.region.box.y}",
            _size(region.cell.region.box.width, region.cell.region.box.height),
            f"{region.best_iou:.2f}",
            f"{_words(region.cell.cell_class)} {region.cell.probability:.2f}",
            f"{region.cell.status}",
            f"{region.verdict}",
        )
        for number, region in enumerate(result.unmatched, start=1)
    )
    headings = ("", "field", "x, y", "size", "best IoU", "named", "status", "to the eye")
    yield from table(headings, rows)


def _names(evaluation: Evaluation, pictures: str) -> Iterator[str]:
    if not evaluation.names:
        return
    yield "## Names\n"
    yield "One cell an image counts: the one nearest to the labelled box, else to the mask, else to"
    yield f"the middle of the image, no more than {REACH_UM:g} µm off. A cell not found is wrong."
    yield "*Five-way* is the likeliest of the five leukocyte classes, *of eight* of all classes."
    yield f"A cell below {evaluation.subject.unclassified_below:g} is unclassified; *classified* is"
    yield "the accuracy (of eight) among the rest.\n"
    headings = ("set", "n", "five-way", "found", "of eight", "unclassified", "classified")
    rows = (_name_row(result) for result in evaluation.names if result.leukocytes)
    yield from table(headings, rows)
    for result in evaluation.names:
        yield from _classes(result)
    yield f"The ten surest mistakes of each set are drawn in `{pictures}/worst/*-names.png`.\n"


def _name_row(result: NameResult) -> tuple[str, ...]:
    accuracy, (low, high) = result.accuracy, result.accuracy.interval95
    return (
        result.dataset,
        str(accuracy.n),
        f"{_percent(accuracy)} ({low:.1f} – {high:.1f})",
        _percent(result.found),
        _percent(result.accuracy_of_eight),
        _percent(result.unclassified),
        _percent(result.accuracy_of_classified),
    )


def _classes(result: NameResult) -> Iterator[str]:
    yield f"### {result.dataset}\n"
    headings = ("class", "n", "recall, five-way", "precision, five-way", "recall of eight")
    rows = (_class_row(result, name) for name in result.eight_way.truths)
    yield from table(headings, rows)
    if result.others:
        yield "A platelet or artefact that is not found is right too: there is no leukocyte.\n"
    yield f"![Confusion of {result.dataset}](confusion-{result.dataset}.png)\n"


def _class_row(result: NameResult, name: CellClass) -> tuple[str, ...]:
    eight, five = result.eight_way.recall(name), result.five_way
    if not name.is_counted:
        return _words(name), str(eight.n), "", "", _counted(_without_leukocyte(result, name, eight))
    recall, precision = five.recall(name), five.precision(name)
    return _words(name), str(eight.n), _counted(recall), _counted(precision), _counted(eight)


def _without_leukocyte(result: NameResult, name: CellClass, eight: Proportion) -> Proportion:
    if name is not CellClass.PLATELET_OR_ARTEFACT:
        return eight
    nothing = sum(a.cell is None for a in result.others if a.truth is name)
    return Proportion(eight.hits + nothing, eight.n)


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


def matrices_of(result: NameResult) -> dict[str, ConfusionMatrix]:
    """Return the confusion matrices of a set by their titles."""
    five = {"likeliest of five": result.five_way} if result.leukocytes else {}
    return {**five, "likeliest of eight": result.eight_way}


def relative_words(path: Path) -> str:
    """Return a path as it may stand in a report: never one of this machine alone."""
    return path.name if path.is_absolute() else path.as_posix()


def _percent(proportion: Proportion) -> str:
    return "–" if proportion.percent is None else f"{proportion.percent:.1f} %"


def _counted(proportion: Proportion) -> str:
    return f"{_percent(proportion)} ({proportion.hits} of {proportion.n})"


def _size(width: int, height: int) -> str:
    return f"{width} × {height}"


def _words(name: CellClass) -> str:
    return name.replace("_", " ")
