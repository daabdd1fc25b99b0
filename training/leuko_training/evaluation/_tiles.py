"""Contact sheets: square views of cells with outlines and a caption."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import Box, Mask, RGBImage
from leuko.errors import OutputError
from leuko.images import plain_png

USUAL_SIDE = 300
"""Sides of a tile in pixels, its caption aside."""

_TRUTH, _FOUND = (0, 170, 0), (230, 0, 0)
_CAPTION = 40
_LETTER_PX = 6.5


@dataclass(frozen=True, slots=True)
class Scene:
    """An image with what is there and what was found, as masks of its size."""

    rgb: RGBImage
    truth: Mask
    found: Mask


def square(box: Box, *, reach: int) -> Box:
    """Return the square around a box's middle that reaches so many pixels to each side."""
    row, column = box.centre
    return Box(round(column) - reach, round(row) - reach, 2 * reach, 2 * reach)


def cut(image: NDArray[np.uint8], view: Box) -> NDArray[np.uint8]:
    """Return the part of an image in a view, black where the view leaves the image."""
    height, width = image.shape[:2]
    canvas = np.zeros((view.height, view.width, *image.shape[2:]), np.uint8)
    left, top = max(view.x, 0), max(view.y, 0)
    right, bottom = min(view.x + view.width, width), min(view.y + view.height, height)
    canvas[top - view.y : bottom - view.y, left - view.x : right - view.x] = image[
        top:bottom, left:right
    ]
    return canvas


def tile(scene: Scene, view: Box, caption: tuple[str, str], *, side: int = USUAL_SIDE) -> RGBImage:
    """Return a square view with both outlines, truth green, and two lines of text above it."""
    how = cv2.INTER_AREA if view.width > side else cv2.INTER_CUBIC
    picture = cv2.resize(cut(scene.rgb, view), (side, side), interpolation=how)
    for mask, colour in ((scene.truth, _TRUTH), (scene.found, _FOUND)):
        small = cv2.resize(cut(mask.astype(np.uint8), view), (side, side))
        contours, _ = cv2.findContours(small, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, contours, -1, colour, 1)
    whole = np.full((side + _CAPTION, side, 3), 255, np.uint8)
    whole[_CAPTION:] = picture
    for line, text in enumerate(caption):
        place, font = (3, 15 + 17 * line), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(
            whole, text[: int(side / _LETTER_PX)], place, font, 0.4, (0, 0, 0), 1, cv2.LINE_AA
        )
    return whole


def sheet(tiles: Sequence[RGBImage], *, columns: int) -> RGBImage:
    """Return tiles of one size side by side, in rows."""
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    blank = np.full_like(tiles[0], 255)
    padded = [*tiles, *[blank] * (rows * columns - len(tiles))]
    lines = [np.hstack(padded[row * columns : (row + 1) * columns]) for row in range(rows)]
    return np.vstack(lines)


def write_picture(path: Path, rgb: RGBImage) -> Path:
    """Write an image as PNG, and return where.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plain_png(rgb))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error}); choose another folder") from error
    return path
