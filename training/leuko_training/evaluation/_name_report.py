"""The names' part of the report: accuracies, and recall and precision of every class."""

from collections.abc import Iterator

from leuko.cells import CellClass
from leuko_training.evaluation._markdown import counted, percent, table, words
from leuko_training.evaluation._names import REACH_UM, NameResult
from leuko_training.evaluation._run import Evaluation
from leuko_training.metrics import ConfusionMatrix, Proportion


def name_lines(evaluation: Evaluation, pictures: str) -> Iterator[str]:
    """Yield the lines on names; none if no set with classes was judged."""
    if not evaluation.names:
        return
    yield "## Names\n"
    yield "One cell an image counts: the one nearest to the labelled box, else to the mask, else to"
    yield f"the middle of the image, no more than {REACH_UM:g} µm off. A cell not found is wrong."
    yield "*Five-way* is the likeliest of the five leukocyte classes, *of eight* of all classes."
    yield "A cell whose likeliest class is less probable than the threshold is unclassified; the"
    yield "threshold is higher where the set's own cells tell of each other's names. *Classified*"
    yield "is the accuracy (of eight) among the rest.\n"
    headings = ("set", "n", "five-way", "found", "of eight", "threshold", "unclassified")
    rows = (_name_row(result) for result in evaluation.names if result.leukocytes)
    yield from table((*headings, "classified"), rows)
    for result in evaluation.names:
        yield from _classes(result)
    yield f"The ten surest mistakes of each set are drawn in `{pictures}/worst/*-names.png`.\n"


def _name_row(result: NameResult) -> tuple[str, ...]:
    accuracy, (low, high) = result.accuracy, result.accuracy.interval95
    return (
        result.dataset,
        str(accuracy.n),
        f"{percent(accuracy)} ({low:.1f} – {high:.1f})",
        percent(result.found),
        percent(result.accuracy_of_eight),
        f"{result.unclassified_below:g}",
        percent(result.unclassified),
        percent(result.accuracy_of_classified),
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
        return words(name), str(eight.n), "", "", counted(_without_leukocyte(result, name, eight))
    recall, precision = five.recall(name), five.precision(name)
    return words(name), str(eight.n), counted(recall), counted(precision), counted(eight)


def _without_leukocyte(result: NameResult, name: CellClass, eight: Proportion) -> Proportion:
    if name is not CellClass.PLATELET_OR_ARTEFACT:
        return eight
    nothing = sum(a.cell is None for a in result.others if a.truth is name)
    return Proportion(eight.hits + nothing, eight.n)


def matrices_of(result: NameResult) -> dict[str, ConfusionMatrix]:
    """Return the confusion matrices of a set by their titles."""
    five = {"likeliest of five": result.five_way} if result.leukocytes else {}
    return {**five, "likeliest of eight": result.eight_way}
