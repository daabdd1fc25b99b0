"""``transfer.md``: what was said of laboratories that were left out, as tables."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from leuko_training.answers import Answers
from leuko_training.evaluation import percent, table
from leuko_training.metrics import Proportion
from leuko_training.recipes import RECIPES, SHIPPED
from leuko_training.transfer._figures import FIELDS, WholeFigures
from leuko_training.transfer._long_report import long_lines
from leuko_training.transfer._published import raabin_alone
from leuko_training.transfer._run import Tried
from leuko_training.transfer._shipped import confusion_lines, shipped_trials
from leuko_training.transfer._short_report import short_lines
from leuko_training.transfer._whole import ByRecipe


def render_transfer(tried: Sequence[Tried], figures: ByRecipe) -> str:
    """Return the report on all trials that are there.

    Args:
        tried: trials that are done.
        figures: of whole bundles, by recipe and the laboratory that they have not seen.
    """
    lines = [*_head()]
    published = [one for one in tried if one.trial.is_raabin_alone]
    short = [one for one in tried if one.trial.is_short and one not in published]
    long = [one for one in tried if not one.trial.is_short and one not in published]
    if short:
        lines += short_lines(short)
        if any(one in short for one in shipped_trials(tried)):
            lines += confusion_lines()
    recipes = dict.fromkeys(one.trial.recipe for one in long)
    for recipe in sorted(recipes, key=lambda name: RECIPES[name] != SHIPPED):
        of_recipe = [one for one in long if one.trial.recipe == recipe]
        lines += long_lines(recipe, of_recipe)
        if any(one in of_recipe for one in shipped_trials(tried)):
            lines += confusion_lines()
    for recipe, known in figures.items():
        lines += _whole(recipe, known)
    if published:
        lines += raabin_alone(published)
    return "\n".join(lines) + "\n"


def record_of_transfer(tried: Sequence[Tried]) -> list[dict[str, object]]:
    """Return every trial's figures as values that JSON knows."""
    return [
        {
            "recipe": one.trial.recipe,
            "left_out": list(one.trial.left_out),
            "seed": one.trial.seed,
            "short": one.trial.is_short,
            "sets": {name: _figures(one.answers.of(name)) for name in one.answers.names},
        }
        for one in tried
    ]


def with_interval(share: Proportion) -> str:
    """Return a share in percent with its 95 % interval, or a dash for a share of nothing."""
    if share.percent is None:
        return "–"
    low, high = share.interval95
    return f"{share.percent:.1f} ({low:.1f} – {high:.1f}) %"


def _figures(answers: Answers) -> dict[str, object]:
    accuracy = answers.accuracy
    return {
        "right": accuracy.hits,
        "n": accuracy.n,
        "confusion": answers.confusion.table,
    }


def _head() -> Iterator[str]:
    yield from (
        "# Laboratories left out",
        "",
        "Written by `leuko-train transfer`. A laboratory that is left out is unknown to the",
        "classifier that names its cells: none of its images was trained on. Chosen with it in",
        "mind were the prior and, of the recipes, the shipped one; nothing else was chosen by it.",
        "What is learnt from are folds 1 to 4 of all others and, unless said otherwise,",
        "24 simulated slides; all cells of the left-out laboratory are asked about. Weights are",
        "those of the schedule's end; no checkpoint was picked.",
        "",
        "Cells are outlined by their masks, and where a set has none (pbc, raabin, raabin_test_b)",
        "by the shipped segmenter, which has seen no leukocyte's mask of them. The classifier",
        "is judged alone, in float, *five-way*: the likeliest of the five leukocyte classes.",
        "Class labels of bccd and segmentation_wbc are by laymen.",
        "Where a recipe makes laboratories' cells alike (*even*), the left-out one is known as on",
        "the device: by up to 300 of its cells and the names that the classifier alone gave these,",
        "not by labels; a tenth of an answer is of the cell as it is (decision 8).",
        "",
    )


def _whole(recipe: str, figures: Mapping[str, Sequence[WholeFigures]]) -> Iterator[str]:
    yield from (
        f"## The whole pipeline in a laboratory it has not seen: `{recipe}`",
        "",
        "Segmenter and classifier are both trained without the laboratory (a segmenter that learnt",
        "from none of its images is the shipped one), converted to int8 with the images of the",
        "others, and run as the device runs them: the laboratory's unlabelled cells tell of each",
        "other's names. *False* regions touch no mask in an image with its own mirror image around",
        "it; in full fields they fit none. A cell not found is named wrong; of full fields those",
        "with a mask are asked about, for it tells where the labelled cell is. Temperature,",
        "threshold and how leukocytes lie elsewhere come from the other laboratories. In brackets:",
        "95 % intervals, of what was found and named in percent; beside the calibration error",
        "(*ECE*), what chance would leave of it if each probability were right.",
        "",
    )
    rows = [_whole_row(one) for known in figures.values() for one in known]
    heads = ["set", "images", "found", "false", "Dice", "five-way", "ECE"]
    yield from table([*heads, "unclassified", "classified"], rows)
    yield from _calibration_together([one for known in figures.values() for one in known])


def outline_cells(one: WholeFigures) -> tuple[str, str, str]:
    """Return a table's cells of what was found, of false regions and of Dice."""
    return (
        with_interval(one.found),
        "–" if one.false is None else f"{one.false:.2f}",
        f"{dice.mean:.3f} ({dice.low:.3f} – {dice.high:.3f})" if (dice := one.dice) else "–",
    )


def _calibration(one: WholeFigures) -> str:
    if one.calibration_error is None or one.by_chance is None:
        return "–"
    return f"{100 * one.calibration_error:.1f} ({100 * one.by_chance:.1f}) %"


def _calibration_together(figures: Sequence[WholeFigures]) -> Iterator[str]:
    """Yield the calibration error where single laboratories' gaps may cancel."""
    asked = [one for one in figures if one.gaps and one.dataset != FIELDS]
    if len(asked) < 2:
        return
    errors = [one.calibration_error or 0.0 for one in asked]
    together = np.abs(np.mean([one.gaps for one in asked], axis=0)).sum()
    yield from (
        f"Of the {len(asked)} laboratories' single cells the calibration error is",
        f"{100 * np.mean(errors):.1f} % on the mean. Some laboratories are named too surely and",
        "others not surely enough: of cells of a laboratory drawn by lot it is",
        f"{100 * together:.1f} %.",
        "",
    )


def _whole_row(one: WholeFigures) -> list[str]:
    return [
        one.dataset,
        str(one.images),
        *outline_cells(one),
        with_interval(one.named),
        _calibration(one),
        percent(one.unclassified),
        percent(one.right),
    ]
