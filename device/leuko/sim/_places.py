"""Where things lie on a slide, in pixels of the camera's scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass


@dataclass(frozen=True, slots=True)
class Stretch:
    """A connected rectangle of a slide, in the slide's pixels.

    Attributes:
        x_px: left edge.
        y_px: upper edge.
        width_px: columns.
        height_px: rows.
    """

    x_px: int
    y_px: int
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class SlideCell:
    """A cell that truly lies on a slide, in the slide's pixels.

    Attributes:
        x_px: middle of the box around it.
        y_px: middle of the box around it.
        width_px: columns of the box.
        height_px: rows of the box.
        cell_class: what it is; None if nobody said.
    """

    x_px: float
    y_px: float
    width_px: float
    height_px: float
    cell_class: CellClass | None


class CellBoxes:
    """The boxes around cells, for asking which of thousands a window shows."""

    def __init__(self, cells: Sequence[SlideCell]) -> None:
        """Gather the boxes.

        Args:
            cells: the cells; answers are in their order.
        """
        boxes = [(c.x_px, c.y_px, c.width_px / 2, c.height_px / 2) for c in cells]
        self._x, self._y, self._across, self._down = np.array(boxes).reshape(-1, 4).T.copy()

    def whole_in(
        self, corner: tuple[float, float], size: tuple[int, int], *, margin_px: float = 0.0
    ) -> NDArray[np.intp]:
        """Return the indices of the cells whose whole box a window shows.

        Args:
            corner: x and y of the window's upper left corner on the slide.
            size: its width and height.
            margin_px: least distance of a box from the window's border.
        """
        x, y = self._x - corner[0], self._y - corner[1]
        across, down = self._across + margin_px, self._down + margin_px
        beside = (across <= x) & (x <= size[0] - across)
        return np.flatnonzero(beside & (down <= y) & (y <= size[1] - down))
