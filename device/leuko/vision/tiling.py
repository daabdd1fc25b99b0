"""Running a model with a fixed input over a field of any size, without seams."""

from collections.abc import Callable
from itertools import product, starmap

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL

PredictTile = Callable[[RGBImage], NDArray[np.float32]]
"""``(tile_height, tile_width, 3)`` uint8 to ``(tile_height, tile_width)`` float32."""


def predict_field(
    field: RGBImage,
    predict: PredictTile,
    *,
    tile: tuple[int, int],
    overlap: int,
    mirrored: bool = False,
) -> NDArray[np.float32]:
    """Return the model's map of the whole field, ``(height, width)`` float32.

    Where tiles overlap, each fades out towards its own edge, so that no seam shows. A field
    smaller than a tile lies in the middle of one.

    Args:
        field: ``(height, width, 3)`` uint8, RGB, white balanced, at the model's scale.
        predict: maps one tile.
        tile: height and width of the model's input.
        overlap: pixels that neighbouring tiles share, less than the tile's sides.
        mirrored: whether a field smaller than a tile lies among its mirror images, and not on
            plain background.
    """
    height, width = field.shape[:2]
    padded, top, left = _padded(field, tile, mirrored=mirrored)
    rows = tile_origins(padded.shape[0], tile[0], overlap)
    columns = tile_origins(padded.shape[1], tile[1], overlap)
    if len(rows) * len(columns) == 1:
        return predict(padded)[top : top + height, left : left + width]
    weight = np.outer(_fading(tile[0], overlap), _fading(tile[1], overlap))
    total = np.zeros(padded.shape[:2], np.float32)
    weights = np.zeros(padded.shape[:2], np.float32)
    for row, column in product(rows, columns):
        here = np.s_[row : row + tile[0], column : column + tile[1]]
        total[here] += predict(np.ascontiguousarray(padded[here])) * weight
        weights[here] += weight
    total /= weights
    return total[top : top + height, left : left + width]


def tile_origins(length: int, tile: int, overlap: int) -> list[int]:
    """Return where tiles begin along one axis: evenly spread, the last ends at the length.

    >>> tile_origins(100, 40, 8)
    [0, 30, 60]
    """
    count = max(1, -(-(length - overlap) // (tile - overlap)))
    if count == 1:
        return [0]
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def continued(image: RGBImage, height: int, width: int) -> RGBImage:
    """Return the image continued by its mirror image, which has no seams, to a larger size.

    Args:
        image: ``(h, w, 3)`` uint8, at most as large as what is wanted; it comes to lie in the
            middle, half a pixel up and left where it cannot.
        height: rows wanted.
        width: columns wanted.
    """
    return _surrounded(image, height, width, cv2.BORDER_REFLECT)[0]


def _padded(field: RGBImage, tile: tuple[int, int], *, mirrored: bool) -> tuple[RGBImage, int, int]:
    height, width = starmap(max, zip(field.shape[:2], tile, strict=True))
    if (height, width) == field.shape[:2]:
        return field, 0, 0
    border = cv2.BORDER_REFLECT if mirrored else cv2.BORDER_CONSTANT
    return _surrounded(field, height, width, border)


def _surrounded(image: RGBImage, height: int, width: int, border: int) -> tuple[RGBImage, int, int]:
    """Return the image with a border of one of OpenCV's kinds, and where it begins in that."""
    (top, bottom), (left, right) = (
        (extra // 2, extra - extra // 2)
        for extra in (height - image.shape[0], width - image.shape[1])
    )
    plain = (BACKGROUND_LEVEL,) * 3
    around = cv2.copyMakeBorder(image, top, bottom, left, right, border, value=plain)
    return np.asarray(around, np.uint8), top, left


def _fading(length: int, overlap: int) -> NDArray[np.float32]:
    # Never quite zero: the field's own border is covered by one tile's edge only.
    ramp = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1))
    return np.minimum(ramp / max(overlap, 1), 1).astype(np.float32)
