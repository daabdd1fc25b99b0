"""How far a classifier's probabilities may be believed in a laboratory it has never seen."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import geometric_mean

import numpy as np
from numpy.typing import NDArray

from leuko.cells import LEUKOCYTES, CellClass
from leuko.certainty import believed
from leuko.errors import OutputError, SettingsError
from leuko_training.answers import CLASSES, FIVE, Answers
from leuko_training.metrics import ConfusionMatrix, Proportion

UNCLASSIFIED = 0.14
"""Share of leukocytes left without a class where a threshold is chosen.

Up to 0.15 are allowed elsewhere; a laboratory leaves about half a point more by others' threshold.
"""

COMMON: Mapping[CellClass, float] = {
    CellClass.NEUTROPHIL: 4540,
    CellClass.LYMPHOCYTE: 2750,
    CellClass.MONOCYTE: 575,
    CellClass.EOSINOPHIL: 350,
    CellClass.BASOPHIL: 75,
}
"""Leukocytes per mm³ of healthy adults, middles of the intervals by 200-cell differentials of 291
(Zacharski et al., Am J Clin Pathol 56, 1971)."""

PRIOR_STRENGTH = 0.4
"""Of the powers in ``transfer.md`` the one with which the worst of eight left-out laboratories is
best; their mean is about half a point below the best."""

_BINS = 15
_LOTS = 20
_TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(4.0), 61))
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Certainty:
    """How answers become a probability and a decision.

    Attributes:
        temperature: probabilities are raised to the power of its inverse, then add up to 1 again.
        unclassified_below: a cell whose likeliest class is less probable stays unclassified.
        prior_strength: how much of what is common in blood is believed of every cell: 0 takes the
            five classes for equally common, 1 for as common as in healthy adults.
    """

    temperature: float
    unclassified_below: float
    prior_strength: float = 0.0

    @property
    def class_weights(self) -> tuple[float, ...]:
        """Weight of every class in the order of `CellClass`; the five's geometric mean is 1."""
        middle = geometric_mean(COMMON.values())
        return tuple(
            round((COMMON[name] / middle) ** self.prior_strength, 3) if name in COMMON else 1.0
            for name in CLASSES
        )

    def applied(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return what a classifier's probabilities are worth.

        Args:
            probabilities: ``(cells, 8)``, in the order of `CellClass`.
        """
        return believed(
            probabilities, class_weights=self.class_weights, temperature=self.temperature
        )


def read_certainty(path: Path) -> Certainty:
    """Return what `write_certainty` has written.

    Raises:
        SettingsError: the file is missing or holds something else.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Certainty(
            float(stored["temperature"]),
            float(stored["unclassified_below"]),
            float(stored.get("prior_strength", 0.0)),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"{path} does not say how far probabilities may be believed ({error}); "
            "write it with leuko-train transfer"
        ) from error


def write_certainty(certainty: Certainty, path: Path, *, source: str) -> None:
    """Write a certainty, and in words where it comes from.

    Raises:
        OutputError: the file cannot be written.
    """
    record = {**asdict(certainty), "source": source}
    try:
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error}); choose another place") from error


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a certainty makes of the leukocytes of one laboratory.

    Attributes:
        five_way: leukocytes named right among the five.
        calibration_error: expected calibration error, 0 to 1.
        unclassified: leukocytes left without a class.
        right: leukocytes named right, of eight classes, among the others.
    """

    five_way: Proportion
    calibration_error: float
    unclassified: Proportion
    right: Proportion


def calibration_error(best: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over 15 bins of equal width (Guo et al., 2017).

    Args:
        best: ``(cells,)`` probability of the answer.
        right: ``(cells,)`` whether it was right.
    """
    return sum(map(abs, calibration_gaps(best, right)))


