"""What an analyser of fields can do, whatever runs its models, and what it tells of a cell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leuko.cells import Cell, CellStatus, RGBImage


@dataclass(frozen=True, slots=True)
class ExaminedCell:
    """What an adaptation to a laboratory learns from one cell.

    Attributes:
        probabilities: ``(classes,)`` float64, what the bundle says, in `CellClass` order.
        traits: ``(traits,)`` float64, as of `leuko.vision.traits.cell_traits`.
        area_um2: of its outline, as large as the scale that was given makes it.
    """

    probabilities: NDArray[np.float64]
    traits: NDArray[np.float64]
    area_um2: float


Wanted = Callable[[float, float], bool]
"""Whether what lies at a row and column of the field is of interest."""


def everywhere(row: float, column: float) -> bool:
    """Return that what lies there is of interest, wherever it is."""
    del row, column
    return True


class Analyser(Protocol):
    """What finds and names leukocytes: a `FieldAnalyser`, or one that can change its backend."""

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        """Return every leukocyte found; see `FieldAnalyser.analyse`."""

    @property
    def evens_laboratory(self) -> bool:
        """Whether what a laboratory's cells have in common is taken away before one is named."""

    @property
    def compares_cells(self) -> bool:
        """Whether the laboratory's own cells tell of each other, once there are enough."""

    @property
    def is_comparing(self) -> bool:
        """Whether the laboratory's own cells tell of each other by now."""

    @property
    def doubts_eosinophils(self) -> bool:
        """Whether eosinophils are taken to be few, for neutrophils look like them here."""

    @property
    def unclassified_below(self) -> float:
        """Probability of the likeliest class below which a cell is unclassified now."""

    def begin_specimen(self) -> None:
        """Go on with another specimen of the same laboratory; called before its first field.

        How common each class was among the cells learnt so far holds no longer then.
        """

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        """Get to know the laboratory by a field's cells; see `FieldAnalyser.learn`."""

    def settle_tone(self) -> None:
        """Stay with how dark the laboratory's cells are known to be, unless that is hardly known.

        Called before a run's cells are counted; fields analysed afterwards change nothing of it.
        """

    def learn_cell(self, picture: RGBImage, *, um_per_px: float) -> None:
        """Get to know the laboratory by a cell; see `FieldAnalyser.learn_cell`.

        Called once for each cell; those that are named afterwards are compared with it.
        """

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        """Return what becomes of a whole cell; see `FieldAnalyser.decide`."""
