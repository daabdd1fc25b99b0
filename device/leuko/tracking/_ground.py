"""How much ground was searched so well that a leukocyte on it would have counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leuko.tracking._positions import Position, SegmentJoin

_TILE_UM: Final = 8.0
"""Side of a tile of ground; it belongs to a view that shows its middle."""
_RADIUS_UM: Final = 6.0
"""Of a leukocyte: the border cuts those whose middle lies nearer."""


class KeptGround(NamedTuple):
    """Ground of one segment that was searched well enough, to be kept.

    Attributes:
        segment: connected stretch of the slide.
        top: first row on the segment's grid of tiles.
        left: first column.
        searched: ``(rows, columns)`` bool.
    """

    segment: int
    top: int
    left: int
    searched: NDArray[np.bool_]


@dataclass(slots=True)
class _Sheet:
    """Views of each tile of one segment.

    Attributes:
        views: ``(rows, columns)`` uint8.
        top: first row on the segment's grid.
        left: first column.
    """

    views: NDArray[np.uint8]
    top: int
    left: int

    def part(self, rows: range, columns: range) -> NDArray[np.uint8]:
        """Return the views of some tiles, to be written to, making room for them."""
        above, before = max(0, self.top - rows.start), max(0, self.left - columns.start)
        below = max(0, rows.stop - self.top - self.views.shape[0])
        behind = max(0, columns.stop - self.left - self.views.shape[1])
        if above or before or below or behind:
            self.views = np.pad(self.views, ((above, below), (before, behind)))
            self.top, self.left = self.top - above, self.left - before
        part = self.views[rows.start - self.top :, columns.start - self.left :]
        return part[: len(rows), : len(columns)]


class SearchedGround:
    """Counts the views of every tile of the slide; computes only."""

    def __init__(self, *, width_um: float, height_um: float, enough: int) -> None:
        """Begin with a slide that has not been searched.

        Args:
            width_um: width of a view.
            height_um: height of a view.
            enough: views in which a leukocyte must be seen whole before it counts.
        """
        self._size = (width_um, height_um)
        self._enough = enough
        self._sheets: dict[int, _Sheet] = {}

    @property
    def size_um(self) -> tuple[float, float]:
        """Width and height of a view."""
        return self._size

    @property
    def enough(self) -> int:
        """Views in which a leukocyte must be seen whole before it counts."""
        return self._enough

    def kept(self) -> list[KeptGround]:
        """Return what was searched well enough.

        The rest is searched again: the cells on it that wait to be seen again are forgotten, too.
        """
        return [
            KeptGround(segment, sheet.top, sheet.left, sheet.views >= self._enough)
            for segment, sheet in self._sheets.items()
        ]

    def restore(self, kept: Iterable[KeptGround]) -> None:
        """Take up what was searched before; for a slide that has not been searched since."""
        for segment, top, left, searched in kept:
            views = np.where(searched, np.uint8(self._enough), np.uint8(0))
            self._sheets[segment] = _Sheet(views, top, left)

    @property
    def fields(self) -> float:
        """How many pictures without a common part would show as much ground.

        Only ground on which a leukocyte is whole is taken, in a view as in such a picture.
        """
        tiles = sum(
            int(np.count_nonzero(sheet.views >= self._enough)) for sheet in self._sheets.values()
        )
        width, height = (max(_TILE_UM, side - 2 * _RADIUS_UM) for side in self._size)
        return tiles * _TILE_UM**2 / (width * height)

    def add(self, position: Position, *, is_settled: bool) -> None:
        """Take in a view that was searched.

        Args:
            position: its place.
            is_settled: whether no leukocyte in it waits for another view before it counts.
        """
        part = self._sheet(position.segment).part(
            _tiles(position.y_um, self._size[1]), _tiles(position.x_um, self._size[0])
        )
        views = self._enough if is_settled else 1
        np.minimum(part + np.uint8(views), self._enough, out=part, casting="unsafe")

    def join(self, join: SegmentJoin) -> None:
        """Lay the ground of a segment that is gone where it belongs."""
        gone = self._sheets.pop(join.gone, None)
        if gone is None:
            return
        rows, columns = gone.views.shape
        top = gone.top + round(join.dy_um / _TILE_UM)
        left = gone.left + round(join.dx_um / _TILE_UM)
        part = self._sheet(join.into).part(range(top, top + rows), range(left, left + columns))
        np.minimum(part + gone.views, self._enough, out=part, casting="unsafe")

    def _sheet(self, segment: int) -> _Sheet:
        empty = np.zeros((0, 0), np.uint8)
        return self._sheets.setdefault(segment, _Sheet(empty, 0, 0))


def _tiles(start_um: float, side_um: float) -> range:
    """Return the tiles whose middle lies on a side, but for a leukocyte's radius at its ends."""
    first = (start_um + _RADIUS_UM) / _TILE_UM - 0.5
    last = (start_um + side_um - _RADIUS_UM) / _TILE_UM - 0.5
    return range(ceil(first), max(ceil(first), floor(last) + 1))