def calibration_gaps(best: NDArray[np.floating], right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return how much too sure the answers in each of 15 bins of equal width are.

    Args:
        best: ``(cells,)`` probability of the answer, one cell at least.
        right: ``(cells,)`` whether it was right.

    Returns:
        Of each bin, the probabilities of its cells less how many are right, over all cells.
    """
    bins = np.minimum((best * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=best - right, minlength=_BINS) / best.size
    return tuple(gaps.tolist())


def error_by_chance(best: NDArray[np.floating], *, seed: int) -> float:
    """Return the calibration error expected of chance alone if each probability were right.

    Args:
        best: ``(cells,)`` probability of the answer.
        seed: of the lots that are drawn.
    """
    rng = np.random.default_rng(seed)
    lots = [calibration_error(best, rng.random(best.size) < best) for _ in range(_LOTS)]
    return float(np.mean(lots))


def choose(answers: Answers) -> Certainty:
    """Return what laboratories that were left out say of a classifier's certainty.

    The temperature is the likeliest; the threshold leaves `UNCLASSIFIED` of the cells out.

    Args:
        answers: on left-out laboratories, every one counting alike.
    """
    seen = answers.leukocytes
    weights = _alike(seen)
    warm = [Certainty(float(one), 0.0, PRIOR_STRENGTH) for one in _TEMPERATURES]
    likeliest = min(warm, key=lambda certainty: _loss(seen, weights, certainty))
    found = with_threshold(likeliest, seen)
    return replace(found, temperature=round(found.temperature, 3))


def with_threshold(
    certainty: Certainty, answers: Answers, *, unclassified: float = UNCLASSIFIED
) -> Certainty:
    """Return a certainty whose threshold leaves a share of the leukocytes out.

    Args:
        certainty: the temperature and the prior.
        answers: on left-out laboratories, every one counting alike.
        unclassified: the share.
    """
    seen = answers.leukocytes
    best = certainty.applied(seen.probabilities).max(axis=1)
    order = np.argsort(best)
    left_out = np.cumsum(_alike(seen)[order])
    index = int(np.searchsorted(left_out, unclassified))
    return replace(certainty, unclassified_below=round(float(best[order][index]), 3))


def judge(answers: Answers, certainty: Certainty) -> Judgement:
    """Return what a certainty makes of the leukocytes among some answers."""
    seen = answers.leukocytes
    probabilities = certainty.applied(seen.probabilities)
    best, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == seen.truths
    kept = best >= certainty.unclassified_below
    return Judgement(
        five_way=Proportion.of(named_right(seen, certainty.prior_strength).tolist()),
        calibration_error=calibration_error(best, right),
        unclassified=Proportion.of((~kept).tolist()),
        right=Proportion.of(right[kept].tolist()),
    )


def judged_elsewhere(answers: Mapping[str, Answers]) -> dict[str, tuple[Certainty, Judgement]]:
    """Return what certainty the others choose for each laboratory, and what it makes of it.

    Args:
        answers: of every left-out laboratory, two at least.
    """
    chosen = {
        name: choose(Answers.joined([one for other, one in answers.items() if other != name]))
        for name in answers
    }
    return {name: (chosen[name], judge(one, chosen[name])) for name, one in answers.items()}


def _alike(answers: Answers) -> NDArray[np.float64]:
    """Return a weight for each cell, so that every set weighs the same and all add up to 1."""
    _, inverse, sizes = np.unique(answers.datasets, return_inverse=True, return_counts=True)
    return np.asarray(1 / (sizes[inverse] * sizes.size))


def named_right(answers: Answers, prior_strength: float) -> NDArray[np.bool_]:
    """Return of each cell whether the likeliest of the five classes is right, beside a prior.

    Args:
        answers: on leukocytes.
        prior_strength: see `Certainty`.
    """
    return np.asarray(_likeliest_of_five(answers, prior_strength) == answers.truths)


def confusion_beside_prior(answers: Answers, prior_strength: float) -> ConfusionMatrix:
    """Return leukocytes against the likeliest of the five classes, beside a prior.

    Args:
        answers: on cells of any class.
        prior_strength: see `Certainty`.
    """
    seen = answers.leukocytes
    named = _likeliest_of_five(seen, prior_strength)
    pairs = zip(seen.truths.tolist(), named.tolist(), strict=True)
    return ConfusionMatrix.of(
        ((CLASSES[truth], CLASSES[answer]) for truth, answer in pairs), choices=LEUKOCYTES
    ).of_the_found


def _likeliest_of_five(answers: Answers, prior_strength: float) -> NDArray[np.int64]:
    worth = Certainty(1.0, 0.0, prior_strength).applied(answers.probabilities)
    return np.asarray(FIVE[worth[:, FIVE].argmax(axis=1)])


def _loss(answers: Answers, weights: NDArray[np.float64], certainty: Certainty) -> float:
    probabilities = certainty.applied(answers.probabilities)
    true = probabilities[np.arange(answers.truths.size), answers.truths]
    return float(-(weights * np.log(np.maximum(true, _SMALLEST))).sum())
