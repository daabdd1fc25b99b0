"""How far a classifier's probabilities may be believed in a laboratory it has never seen."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leuko.certainty import tempered
from leuko.errors import OutputError, SettingsError
from leuko_training.answers import Answers
from leuko_training.metrics import Proportion

MOST_UNCLASSIFIED = 0.15
"""Share of leukocytes that may be left without a class."""

_BINS = 15
_TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(4.0), 61))
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Certainty:
    """How answers become a probability and a decision.

    Attributes:
        temperature: probabilities are raised to the power of its inverse, then add up to 1 again.
        unclassified_below: a cell whose likeliest class is less probable stays unclassified.
    """

    temperature: float
    unclassified_below: float


def read_certainty(path: Path) -> Certainty:
    """Return what `write_certainty` has written.

    Raises:
        SettingsError: the file is missing or holds something else.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Certainty(float(stored["temperature"]), float(stored["unclassified_below"]))
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
        calibration_error: expected calibration error, 0 to 1.
        unclassified: leukocytes left without a class.
        right: leukocytes named right, of eight classes, among the others.
    """

    calibration_error: float
    unclassified: Proportion
    right: Proportion


def calibration_error(best: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over 15 bins of equal width (Guo et al., 2017).

    Args:
        best: ``(cells,)`` probability of the answer.
        right: ``(cells,)`` whether it was right.
    """
    bins = np.minimum((best * _BINS).astype(int), _BINS - 1)
    gaps = [
        np.count_nonzero(bins == number)
        * abs(best[bins == number].mean() - right[bins == number].mean())
        for number in set(bins.tolist())
    ]
    return float(sum(gaps) / best.size)


def choose(answers: Answers) -> Certainty:
    """Return the likeliest temperature, and the threshold that leaves as many out as may be.

    Args:
        answers: on left-out laboratories, every one counting alike.
    """
    seen = answers.leukocytes
    weights = _alike(seen)
    losses = [_loss(seen, weights, temperature) for temperature in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    best = tempered(seen.probabilities, temperature).max(axis=1)
    order = np.argsort(best)
    left_out = np.cumsum(weights[order])
    index = int(np.searchsorted(left_out, MOST_UNCLASSIFIED))
    return Certainty(round(temperature, 3), round(float(best[order][index]), 3))


def judge(answers: Answers, certainty: Certainty) -> Judgement:
    """Return what a certainty makes of the leukocytes among some answers."""
    seen = answers.leukocytes
    probabilities = tempered(seen.probabilities, certainty.temperature)
    best, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == seen.truths
    kept = best >= certainty.unclassified_below
    return Judgement(
        calibration_error=calibration_error(best, right),
        unclassified=Proportion.of((~kept).tolist()),
        right=Proportion.of(right[kept].tolist()),
    )


def _alike(answers: Answers) -> NDArray[np.float64]:
    """Return a weight for each cell, so that every set weighs the same and all add up to 1."""
    _, inverse, sizes = np.unique(answers.datasets, return_inverse=True, return_counts=True)
    return np.asarray(1 / (sizes[inverse] * sizes.size))


def _loss(answers: Answers, weights: NDArray[np.float64], temperature: float) -> float:
    probabilities = tempered(answers.probabilities, temperature)
    true = probabilities[np.arange(answers.truths.size), answers.truths]
    return float(-(weights * np.log(np.maximum(true, _SMALLEST))).sum())
