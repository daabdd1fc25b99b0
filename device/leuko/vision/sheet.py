"""Cells on one sheet, by class, as a second reader would lay them out."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import Box, RGBImage
from leuko.vision.preprocess import padded_square

_COLUMNS, _ROWS = 11, 8
MOST_SHOWN = _COLUMNS * _ROWS
"""Cells of a group that a sheet shows; the memory of a small device bounds how many are kept."""

_SIDE_UM = 25.0
"""Above the diameter of the largest cell."""
_TILE_PX = 168
_CAPTION_PX = 38
_HEADER_PX = 40
_GAP_PX = 8
LETTERS = 21
"""That a line of a caption has room for."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE, _INK, _GREY, _RED = (255, 255, 255), (20, 20, 20), (110, 110, 110), (190, 0, 30)
_SMALL = 0.45


@dataclass(frozen=True, slots=True)
class Portrait:
    """One cell on a sheet.

    Attributes:
        picture: as of `portrait_picture`.
        first: the caption's first line.
        second: its second line.
        is_wrong: whether it is framed in red, and the second line too is red.
    """

    picture: RGBImage
    first: str
    second: str
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Cells under one heading.

    Attributes:
        heading: what they are, and how many.
        portraits: those that are shown.
    """

    heading: str
    portraits: Sequence[Portrait]


def portrait_picture(rgb: RGBImage, box: Box, *, um_per_px: float) -> RGBImage:
    """Return a cell with its surroundings, 25 µm wide, ``(168, 168, 3)`` uint8.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB; white stands beyond its border.
        box: the cell's, in pixels of it.
        um_per_px: its scale.
    """
    side = max(1, round(_SIDE_UM / um_per_px))
    row, column = box.centre
    top, left = _moved_in(row, side, rgb.shape[0]), _moved_in(column, side, rgb.shape[1])
    cut = padded_square(rgb, left, top, side, filling=_WHITE)
    way = cv2.INTER_AREA if side > _TILE_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cut, (_TILE_PX, _TILE_PX), interpolation=way), np.uint8)


def draw_sheet(title: str, groups: Sequence[Group], *, nothing: str) -> RGBImage:
    """Return the portraits in rows, ``(height, width, 3)`` uint8, each group under its heading.

    Args:
        title: what stands above all.
        groups: from the top; those without a portrait are left away.
        nothing: what is said when none has any.
    """
    shown = [group for group in groups if group.portraits]
    parts = [_line(title, size=0.8)]
    for group in shown:
        parts.append(_line(group.heading))
        parts.extend(_rows([_tile(one) for one in group.portraits]))
    return np.vstack(parts if shown else [*parts, _line(nothing)])


def _moved_in(centre: float, side: int, length: int) -> int:
    """Return where a side begins that is moved as far into the image as it fits."""
    start = round(centre - side / 2)
    return min(max(0, start), length - side) if side <= length else (length - side) // 2


def _tile(portrait: Portrait) -> RGBImage:
    caption = np.full((_CAPTION_PX, _TILE_PX, 3), 255, np.uint8)
    tile = np.vstack([portrait.picture, caption])
    _write(tile, portrait.first, (1, _TILE_PX + 14), colour=_INK)
    colour = _RED if portrait.is_wrong else _GREY
    _write(tile, portrait.second, (1, _TILE_PX + 29), colour=colour)
    if portrait.is_wrong:
        cv2.rectangle(tile, (1, 1), (_TILE_PX - 2, _TILE_PX - 2), _RED, 3)
    return tile


def _rows(tiles: Sequence[RGBImage]) -> list[RGBImage]:
    return [_row(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]


def _row(tiles: Sequence[RGBImage]) -> RGBImage:
    pitch = _TILE_PX + _GAP_PX
    row = np.full((_TILE_PX + _CAPTION_PX, _GAP_PX + _COLUMNS * pitch, 3), 255, np.uint8)
    for column, tile in enumerate(tiles):
        left = _GAP_PX + column * pitch
        row[:, left : left + _TILE_PX] = tile
    return row


def _line(text: str, *, size: float = 0.65) -> RGBImage:
    width = _GAP_PX + _COLUMNS * (_TILE_PX + _GAP_PX)
    line = np.full((_HEADER_PX, width, 3), 255, np.uint8)
    _write(line, text, (_GAP_PX, _HEADER_PX - 12), colour=_INK, size=size)
    return line


def _write(
    picture: RGBImage,
    text: str,
    base: tuple[int, int],
    *,
    colour: tuple[int, int, int],
    size: float = _SMALL,
) -> None:
    cv2.putText(picture, text, base, _FONT, size, colour, 1, cv2.LINE_AA)
