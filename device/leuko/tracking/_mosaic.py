"""A small picture of the stretch of slide that has been seen."""

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko.tracking._overview import Overview
from leuko.tracking._positions import Position, SegmentJoin
from leuko.tracking._thumbnails import COLUMNS

_LARGEST_PX = 512
_KEPT = 8
"""Segments whose picture is kept, at most 0.8 MB each."""


@dataclass(slots=True, eq=False)
class _Canvas:
    """What was seen of one segment, on a grid of pixels with one at the segment's origin.

    Attributes:
        pixels: ``(height, width, 3)`` uint8, RGB.
        left: first column on that grid.
        top: first row on that grid.
        um_per_px: scale.
    """

    pixels: RGBImage
    left: int
    top: int
    um_per_px: float

    def grid(self, x_um: float, y_um: float) -> tuple[int, int]:
        """Return column and row on the grid."""
        return round(x_um / self.um_per_px), round(y_um / self.um_per_px)

    def lay(self, patch: RGBImage, left: int, top: int) -> None:
        """Draw a patch at a place of the grid, making room for it; its bare parts cover nothing."""
        height, width = patch.shape[:2]
        self._make_room(left, top, left + width, top + height)
        target = self.pixels[top - self.top :, left - self.left :][:height, :width]
        seen = (patch != Overview.BARE).any(axis=2, keepdims=True)
        np.copyto(target, patch, where=seen)

    def fits(self, left: int, top: int, right: int, bottom: int) -> bool:
        """Return whether the canvas could hold that as well."""
        left, top, right, bottom = self._with(left, top, right, bottom)
        return max(right - left, bottom - top) <= _LARGEST_PX

    def shrink(self) -> None:
        """Halve the scale."""
        height, width = self.pixels.shape[:2]
        self._make_room(
            self.left - self.left % 2,
            self.top - self.top % 2,
            self.left + width + (self.left + width) % 2,
            self.top + height + (self.top + height) % 2,
        )
        self.pixels = np.ascontiguousarray(_shrunk(self.pixels, 2))
        self.left, self.top, self.um_per_px = self.left // 2, self.top // 2, 2 * self.um_per_px

    def _make_room(self, left: int, top: int, right: int, bottom: int) -> None:
        left, top, right, bottom = self._with(left, top, right, bottom)
        height, width = self.pixels.shape[:2]
        if (bottom - top, right - left) == (height, width):
            return
        larger = np.full((bottom - top, right - left, 3), Overview.BARE, np.uint8)
        larger[self.top - top :, self.left - left :][:height, :width] = self.pixels
        self.pixels, self.left, self.top = larger, left, top

    def _with(self, left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
        height, width = self.pixels.shape[:2]
        return (
            min(left, self.left),
            min(top, self.top),
            max(right, self.left + width),
            max(bottom, self.top + height),
        )


class Mosaic:
    """Pictures of the segments seen last, at most 512 pixels a side."""

    def __init__(self, *, width_um: float, height_um: float) -> None:
        """Begin with an empty slide.

        Args:
            width_um: width of a frame.
            height_um: height of a frame.
        """
        self._size = (width_um, height_um)
        self._canvases: OrderedDict[int, _Canvas] = OrderedDict()

    def add(self, small: RGBImage, position: Position) -> None:
        """Paste a frame.

        Args:
            small: its thumbnail; not kept.
            position: its place.
        """
        canvas = self._canvas(position)
        while not canvas.fits(*self._outline(canvas, position)):
            canvas.shrink()
        left, top, right, bottom = self._outline(canvas, position)
        patch = cv2.resize(small, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        canvas.lay(patch.astype(np.uint8, copy=False), left, top)

    def join(self, join: SegmentJoin) -> None:
        """Paste what was seen of a segment that is gone onto the one it is part of."""
        gone = self._canvases.pop(join.gone, None)
        if gone is None:
            return
        into = self._canvases.get(join.into)
        if into is None:
            into = _Canvas(gone.pixels[:0, :0], *gone.grid(0, 0), gone.um_per_px)
            into.left, into.top = _moved(gone, join)
            self._canvases[join.into] = into
        _same_scale(gone, into)
        while not into.fits(*_extent(gone, join)):
            gone.shrink()
            into.shrink()
        into.lay(gone.pixels, *_moved(gone, join))

    def overview(self, position: Position | None) -> Overview | None:
        """Return a picture of a segment; it costs a copy.

        Args:
            position: of the view; None gives the segment seen last.

        Returns:
            None where nothing was seen yet; all grey where no keyframe has a picture.
        """
        segment = position.segment if position else next(reversed(self._canvases), 0)
        canvas = self._canvases.get(segment)
        if canvas is None and position:
            canvas = self._begun(position, np.full((1, 1, 3), Overview.BARE, np.uint8))
        if canvas is None:
            return None
        return Overview(
            picture=canvas.pixels.copy(),
            segment=segment,
            left_um=canvas.left * canvas.um_per_px,
            top_um=canvas.top * canvas.um_per_px,
            um_per_px=canvas.um_per_px,
            view=position,
            view_um=self._size,
        )

    def _canvas(self, position: Position) -> _Canvas:
        segment = position.segment
        if segment not in self._canvases:
            self._canvases[segment] = self._begun(position, np.zeros((0, 0, 3), np.uint8))
            if len(self._canvases) > _KEPT:
                self._canvases.popitem(last=False)
        self._canvases.move_to_end(segment)
        return self._canvases[segment]

    def _begun(self, position: Position, pixels: RGBImage) -> _Canvas:
        canvas = _Canvas(pixels, 0, 0, self._size[0] / COLUMNS)
        canvas.left, canvas.top = canvas.grid(position.x_um, position.y_um)
        return canvas

    def _outline(self, canvas: _Canvas, position: Position) -> tuple[int, int, int, int]:
        left, top = canvas.grid(position.x_um, position.y_um)
        width, height = (max(1, round(side / canvas.um_per_px)) for side in self._size)
        return left, top, left + width, top + height


def _shrunk(pixels: RGBImage, times: int) -> RGBImage:
    size = (pixels.shape[1] // times, pixels.shape[0] // times)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _same_scale(a: _Canvas, b: _Canvas) -> None:
    while a.um_per_px < b.um_per_px:
        a.shrink()
    while b.um_per_px < a.um_per_px:
        b.shrink()


def _moved(gone: _Canvas, join: SegmentJoin) -> tuple[int, int]:
    right, down = gone.grid(join.dx_um, join.dy_um)
    return gone.left + right, gone.top + down


def _extent(gone: _Canvas, join: SegmentJoin) -> tuple[int, int, int, int]:
    left, top = _moved(gone, join)
    height, width = gone.pixels.shape[:2]
    return left, top, left + width, top + height
