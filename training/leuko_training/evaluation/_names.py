"""How well leukocytes are named: the one cell that each image is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import dist

import numpy as np
from numpy.typing import NDArray

from leuko.cells import LEUKOCYTES, Cell, CellClass
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.evaluation._findings import Finding, true_regions
from leuko_training.metrics import ConfusionMatrix, Proportion

REACH_UM = 10.0
"""How far the found cell's middle may be from where the labelled one is: a monocyte's radius."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of the labelled cell of one image.

    Attributes:
        item: the image.
        truth: its label.
        cell: the cell that counts; None when it was not found.
    """

    item: LabelledImage
    truth: CellClass
    cell: Cell | None

    @property
    def leukocyte_class(self) -> CellClass | None:
        """The likeliest of the five leukocyte classes; None when the cell was not found."""
        return likeliest_leukocyte(self.cell) if self.cell else None

    @property
    def cell_class(self) -> CellClass | None:
        """The likeliest of all eight classes; None when the cell was not found."""
        return self.cell.cell_class if self.cell else None


@dataclass(frozen=True, slots=True)
class NameResult:
    """How well the cells of one set are named.

    Attributes:
        dataset: name of the set.
        answers: one per labelled image, those outside the differential included.
        unclassified_below: the bundle's probability below which a cell is unclassified.
    """

    dataset: str
    answers: tuple[Answer, ...]
    unclassified_below: float

    @property
    def leukocytes(self) -> tuple[Answer, ...]:
        """The answers on cells of the five classes."""
        return tuple(answer for answer in self.answers if answer.truth.is_counted)

    @property
    def others(self) -> tuple[Answer, ...]:
        """The answers on cells outside the differential."""
        return tuple(answer for answer in self.answers if not answer.truth.is_counted)

    @property
    def five_way(self) -> ConfusionMatrix:
        """Leukocytes against the likeliest of the five classes."""
        pairs = ((answer.truth, answer.leukocyte_class) for answer in self.leukocytes)
        return ConfusionMatrix.of(pairs, choices=LEUKOCYTES)

    @property
    def eight_way(self) -> ConfusionMatrix:
        """All cells against the likeliest of the eight classes."""
        pairs = ((answer.truth, answer.cell_class) for answer in self.answers)
        return ConfusionMatrix.of(pairs, choices=list(CellClass))

    @property
    def accuracy(self) -> Proportion:
        """Leukocytes whose likeliest class of the five is right; one not found is wrong."""
        return self.five_way.accuracy

    @property
    def found(self) -> Proportion:
        """Leukocytes that were found."""
        return Proportion.of(answer.cell is not None for answer in self.leukocytes)

    @property
    def accuracy_of_eight(self) -> Proportion:
        """Leukocytes whose likeliest class of all eight is right; one not found is wrong."""
        return Proportion.of(answer.cell_class is answer.truth for answer in self.leukocytes)

    @property
    def unclassified(self) -> Proportion:
        """Leukocytes found whose likeliest class is not probable enough."""
        found = [answer.cell for answer in self.leukocytes if answer.cell]
        return Proportion.of(cell.probability < self.unclassified_below for cell in found)

    @property
    def accuracy_of_classified(self) -> Proportion:
        """Leukocytes rightly named, of all eight classes, among those that are classified."""
        named = [
            answer
            for answer in self.leukocytes
            if answer.cell and answer.cell.probability >= self.unclassified_below
        ]
        return Proportion.of(answer.cell_class is answer.truth for answer in named)

    @property
    def sureness(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Of each leukocyte found, how probable its likeliest class is, and whether it is right.

        Both ``(cells,)``; of all eight classes.
        """
        found = [(answer.cell, answer.truth) for answer in self.leukocytes if answer.cell]
        best = np.array([cell.probability for cell, _ in found], np.float64)
        is_right = np.array([cell.cell_class is truth for cell, truth in found], np.bool_)
        return best, is_right

    def worst(self, count: int) -> tuple[Answer, ...]:
        """Return leukocytes wrongly named, the surest mistake first, and those not found."""
        wrong = [a for a in self.leukocytes if a.leukocyte_class is not a.truth]
        wrong.sort(key=lambda a: probability_of(a.truth, a.cell))
        return tuple(wrong[:count])


def probability_of(name: CellClass, cell: Cell | None) -> float:
    """Return the probability of one of the eight classes, 0 when the cell was not found."""
    return cell.probabilities[tuple(CellClass).index(name)] if cell else 0.0


def likeliest_leukocyte(cell: Cell) -> CellClass:
    """Return the likeliest of the five leukocyte classes."""
    return max(LEUKOCYTES, key=lambda name: probability_of(name, cell))


def name_cells(
    dataset: str, findings: Iterable[Finding], *, unclassified_below: float
) -> NameResult | None:
    """Return what was said of every image with one labelled cell; None when none has a label."""
    answers = tuple(
        Answer(finding.item, finding.item.label, cell_that_counts(finding))
        for finding in findings
        if finding.item.label
    )
    return NameResult(dataset, answers, unclassified_below) if answers else None


def cell_that_counts(finding: Finding) -> Cell | None:
    """Return the cell nearest to where the labelled one is, None when none is within reach.

    It is in the middle of its annotated box, else of the largest part of its mask, else of the
    image: such sets are crops around a cell.
    """
    row, column = _labelled_place(finding)
    distances = [dist(cell.region.box.centre, (row, column)) for cell in finding.cells]
    if not distances or min(distances) * finding.item.um_per_px > REACH_UM:
        return None
    return finding.cells[int(np.argmin(distances))]


def _labelled_place(finding: Finding) -> tuple[float, float]:
    item = finding.item
    if item.box:
        x, y, width, height = item.box
        return y + height / 2, x + width / 2
    regions = true_regions(load_mask(item), um_per_px=item.um_per_px) if item.mask else ()
    if regions:
        return max(regions, key=lambda region: region.area_um2).box.centre
    return finding.shape[0] / 2, finding.shape[1] / 2
