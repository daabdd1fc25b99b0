"""The count beside the truth that only a simulated slide knows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from leuko.cells import CellClass, CellStatus
from leuko.counting import DifferentialCount, Entry
from leuko.demo._slide import SlideView
from leuko.demo._tally import Sighting, SlideTally
from leuko.sim import TrueCell


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was counted and what was there.

    Attributes:
        counted: the differential as counted.
        true: the differential of the same views' cells.
        views: how many views were looked at.
        matches: each region that was met, with the true cell it lies on, if any.
        missed: nucleated cells that no region lies on.
    """

    counted: DifferentialCount
    true: DifferentialCount
    views: int
    matches: tuple[tuple[Sighting, TrueCell | None], ...]
    missed: tuple[TrueCell, ...]

    @property
    def found(self) -> int:
        """Nucleated cells that a region lies on."""
        return sum(cell is not None for _, cell in self.matches)

    @property
    def named_right(self) -> int:
        """Cells found whose class is right; never an unclassified one."""
        return sum(
            cell is not None
            and one.cell.cell_class is cell.cell_class
            and one.cell.status is not CellStatus.UNCLASSIFIED
            for one, cell in self.matches
        )

    @property
    def unclassified(self) -> int:
        """Cells found that the model would not name."""
        return sum(
            cell is not None and one.cell.status is CellStatus.UNCLASSIFIED
            for one, cell in self.matches
        )

    @property
    def false_regions(self) -> int:
        """Regions that are no leukocyte, those seen through included."""
        return len(self.matches) - self.found

    @property
    def seen_through(self) -> int:
        """False regions that were named artefacts, and so stay out of the differential."""
        return sum(
            cell is None
            and one.cell.status is CellStatus.EXCLUDED
            and one.cell.cell_class is CellClass.PLATELET_OR_ARTEFACT
            for one, cell in self.matches
        )

    @property
    def miscounted(self) -> int:
        """False regions that went into the differential as one of the five classes."""
        return sum(
            cell is None and one.cell.status is CellStatus.COUNTED for one, cell in self.matches
        )


def compare(
    tally: SlideTally, cells: Sequence[TrueCell], *, views: Sequence[SlideView]
) -> Comparison:
    """Return the count beside the true differential.

    Args:
        tally: what was met.
        cells: the nucleated cells that lie on the slide.
        views: the views that were looked at.
    """
    sightings = [*tally.sightings, *tally.passed_over]
    owners = _owners(sightings, cells)
    met = owners[: len(tally.sightings)]
    passed_over = set(owners[len(tally.sightings) :])
    shown = {
        index
        for index, cell in enumerate(cells)
        if index not in passed_over and any(view.shows_whole(cell) for view in views)
    }
    shown |= {index for index in met if index is not None}
    return Comparison(
        counted=tally.count,
        true=_differential(cells[index] for index in shown),
        views=len(views),
        matches=tuple(
            (sighting, None if index is None else cells[index])
            for sighting, index in zip(tally.sightings, met, strict=True)
        ),
        missed=tuple(cells[index] for index in sorted(shown.difference(met))),
    )


def _owners(sightings: Iterable[Sighting], cells: Sequence[TrueCell]) -> list[int | None]:
    x_um = np.array([cell.x_um for cell in cells])
    y_um = np.array([cell.y_um for cell in cells])
    # A cell that was outlined in two parts is found once; the other part is a false region.
    reach_um = np.array([cell.diameter_um / 2 for cell in cells])
    owners: list[int | None] = []
    for sighting in sightings:
        distance = np.hypot(x_um - sighting.x_um, y_um - sighting.y_um)
        distance[distance >= reach_um] = np.inf
        nearest = int(np.argmin(distance))
        is_on_it = bool(np.isfinite(distance[nearest]))
        owners.append(nearest if is_on_it else None)
        if is_on_it:
            reach_um[nearest] = 0
    return owners


def _differential(cells: Iterable[TrueCell]) -> DifferentialCount:
    return DifferentialCount.from_entries(
        Entry(
            cell.cell_class,
            CellStatus.COUNTED if cell.cell_class.is_counted else CellStatus.EXCLUDED,
        )
        for cell in cells
    )
