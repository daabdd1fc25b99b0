"""The stretch of slide that was counted, with its cells, as one picture for people."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import LEUKOCYTES, CellClass, CellStatus, RGBImage
from leuko.displays import CLASS_COLOURS
from leuko.images import result_png
from leuko.store import CellRecord
from leuko.tracking import Overview

_LONGEST_PX = 1024
_NARROWEST_PX = 480
"""Columns that the legend needs."""
_LARGEST_ZOOM = 4.0
"""Beyond, the pixels of the overview are only larger."""
_MARGIN_UM = 12.0
"""Room for a cell at the edge."""
_LEAST_RADIUS = 8
_RIM = 3
"""Pixels between a cell and its ring."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _DIM, _SEAM = (255, 255, 255), (176, 176, 176), (0, 0, 0)
_VIEW = (255, 210, 0)
_ENTRY_PX, _LINE_PX = 160, 28
_BARS_MM = (5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Lengths of a scale bar."""


def draw_overview(overview: Overview, cells: Iterable[CellRecord] = ()) -> RGBImage:
    """Return the overview with the view outlined, each cell ringed, and a legend.

    The ring of a counted cell has the colour that its class has on the displays, and the class's
    first letter beside it; a leukocyte of uncertain class has a question mark, and what was set
    aside a thin ring. Around cells on ground whose picture was lost it is grey.

    Args:
        overview: of the stretch in view.
        cells: all cells of the session; those of other stretches are not drawn.

    Returns:
        ``(height, width, 3)`` uint8, RGB; at most 1024 pixels a side without its legend.
    """
    standing = [cell for cell in cells if cell.merged_into is None]
    here = [cell for cell in standing if cell.segment == overview.segment]
    sheet = _Sheet.around(overview, here)
    for cell in sorted(here, key=lambda cell: cell.status is not CellStatus.EXCLUDED):
        _draw_cell(sheet, cell)
    _draw_view(sheet, overview)
    elsewhere = sum(
        cell.status is CellStatus.COUNTED for cell in standing if cell.segment != overview.segment
    )
    legend = _legend(sheet, overview, here, elsewhere=elsewhere)
    return np.concatenate([sheet.pixels, legend])


def png_of(rgb: RGBImage) -> bytes:
    """Return a picture as the content of a PNG file, marked as a result."""
    return result_png(rgb)


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """The drawing, and where its pixels lie on the slide."""

    pixels: RGBImage
    left_um: float
    top_um: float
    um_per_px: float

    @classmethod
    def around(cls, overview: Overview, cells: Sequence[CellRecord]) -> "_Sheet":
        """Return a sheet that shows an overview and reaches to every cell."""
        height, width = overview.picture.shape[:2]
        corner = np.array([overview.left_um, overview.top_um])
        boxes = [(corner, corner + np.array([width, height]) * overview.um_per_px)]
        if view := overview.view:
            corner = np.array([view.x_um, view.y_um])
            boxes.append((corner, corner + overview.view_um))
        middles = (np.array([cell.x_um, cell.y_um]) for cell in cells)
        boxes += [(middle - _MARGIN_UM, middle + _MARGIN_UM) for middle in middles]
        low = np.min([low for low, _ in boxes], axis=0)
        high = np.max([high for _, high in boxes], axis=0)
        um_per_px = max(float((high - low).max()) / _LONGEST_PX, overview.um_per_px / _LARGEST_ZOOM)
        columns, rows = (max(1, round(side / um_per_px)) for side in high - low)
        pixels = np.full((rows, max(columns, _NARROWEST_PX), 3), Overview.BARE, np.uint8)
        sheet = cls(pixels, float(low[0]), float(low[1]), um_per_px)
        sheet._paste(overview)
        return sheet

    def pixel(self, x_um: float, y_um: float) -> tuple[int, int]:
        """Return column and row."""
        return (
            round((x_um - self.left_um) / self.um_per_px),
            round((y_um - self.top_um) / self.um_per_px),
        )

    def _paste(self, overview: Overview) -> None:
        left, top = self.pixel(overview.left_um, overview.top_um)
        room = self.pixels[top:, left:]
        height, width = overview.picture.shape[:2]
        zoom = overview.um_per_px / self.um_per_px
        wanted = (max(1, round(width * zoom)), max(1, round(height * zoom)))
        size = (min(room.shape[1], wanted[0]), min(room.shape[0], wanted[1]))
        way = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
        room[: size[1], : size[0]] = cv2.resize(overview.picture, size, interpolation=way)


def _draw_cell(sheet: _Sheet, cell: CellRecord) -> None:
    radius = round(math.sqrt(cell.area_um2 / math.pi) / sheet.um_per_px) + _RIM
    middle = sheet.pixel(cell.x_um, cell.y_um)
    _draw_mark(sheet.pixels, middle, _mark_of(cell), radius=max(_LEAST_RADIUS, radius))


def _mark_of(cell: CellRecord) -> CellClass | CellStatus:
    return cell.cell_class if cell.status is CellStatus.COUNTED else cell.status


def _draw_mark(
    pixels: RGBImage,
    middle: tuple[int, int],
    mark: CellClass | CellStatus,
    *,
    radius: int = _LEAST_RADIUS,
) -> None:
    """Draw a ring, which leaves the cell to be seen, and a letter at its lower right."""
    colour = CLASS_COLOURS.get(mark, _DIM) if isinstance(mark, CellClass) else _DIM
    if mark is CellStatus.EXCLUDED:
        for ink, thickness in ((_SEAM, 3), (colour, 1)):
            cv2.circle(pixels, middle, radius, ink, thickness, cv2.LINE_AA)
        return
    for ink, thickness in ((_SEAM, 5), (colour, 3)):
        cv2.circle(pixels, middle, radius, ink, thickness, cv2.LINE_AA)
    letter = "?" if mark is CellStatus.UNCLASSIFIED else mark[0].upper()
    corner = round(0.75 * radius)
    _write(pixels, letter, (middle[0] + corner, middle[1] + corner + 11), colour, thickness=2)


def _draw_view(sheet: _Sheet, overview: Overview) -> None:
    if overview.view is None:
        return
    width, height = overview.view_um
    first = sheet.pixel(overview.view.x_um, overview.view.y_um)
    last = sheet.pixel(overview.view.x_um + width, overview.view.y_um + height)
    for ink, thickness in ((_SEAM, 4), (_VIEW, 2)):
        cv2.rectangle(sheet.pixels, first, (last[0] - 1, last[1] - 1), ink, thickness)


def _legend(
    sheet: _Sheet, overview: Overview, here: Sequence[CellRecord], *, elsewhere: int
) -> RGBImage:
    width = sheet.pixels.shape[1]
    numbers = Counter(map(_mark_of, here))
    others = [mark for mark in (CellStatus.UNCLASSIFIED, CellStatus.EXCLUDED) if numbers[mark]]
    marks: list[CellClass | CellStatus] = [*LEUKOCYTES, *others]
    columns = width // _ENTRY_PX
    lines = 1 + -(-len(marks) // columns)
    legend = np.zeros((lines * _LINE_PX + 8, width, 3), np.uint8)
    counted = sum(numbers[name] for name in LEUKOCYTES)
    text = f"stretch {overview.segment}: {counted} counted"
    _write(legend, text + (f", {elsewhere} elsewhere" if elsewhere else ""), (10, _LINE_PX - 8))
    _draw_scale_bar(legend, sheet.um_per_px)
    for index, mark in enumerate(marks):
        row, column = divmod(index, columns)
        middle = (20 + column * _ENTRY_PX, (row + 1) * _LINE_PX + _LINE_PX // 2)
        _draw_mark(legend, middle, mark)
        name = "set aside" if mark is CellStatus.EXCLUDED else mark
        _write(legend, f"{name} {numbers[mark]}", (middle[0] + 26, middle[1] + 5))
    return legend


def _draw_scale_bar(legend: RGBImage, um_per_px: float) -> None:
    width = legend.shape[1]
    widest_mm = width / 4 * um_per_px / 1000
    length_mm = next((one for one in _BARS_MM if one <= widest_mm), _BARS_MM[-1])
    left = width - 12 - round(length_mm * 1000 / um_per_px)
    cv2.line(legend, (left, _LINE_PX - 12), (width - 12, _LINE_PX - 12), _INK, 3)
    _write(legend, f"{length_mm:g} mm", (left - 80, _LINE_PX - 8))


def _write(
    pixels: RGBImage,
    text: str,
    place: tuple[int, int],
    ink: tuple[int, int, int] = _INK,
    *,
    thickness: int = 1,
) -> None:
    for colour, width in ((_SEAM, thickness + 2), (ink, thickness)):
        cv2.putText(pixels, text, place, _FONT, 0.48, colour, width, cv2.LINE_AA)
