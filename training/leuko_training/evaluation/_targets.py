"""What the default bundle must reach, and whether it does."""

from collections.abc import Iterator
from dataclasses import dataclass

from leuko_training.evaluation._run import Evaluation

DICE = {
    "segmentation_wbc_1": 0.98,
    "segmentation_wbc_2": 0.965,
    "bcisc_crops": 0.97,
    "krd-wbc": 0.945,
    "bccd": 0.945,
}
"""Least mean Dice."""

ACCURACY_PERCENT = {"pbc": 97.0, "bcisc_crops": 88.0, "raabin": 93.0, "raabin_test_b": 93.0}
"""Least five-way accuracy."""

FOUND_PERCENT = 98.0
"""Least share of masked leukocytes found in full fields."""

FALSE_PER_FIELD = 0.2
"""Most false regions in a full field."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure beside its target.

    Attributes:
        what: what is measured.
        target: the bound in words.
        measured: the figure in words.
        interval: its 95 % interval in words; empty without one.
        n: how many were looked at, in words.
        is_met: whether the figure keeps the bound.
    """

    what: str
    target: str
    measured: str
    interval: str
    n: str
    is_met: bool


def goals_of(evaluation: Evaluation) -> tuple[Goal, ...]:
    """Return every figure that has a target."""
    return (*_dice(evaluation), *_fields(evaluation), *_accuracy(evaluation))


def _dice(evaluation: Evaluation) -> Iterator[Goal]:
    for result in evaluation.outlines:
        least, dice = DICE[result.dataset], result.mean("dice")
        yield Goal(
            what=f"Dice, {result.dataset}",
            target=f"≥ {least:g}",
            measured=f"{dice.mean:.4f}",
            interval=f"{dice.low:.4f} – {dice.high:.4f}",
            n=f"{dice.n} images",
            is_met=dice.mean >= least,
        )


def _fields(evaluation: Evaluation) -> Iterator[Goal]:
    if evaluation.fields is None:
        return
    found, false = evaluation.fields.found, evaluation.fields.false_per_field
    low, high = found.interval95
    yield Goal(
        what=f"masked leukocytes found, {evaluation.fields.dataset}",
        target=f"≥ {FOUND_PERCENT:g} %",
        measured=f"{found.percent or 0:.1f} %",
        interval=f"{low:.1f} – {high:.1f} %",
        n=f"{found.n} leukocytes",
        is_met=(found.percent or 0) >= FOUND_PERCENT,
    )
    yield Goal(
        what=f"false regions per field, {evaluation.fields.dataset}",
        target=f"≤ {FALSE_PER_FIELD:g}",
        measured=f"{false:.2f}",
        interval="",
        n=f"{len(evaluation.fields.fields)} fields",
        is_met=false <= FALSE_PER_FIELD,
    )


def _accuracy(evaluation: Evaluation) -> Iterator[Goal]:
    for result in evaluation.names:
        if result.dataset not in ACCURACY_PERCENT or not result.leukocytes:
            continue
        least, accuracy = ACCURACY_PERCENT[result.dataset], result.accuracy
        low, high = accuracy.interval95
        yield Goal(
            what=f"five-way class, {result.dataset}",
            target=f"≥ {least:g} %",
            measured=f"{accuracy.percent or 0:.1f} %",
            interval=f"{low:.1f} – {high:.1f} %",
            n=f"{accuracy.n} cells",
            is_met=(accuracy.percent or 0) >= least,
        )
