"""Pictures of single cells, to be kept and shown."""

import numpy as np
from numpy.typing import NDArray

from leuko.cells import Cell, RGBImage
from leuko.vision.preprocess import background_colour, cut_balanced_window, window_around

PICTURE_PX = 96
"""Side of a picture."""
PICTURE_UM_PER_PX = 0.2
"""Its scale."""


class CellPictures:
    """Cuts cells from one frame; its background is judged when the first is asked for."""

    def __init__(self, rgb: RGBImage, um_per_px: float) -> None:
        """Take the frame.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB, not yet balanced.
            um_per_px: its scale.
        """
        self._rgb = rgb
        self._um_per_px = um_per_px
        self._background: NDArray[np.float64] | None = None

    def of(self, cell: Cell) -> RGBImage:
        """Return a cell in the middle of its surroundings, a new array."""
        if self._background is None:
            self._background = background_colour(self._rgb)
        window = window_around(
            *cell.region.box.centre,
            um_per_px=self._um_per_px,
            to_um_per_px=PICTURE_UM_PER_PX,
            size=PICTURE_PX,
        )
        return cut_balanced_window(self._rgb, window, self._background)
