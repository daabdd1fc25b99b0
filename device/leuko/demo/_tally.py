"""Which cells of a slide have been met, each once however many views show it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from leuko.cells import Cell, CellStatus
from leuko.counting import DifferentialCount
from leuko.demo._slide import UM_PER_PX, SlideView


@dataclass(frozen=True, slots=True)
class Sighting:
    """A cell, and where on the slide it was met.

    Attributes:
        view: the view that showed it whole for the first time.
        cell: what was found there.
        x_um: centre of the region, from the slide's left edge.
        y_um: centre of the region, from the slide's upper edge.
    """

    view: SlideView
    cell: Cell
    x_um: float
    y_um: float

    @property
    def radius_um(self) -> float:
        """Radius of the disc of equal area."""
        return math.sqrt(self.cell.region.area_um2 / math.pi)

    def is_same_cell(self, other: "Sighting") -> bool:
        """Whether both are one cell: even touching cells lie farther apart than the smaller radius.

        The stage's position is known, so nothing but the outline's own noise moves a centre.
        """
        distance = math.hypot(self.x_um - other.x_um, self.y_um - other.y_um)
        return distance < min(self.radius_um, other.radius_um)


class SlideTally:
    """The cells met so far, up to as many counted leukocytes as are wanted.

    Attributes:
        target: how many leukocytes to count.
        sightings: each cell met before the target was reached, in that order.
        passed_over: cells of the last view that came after it.
    """

    def __init__(self, target: int) -> None:
        """Start with nothing met."""
        self.target = target
        self.sightings: list[Sighting] = []
        self.passed_over: list[Sighting] = []

    def take(self, view: SlideView, cells: Iterable[Cell]) -> list[Sighting]:
        """Add what a view shows and return the cells that are new.

        Cells that the view's border cuts are left for the view that shows them whole.
        """
        met_before, new = len(self.sightings), [_sighting(view, cell) for cell in _whole(cells)]
        for sighting in new:
            if any(sighting.is_same_cell(other) for other in self.sightings[:met_before]):
                continue
            (self.passed_over if self.is_complete else self.sightings).append(sighting)
        return self.sightings[met_before:]

    @property
    def count(self) -> DifferentialCount:
        """The differential so far."""
        return DifferentialCount.from_cells(sighting.cell for sighting in self.sightings)

    @property
    def is_complete(self) -> bool:
        """Whether the target is reached."""
        counted = sum(one.cell.status is CellStatus.COUNTED for one in self.sightings)
        return counted >= self.target


def _whole(cells: Iterable[Cell]) -> Iterable[Cell]:
    return (cell for cell in cells if not cell.region.cut_by_border)


def _sighting(view: SlideView, cell: Cell) -> Sighting:
    box = cell.region.box
    rows, columns = np.nonzero(cell.region.mask)
    x_px, y_px = box.x + columns.mean() + 0.5, box.y + rows.mean() + 0.5
    return Sighting(
        view,
        cell,
        x_um=float(view.x_um + x_px * UM_PER_PX),
        y_um=float(view.y_um + y_px * UM_PER_PX),
    )
