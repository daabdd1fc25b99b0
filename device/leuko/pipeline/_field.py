"""A field as every step sees it: its pixels, its scale and the colour of its background."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.errors import ImageError
from leuko.vision.preprocess import (
    Window,
    coarse_view,
    cut_balanced_window,
    white_balance,
    window_around,
)

LARGEST_COARSE_AREA = 12_500_000
"""Pixels of a field's coarse view: 50 megapixels of 0.25 µm; some 250 MB are needed for it."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field with what every later step needs to know of it.

    Attributes:
        rgb: ``(height, width, 3)`` uint8, RGB, as the camera gave it.
        um_per_px: its scale.
        background: ``(3,)`` float64, RGB level of clear ground.
    """

    rgb: RGBImage
    um_per_px: float
    background: NDArray[np.float64]

    def window(self, row: float, column: float, *, um_per_px: float, size: int) -> Window:
        """Return the square of that many pixels of a scale around a pixel of the field."""
        return window_around(
            row, column, um_per_px=self.um_per_px, to_um_per_px=um_per_px, size=size
        )

    def cut(self, window: Window) -> RGBImage:
        """Return what a window shows, white balanced."""
        return cut_balanced_window(self.rgb, window, self.background)


def seen_coarsely(
    rgb: RGBImage, *, um_per_px: float, coarse_um_per_px: float
) -> tuple[Field, RGBImage]:
    """Return a field, and its white-balanced coarse view.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB; left as it is.
        um_per_px: its scale.
        coarse_um_per_px: scale of the view.

    Raises:
        ImageError: the field covers more of a smear than there is memory for.
    """
    _check_extent(rgb.shape, um_per_px, coarse_um_per_px)
    coarse, background = coarse_view(rgb, um_per_px=um_per_px, to_um_per_px=coarse_um_per_px)
    return Field(rgb, um_per_px, background), white_balance(coarse, background)


def _check_extent(shape: tuple[int, ...], um_per_px: float, coarse_um_per_px: float) -> None:
    area_um2 = shape[0] * shape[1] * um_per_px**2
    largest_um2 = LARGEST_COARSE_AREA * coarse_um_per_px**2
    if area_um2 > largest_um2:
        msg = (
            f"a field of {shape[1]} x {shape[0]} pixels of {um_per_px:g} µm covers "
            f"{area_um2 / 1e6:.1f} mm², more than the {largest_um2 / 1e6:.1f} that fit into "
            "memory; cut it into smaller fields or check the scale"
        )
        raise ImageError(msg)
