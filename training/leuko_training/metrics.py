"""How good an outline or a name is, as numbers: arrays and values in, numbers out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass, Mask
from leuko.counting import Interval, exact_interval

NOT_FOUND = "not found"
"""Answer for a leukocyte that the segmenter did not find."""

_RESAMPLES = 2000
_SEED = 0


@dataclass(frozen=True, slots=True)
class SegmentationScore:
    """How well a predicted mask fits the true one, by the six measures of LeukocyteMask.

    Fan et al., J. Biophotonics 12 (2019) e201800488, equations 6 to 11, with F the leukocyte's
    pixels and B all others, g the ground truth and p the prediction. All are shares, 0 to 1.

    Attributes:
        precision: ``|Fg ∩ Fp| / |Fp|`` (6).
        dice: ``2 |Fg ∩ Fp| / (|Fg| + |Fp|)`` (7).
        miou: mean of ``|Fg ∩ Fp| / |Fg ∪ Fp|`` and ``|Bg ∩ Bp| / |Bg ∪ Bp|`` (8).
        fpr: ``|Bg ∩ Fp| / |Bg|`` (9).
        fnr: ``|Fg ∩ Bp| / |Fg|`` (10).
        me: ``1 - (|Bg ∩ Bp| + |Fg ∩ Fp|) / (|Fg| + |Bg|)`` (11).
    """

    precision: float
    dice: float
    miou: float
    fpr: float
    fnr: float
    me: float


MEASURES = ("dice", "precision", "miou", "fpr", "fnr", "me")
"""Fields of `SegmentationScore` in the order they are reported."""


def score_masks(truth: Mask, prediction: Mask) -> SegmentationScore:
    """Return the six measures of one image.

    The equations leave empty sets open. Here two empty masks agree wholly (precision, Dice and
    IoU 1), a prediction that is empty where there is a leukocyte has precision 0, so that
    finding nothing earns nothing, and a rate over no pixels is 0.

    Args:
        truth: ``(height, width)`` bool.
        prediction: ``(height, width)`` bool.

    Raises:
        ValueError: the masks differ in size.
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"masks of {truth.shape} and {prediction.shape} cannot be compared")
    both = int(np.count_nonzero(truth & prediction))
    missed = int(np.count_nonzero(truth)) - both
    added = int(np.count_nonzero(prediction)) - both
    neither = truth.size - both - missed - added
    nothing_wrong = float(missed == 0)
    leukocyte_iou = _share(both, both + missed + added, of_nothing=1.0)
    background_iou = _share(neither, neither + missed + added, of_nothing=1.0)
    return SegmentationScore(
        precision=_share(both, both + added, of_nothing=nothing_wrong),
        dice=_share(2 * both, 2 * both + missed + added, of_nothing=1.0),
        miou=(leukocyte_iou + background_iou) / 2,
        fpr=_share(added, neither + added, of_nothing=0.0),
        fnr=_share(missed, both + missed, of_nothing=0.0),
        me=_share(missed + added, truth.size, of_nothing=0.0),
    )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over images, with its 95 % interval.

    Attributes:
        mean: the mean.
        low: lower end of the interval.
        high: upper end of the interval.
        n: number of images.
    """

    mean: float
    low: float
    high: float
    n: int


def mean_with_interval(values: Sequence[float]) -> Estimate:
    """Return the mean and its 95 % interval by the percentile bootstrap over images.

    Dice and its kin pile up near 1 with a tail of failures, where an interval from Student's t
    would reach beyond 1; 2,000 seeded resamples (Efron, Ann. Statist. 7:1, 1979) do not. Images
    are drawn one by one, so what images of one slide have in common is not in the interval.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("there is no mean of no images")
    sample = np.asarray(values, np.float64)
    drawn = np.random.default_rng(_SEED).integers(0, sample.size, (_RESAMPLES, sample.size))
    low, high = np.percentile(sample[drawn].mean(axis=1), (2.5, 97.5))
    return Estimate(float(sample.mean()), float(low), float(high), sample.size)


@dataclass(frozen=True, slots=True)
class Proportion:
    """So many of so many.

    Attributes:
        hits: how many have the property.
        n: how many were looked at.
    """

    hits: int
    n: int

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> "Proportion":
        """Return the proportion of true outcomes."""
        seen = list(outcomes)
        return cls(sum(seen), len(seen))

    @property
    def percent(self) -> float | None:
        """Share in percent; None of nothing."""
        return 100 * self.hits / self.n if self.n else None

    @property
    def interval95(self) -> Interval:
        """Exact binomial 95 % interval in percent (Clopper and Pearson)."""
        return exact_interval(self.hits, self.n)


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """How often each true class got each answer.

    Attributes:
        truths: true classes, one per row.
        answers: class names and `NOT_FOUND`, one per column.
        counts: ``(truths, answers)`` int.
    """

    truths: tuple[CellClass, ...]
    answers: tuple[str, ...]
    counts: NDArray[np.int64]

    @classmethod
    def of(
        cls, pairs: Iterable[tuple[CellClass, CellClass | None]], *, choices: Sequence[CellClass]
    ) -> "ConfusionMatrix":
        """Return the matrix of pairs of truth and answer.

        Args:
            pairs: truth and answer of each cell; None was not found.
            choices: the classes that could be answered.
        """
        known = list(pairs)
        truths = tuple(name for name in CellClass if any(name is truth for truth, _ in known))
        answers = (*(str(name) for name in choices), NOT_FOUND)
        counts = np.zeros((len(truths), len(answers)), np.int64)
        for truth, answer in known:
            counts[truths.index(truth), answers.index(answer or NOT_FOUND)] += 1
        return cls(truths, answers, counts)

    def recall(self, name: CellClass) -> Proportion:
        """Return how many cells of a class were named right, of all there are."""
        row = self.counts[self.truths.index(name)]
        hits = row[self.answers.index(name)] if name in self.answers else 0
        return Proportion(int(hits), int(row.sum()))

    def precision(self, name: CellClass) -> Proportion:
        """Return how many cells of a class were named right, of all that were named so."""
        column = self.counts[:, self.answers.index(name)]
        hits = column[self.truths.index(name)] if name in self.truths else 0
        return Proportion(int(hits), int(column.sum()))

    @property
    def of_the_found(self) -> "ConfusionMatrix":
        """The same without the column of cells that were not found."""
        return ConfusionMatrix(self.truths, self.answers[:-1], self.counts[:, :-1])

    @property
    def table(self) -> dict[str, dict[str, int]]:
        """How often by truth and answer, as values that JSON knows."""
        rows = zip(self.truths, self.counts.tolist(), strict=True)
        return {name: dict(zip(self.answers, row, strict=True)) for name, row in rows}

    @property
    def accuracy(self) -> Proportion:
        """How many cells were named right, of all."""
        rows = [self.recall(name) for name in self.truths]
        return Proportion(sum(row.hits for row in rows), sum(row.n for row in rows))


def _share(part: int, whole: int, *, of_nothing: float) -> float:
    return part / whole if whole else of_nothing
