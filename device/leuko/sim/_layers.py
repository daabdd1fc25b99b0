"""Laying drawn cells into a view at the view's own scale."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.sim._cytoplasm import Drawing
from leuko.sim._film import View
from leuko.sim._spec import TrueCell
from leuko.sim._stain import Dyes, Plane
from leuko.sim._texture import PLATE_UM_PER_PX


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """The part of a view that a drawing reaches, and how its pixels map there."""

    rows: slice
    columns: slice
    matrix: NDArray[np.float64]

    def resampled(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        size = (self.columns.stop - self.columns.start, self.rows.stop - self.rows.start)
        return cv2.warpAffine(plane, self.matrix, size, flags=cv2.INTER_LINEAR).astype(np.float32)


def lay(dyes: Dyes, drawing: Drawing, cell: TrueCell, view: View) -> None:
    """Add a drawing to a view in place; its body pushes aside what lies there.

    Args:
        dyes: ``(height, width, 4)`` float32, the view's dye planes.
        drawing: what to lay.
        cell: where it lies.
        view: what the planes show.
    """
    window = _window(drawing, cell, view)
    if window is None:
        return
    part = dyes[window.rows, window.columns]
    part *= 1 - window.resampled(_prepared(drawing.body, view))[..., np.newaxis]
    part += window.resampled(_prepared(drawing.dyes, view))


def label(
    labels: NDArray[np.int32], drawing: Drawing, cell: TrueCell, view: View, *, number: int
) -> None:
    """Write a cell's number on its pixels, in place.

    Args:
        labels: ``(height, width)`` int32.
        drawing: the cell.
        cell: where it lies.
        view: what the labels cover.
        number: what to write.
    """
    window = _window(drawing, cell, view)
    if window is not None:
        inside = window.resampled(_prepared(drawing.body, view)) > 0.5
        labels[window.rows, window.columns][inside] = number


def _window(drawing: Drawing, cell: TrueCell, view: View) -> _Window | None:
    size = drawing.body.shape[0]
    zoom = PLATE_UM_PER_PX / view.um_per_px
    half = size / 2 * zoom
    column = (cell.x_um - view.x_um) / view.um_per_px - 0.5
    row = (cell.y_um - view.y_um) / view.um_per_px - 0.5
    left, top = max(0, int(np.floor(column - half))), max(0, int(np.floor(row - half)))
    right = min(view.width_px, int(np.ceil(column + half)) + 1)
    bottom = min(view.height_px, int(np.ceil(row + half)) + 1)
    if right <= left or bottom <= top:
        return None
    middle = (size - 1) / 2 * zoom
    matrix = np.array([[zoom, 0, column - middle - left], [0, zoom, row - middle - top]])
    return _Window(slice(top, bottom), slice(left, right), matrix)


def _prepared(plane: Plane, view: View) -> NDArray[np.float32]:
    """The plane blurred as far as the view's pixels are coarser than the plate's."""
    coarser = (view.um_per_px / PLATE_UM_PER_PX) ** 2 - 1
    if coarser <= 0:
        return plane
    return cv2.GaussianBlur(plane, (0, 0), 0.4 * np.sqrt(coarser)).astype(np.float32)
