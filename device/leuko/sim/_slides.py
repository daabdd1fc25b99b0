"""Slides that a camera looks at through a window: what they share, and the rendered smear."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from leuko.cells import RGBImage
from leuko.sim._places import SlideCell, Stretch
from leuko.sim._spec import SmearSpec, TrueCell, laboratory
from leuko.sim._stock import Stock
from leuko.sim.smear import SimulatedSmear

_LEUKOCYTES_PER_UM2 = 0.0003
"""A leukocytosis: three or four cells a view of 128 x 96 µm."""

_EDGE_UM = 6.0
"""By how much a view may pass the smear's edge, lest it cut a cell."""
_BOX_PER_DIAMETER = 1.12
"""Side of the square that holds a drawn cell, to its diameter of equal area."""

_TILE_PX = 512
"""Smaller tiles take longer by the pixel: 0.53 µs at 256, 0.26 µs at 512."""
_BORDER_PX = 24
"""The point spread mirrors a picture at its border: so much is drawn and cut off again."""
_KEPT_TILES = 128
"""Tiles kept in memory, 100 MB: the views of about ten strokes."""


class Slide(Protocol):
    """A large picture seen through a window; pixels are those of the camera's scale."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The connected parts that the stage can reach; between them it jumps."""

    @property
    def cells(self) -> tuple[SlideCell, ...]:
        """Every nucleated cell that truly lies on it, as far as it is known."""

    def view(self, x_px: int, y_px: int, *, width: int, height: int) -> RGBImage:
        """Return what lies in a window; its middle must lie in a stretch.

        Args:
            x_px: left edge of the window on the slide.
            y_px: upper edge of the window on the slide.
            width: columns.
            height: rows.

        Returns:
            ``(height, width, 3)`` uint8, RGB; not to be written to.

        Raises:
            CameraError: what lies there cannot be read.
        """

    def prepare(self, x_px: int, y_px: int, *, width: int, height: int) -> None:
        """Begin with the work that a later view of this window takes; do not wait for it."""

    def close(self) -> None:
        """Begin no more work; later views raise."""


class SmearSlide:
    """The rendered smear, drawn by tiles as they come into view."""

    def __init__(self, seed: int, *, leukocytes: int, um_per_px: float) -> None:
        """Settle the cells; nothing is drawn before it is looked at.

        Args:
            seed: decides laboratory and every cell.
            leukocytes: nucleated cells on it; its size follows.
            um_per_px: scale of its pixels.
        """
        self.name = f"rendered smear {seed}"
        self._um_per_px = um_per_px
        self._smear = _even_smear(seed, leukocytes)
        self._tiles = Stock(self._drawn, kept=_KEPT_TILES)
        spec = self._smear.spec
        edge = math.ceil(_EDGE_UM / um_per_px)
        size = (spec.width_um, spec.height_um)
        width, height = (math.ceil(side / um_per_px) + 2 * edge for side in size)
        self.stretches = (Stretch(-edge, -edge, width, height),)
        self.cells = tuple(self._in_px(cell) for cell in self._smear.cells)

    def view(self, x_px: int, y_px: int, *, width: int, height: int) -> RGBImage:
        """Return what lies in a window; beyond the smear's edge there are red cells only."""
        picture = np.empty((height, width, 3), np.uint8)
        for column, row in _tiles_under(x_px, y_px, width=width, height=height):
            x, y = column * _TILE_PX - x_px, row * _TILE_PX - y_px
            left, top = max(x, 0), max(y, 0)
            right, bottom = min(x + _TILE_PX, width), min(y + _TILE_PX, height)
            tile = self._tiles.get((column, row))
            picture[top:bottom, left:right] = tile[top - y : bottom - y, left - x : right - x]
        return picture

    def prepare(self, x_px: int, y_px: int, *, width: int, height: int) -> None:
        """Begin to draw the tiles that a later view of this window needs."""
        self._tiles.order(_tiles_under(x_px, y_px, width=width, height=height))

    def close(self) -> None:
        """Draw no more."""
        self._tiles.close()

    def _drawn(self, place: tuple[int, int]) -> RGBImage:
        column, row = place
        side = _TILE_PX + 2 * _BORDER_PX
        tile = self._smear.render(
            (column * _TILE_PX - _BORDER_PX) * self._um_per_px,
            (row * _TILE_PX - _BORDER_PX) * self._um_per_px,
            width_px=side,
            height_px=side,
            um_per_px=self._um_per_px,
        )
        return tile[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX].copy()

    def _in_px(self, cell: TrueCell) -> SlideCell:
        side = _BOX_PER_DIAMETER * cell.diameter_um / self._um_per_px
        x, y = cell.x_um / self._um_per_px, cell.y_um / self._um_per_px
        return SlideCell(x, y, side, side, cell.cell_class)


def _even_smear(seed: int, leukocytes: int) -> SimulatedSmear:
    """A smear without what belongs to the camera, which does not move with the slide."""
    stain, optics = laboratory(seed)
    area_um2 = leukocytes / _LEUKOCYTES_PER_UM2
    return SimulatedSmear(
        SmearSpec(
            seed=seed,
            width_um=math.sqrt(area_um2 * 4 / 3),
            height_um=math.sqrt(area_um2 * 3 / 4),
            leukocytes=leukocytes,
            stain=stain,
            optics=replace(optics, vignetting=0, colour_shading=0, electrons=0, jpeg_quality=0),
        )
    )


def _tiles_under(x_px: int, y_px: int, *, width: int, height: int) -> Iterator[tuple[int, int]]:
    for row in range(y_px // _TILE_PX, (y_px + height - 1) // _TILE_PX + 1):
        for column in range(x_px // _TILE_PX, (x_px + width - 1) // _TILE_PX + 1):
            yield column, row
