"""From the pixels of a fine window to those of the field it was cut from."""

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import Box, CellRegion, Mask
from leuko.vision.preprocess import Window


def enlarged(
    probability: NDArray[np.float32], near: NDArray[np.uint8], window: Window
) -> tuple[NDArray[np.float32], int, int]:
    """Return the part of a window's map around a cell at the field's scale, and its corner.

    Only that part is enlarged: a cell fills about a third of its window.

    Args:
        probability: ``(window.size, window.size)`` float32.
        near: of the same shape, not 0 where the cell may reach.
        window: where the window lies in the field.

    Returns:
        The part, and row and column of its corner in pixels of the field from the window's own.
    """
    zoom = window.side / window.size
    x, y, width, height = cv2.boundingRect(near)
    left, top = int(x * zoom), int(y * zoom)
    size = (int(np.ceil((x + width) * zoom)) - left, int(np.ceil((y + height) * zoom)) - top)
    # Pixels are areas: the middle of pixel i lies at i + 1/2.
    shift_x, shift_y = (left + 0.5) / zoom - 0.5, (top + 0.5) / zoom - 0.5
    inverse = np.array([[1 / zoom, 0, shift_x], [0, 1 / zoom, shift_y]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    # Beyond the window the cell goes on as it ends: the edge must not look like an outline.
    large = cv2.warpAffine(probability, inverse, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(large, np.float32), top, left


def filled(mask: Mask) -> Mask:
    """Return the largest part of a mask without holes, all false for an empty one."""
    # Straight runs of an outline fill as its every pixel does, and are fewer.
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    canvas = np.zeros(mask.shape, np.uint8)
    if contours:
        cv2.drawContours(canvas, [max(contours, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return canvas.view(np.bool_)


def placed(
    large: Mask,
    corner: tuple[int, int],
    field_shape: tuple[int, int],
    *,
    edge: int,
    um_per_px: float,
) -> CellRegion | None:
    """Return a mask that lies at a corner of the field as a region, without what lies outside.

    Args:
        large: ``(height, width)`` bool, at the field's scale.
        corner: row and column of its upper left pixel; may lie outside the field.
        field_shape: height and width of the field.
        edge: distance in pixels from the field's border at which a cell counts as cut.
        um_per_px: scale of the field.
    """
    height, width = field_shape
    top, left = max(0, -corner[0]), max(0, -corner[1])
    inside = large[top : max(0, height - corner[0]), left : max(0, width - corner[1])]
    if not inside.any():
        return None
    x, y, columns, rows = cv2.boundingRect(inside.view(np.uint8))
    mask = inside[y : y + rows, x : x + columns].copy()
    box = Box(x=x + left + corner[1], y=y + top + corner[0], width=columns, height=rows)
    # The outline is known to one pixel of the window, which may be several of the field.
    cut = (
        min(box.x, box.y) < edge
        or box.x + box.width > width - edge
        or box.y + box.height > height - edge
    )
    return CellRegion(box, mask, float(np.count_nonzero(mask)) * um_per_px**2, cut)
