"""Every cell of the count on one sheet, by class, as a second reader would lay them out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.certainty import in_percent
from leuko.demo._slide import HEIGHT_PX, WIDTH_PX
from leuko.demo._tally import Sighting
from leuko.demo._truth import Comparison
from leuko.sim import TrueCell

_CROP_PX = 168
"""25 µm, above the diameter of the largest cell."""
_TILE_PX = 168
_CAPTION_PX = 38
_HEADER_PX = 40
_GAP_PX = 8
_COLUMNS = 11
_ROWS = 8

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _GREY, _RED = (20, 20, 20), (110, 110, 110), (190, 0, 30)
_SMALL = 0.45
_UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class _Portrait:
    sighting: Sighting
    picture: RGBImage


class Gallery:
    """The portraits of a slide's cells, at most 88 a class."""

    def __init__(self) -> None:
        """Start with no portrait."""
        self._portraits: list[_Portrait] = []
        self._kept: Counter[str] = Counter()

    def add(self, sighting: Sighting, rgb: RGBImage) -> None:
        """Keep a cell's portrait.

        Args:
            sighting: the cell.
            rgb: the view that showed it.
        """
        group = _group(sighting)
        self._kept[group] += 1
        # The memory of a small device bounds how many portraits a long count may keep.
        if self._kept[group] <= _COLUMNS * _ROWS:
            self._portraits.append(_Portrait(sighting, _portrait(sighting, rgb)))

    def sheet(self, comparison: Comparison) -> RGBImage:
        """Return the portraits in rows, the wrongly named marked with what they truly are."""
        truth = {id(sighting): cell for sighting, cell in comparison.matches}
        parts = [_line("Cells of a simulated smear by the class they were given", size=0.8)]
        for group in (*CellClass, _UNCLASSIFIED):
            members = [one for one in self._portraits if _group(one.sighting) == group]
            if members:
                shown = len(members)
                number = self._kept[group]
                of = f"{number}" if number == shown else f"{number}, of which {shown} are shown"
                parts.append(_line(f"{group.replace('_', ' ')}: {of}"))
                parts.extend(_rows([_tile(one, truth[id(one.sighting)]) for one in members]))
        if len(parts) == 1:
            parts.append(_line("no cell was met"))
        return np.vstack(parts)


def _group(sighting: Sighting) -> str:
    if sighting.cell.status is CellStatus.UNCLASSIFIED:
        return _UNCLASSIFIED
    return sighting.cell.cell_class


def _portrait(sighting: Sighting, rgb: RGBImage) -> RGBImage:
    box = sighting.cell.region.box
    x = min(max(0, box.x + (box.width - _CROP_PX) // 2), WIDTH_PX - _CROP_PX)
    y = min(max(0, box.y + (box.height - _CROP_PX) // 2), HEIGHT_PX - _CROP_PX)
    crop = rgb[y : y + _CROP_PX, x : x + _CROP_PX]
    size = (_TILE_PX, _TILE_PX)
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _tile(portrait: _Portrait, truth: TrueCell | None) -> RGBImage:
    cell = portrait.sighting.cell
    right = truth.cell_class if truth else CellClass.PLATELET_OR_ARTEFACT
    caption = np.full((_CAPTION_PX, _TILE_PX, 3), 255, np.uint8)
    tile = np.vstack([portrait.picture, caption])
    given, is_named = cell.cell_class.replace("_", " "), cell.status is not CellStatus.UNCLASSIFIED
    if cell.cell_class is right:
        _write(tile, given if is_named else f"maybe: {given}", (1, _TILE_PX + 14), colour=_INK)
        _write(tile, in_percent(cell.probability), (1, _TILE_PX + 29), colour=_GREY)
        return tile
    name = truth.cell_class.replace("_", " ") if truth else "no leukocyte"
    named = "named" if is_named else "maybe"
    _write(tile, f"{named}: {given}", (1, _TILE_PX + 14), colour=_INK)
    _write(tile, f"truly: {name}", (1, _TILE_PX + 29), colour=_RED)
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
