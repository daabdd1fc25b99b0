"""Which cells lie where: squares of the slide, so that looking around a place costs the same."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import floor
from operator import itemgetter

from leuko.tracking._tracked import TrackedCell, reach_um

_SQUARE_UM = 8.0
"""Side of a square; no less than the greatest reach, so that neighbours lie in nine squares."""

_Square = tuple[int, int, int]


@dataclass(slots=True, eq=False)
class Known:
    """A cell that the ledger follows.

    Attributes:
        cell: what is known of it now.
        told: what was told of it last; None before it was counted.
    """

    cell: TrackedCell
    told: TrackedCell | None = None


class CellMap:
    """Cells by their place."""

    def __init__(self) -> None:
        """Begin empty."""
        self._squares: defaultdict[_Square, list[Known]] = defaultdict(list)

    def add(self, known: Known) -> None:
        """Lay a cell on the map; its place must not change while it lies there."""
        self._squares[_square(known.cell)].append(known)

    def discard(self, known: Known) -> None:
        """Take a cell off the map."""
        square = _square(known.cell)
        self._squares[square].remove(known)
        if not self._squares[square]:
            del self._squares[square]

    def taken_from(self, segment: int) -> list[Known]:
        """Take all cells of a segment off the map and return them."""
        squares = [square for square in self._squares if square[0] == segment]
        return [known for square in squares for known in self._squares.pop(square)]

    def around(self, segment: int, x_um: float, y_um: float) -> Iterator[Known]:
        """Return the cells whose middle may be within the greatest reach of a point."""
        column, row = floor(x_um / _SQUARE_UM), floor(y_um / _SQUARE_UM)
        for near_row in (row - 1, row, row + 1):
            for near_column in (column - 1, column, column + 1):
                yield from self._squares.get((segment, near_column, near_row), ())

    def nearest(self, segment: int, x_um: float, y_um: float) -> Known | None:
        """Return the cell that lies at a point; None if there is none."""
        distances = (
            (known.cell.distance_um(x_um, y_um), known)
            for known in self.around(segment, x_um, y_um)
        )
        near = [pair for pair in distances if pair[0] <= reach_um(pair[1].cell)]
        return min(near, key=itemgetter(0))[1] if near else None

    def matches(self, sightings: Sequence[TrackedCell]) -> list[Known | None]:
        """Return for each sighting the cell that it shows, None for one that is not known.

        Nearest first, and no cell is shown by two sightings of one frame: two cells that touch
        stay two.
        """
        pairs = sorted(self._pairs(sightings), key=itemgetter(0, 1))
        found: list[Known | None] = [None] * len(sightings)
        taken: set[Known] = set()
        for _, index, known in pairs:
            if found[index] is None and known not in taken:
                found[index] = known
                taken.add(known)
        return found

    def _pairs(self, sightings: Iterable[TrackedCell]) -> Iterator[tuple[float, int, Known]]:
        for index, sighting in enumerate(sightings):
            for known in self.around(sighting.segment, sighting.x_um, sighting.y_um):
                distance = known.cell.distance_um(sighting.x_um, sighting.y_um)
                if distance <= reach_um(known.cell, sighting):
                    yield distance, index, known


def _square(cell: TrackedCell) -> _Square:
    return cell.segment, floor(cell.x_um / _SQUARE_UM), floor(cell.y_um / _SQUARE_UM)
