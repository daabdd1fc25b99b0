"""Cells on one sheet, by class, as a second reader would lay them out."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import Box, Cell, CellClass, CellStatus, RGBImage
from leuko.vision.preprocess import padded_square

_COLUMNS, _ROWS = 11, 8
MOST_SHOWN = _COLUMNS * _ROWS
"""Cells of a group that a sheet shows. Nine such groups, of 800 cells, take 280 MB until their
picture is written; a differential of two hundred cells takes a quarter of that."""

UNCLASSIFIED = "unclassified"
GROUPS = (*CellClass, UNCLASSIFIED)
"""Names of groups, from the top of a sheet."""

_SIDE_UM = 25.0
"""Above the diameter of the largest cell."""
_TILE_PX = 168
_CAPTION_PX = 38
_HEADER_PX = 40
_GAP_PX = 8
_PITCH_PX = _TILE_PX + _GAP_PX
_ROW_PX = _TILE_PX + _CAPTION_PX
_WIDTH_PX = _GAP_PX + _COLUMNS * _PITCH_PX

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE, _INK, _GREY, _RED = (255, 255, 255), (20, 20, 20), (110, 110, 110), (190, 0, 30)
_SMALL, _LARGE, _LARGEST = 0.45, 0.65, 0.8


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
        name: what they are.
        seen: how many there are.
        portraits: those that are shown, `MOST_SHOWN` at most.
        which: which these are if not all, in words.
    """

    name: str
    seen: int
    portraits: Sequence[Portrait]
    which: str = ""

    @property
    def rows(self) -> int:
        """How many rows the portraits take."""
        return -(-len(self.portraits) // _COLUMNS)

    @property
    def heading(self) -> str:
        """What they are, and how many."""
        words, shown = self.name.replace("_", " "), len(self.portraits)
        if shown == self.seen:
            return f"{words}: {self.seen}"
        of_which = f"the {shown} {self.which}" if self.which else f"{shown}"
        return f"{words}: {self.seen}, of which {of_which} are shown"


def group_of(cell: Cell) -> str:
    """Return the name of the group that a cell stands in, one of `GROUPS`."""
    return UNCLASSIFIED if cell.status is CellStatus.UNCLASSIFIED else cell.cell_class


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


def shortened(name: str, end: str) -> str:
    """Return a caption of a name and what is never cut off, as wide as a tile at most.

    Args:
        name: loses its beginning if need be: pictures of one run differ in the ends of names.
        end: what follows it.
    """
    for start in range(len(name)):
        caption = f"{'..' if start else ''}{name[start:]}{end}"
        if _width(caption) <= _TILE_PX:
            return caption
    return end


def draw_sheet(title: str, groups: Sequence[Group], *, nothing: str) -> RGBImage:
    """Return the portraits in rows, ``(height, width, 3)`` uint8, each group under its heading.

    Args:
        title: what stands above all.
        groups: from the top; those without a portrait are left away.
        nothing: what is said when none has any.
    """
    shown = [group for group in groups if group.portraits]
    rows = sum(group.rows for group in shown)
    height = (1 + max(1, len(shown))) * _HEADER_PX + rows * _ROW_PX
    sheet = np.full((height, _WIDTH_PX, 3), 255, np.uint8)
    top = _draw_line(sheet, title, 0, size=_LARGEST)
    for group in shown:
        top = _draw_line(sheet, group.heading, top)
        for number, portrait in enumerate(group.portraits):
            row, column = divmod(number, _COLUMNS)
            _draw(sheet, portrait, top + row * _ROW_PX, _GAP_PX + column * _PITCH_PX)
        top += group.rows * _ROW_PX
    if not shown:
        _draw_line(sheet, nothing, top)
    return sheet


def _moved_in(centre: float, side: int, length: int) -> int:
    """Return where a side begins that is moved as far into the image as it fits."""
    start = round(centre - side / 2)
    return min(max(0, start), length - side) if side <= length else (length - side) // 2


def _draw(sheet: RGBImage, portrait: Portrait, top: int, left: int) -> None:
    # A part of the sheet: what does not fit into it is not drawn over its neighbours.
    tile = np.ascontiguousarray(sheet[top : top + _ROW_PX, left : left + _TILE_PX])
    tile[:_TILE_PX] = portrait.picture
    _write(tile, portrait.first, (1, _TILE_PX + 14), colour=_INK)
    colour = _RED if portrait.is_wrong else _GREY
    _write(tile, portrait.second, (1, _TILE_PX + 29), colour=colour)
    if portrait.is_wrong:
        cv2.rectangle(tile, (1, 1), (_TILE_PX - 2, _TILE_PX - 2), _RED, 3)
    sheet[top : top + _ROW_PX, left : left + _TILE_PX] = tile


def _draw_line(sheet: RGBImage, text: str, top: int, *, size: float = _LARGE) -> int:
    """Write a line that begins at a height, and return where it ends."""
    _write(sheet, text, (_GAP_PX, top + _HEADER_PX - 12), colour=_INK, size=size)
    return top + _HEADER_PX


def _width(text: str) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, _SMALL, 1)
    return width


def _write(
    picture: RGBImage,
    text: str,
    base: tuple[int, int],
    *,
    colour: tuple[int, int, int],
    size: float = _SMALL,
) -> None:
    cv2.putText(picture, text, base, _FONT, size, colour, 1, cv2.LINE_AA)
