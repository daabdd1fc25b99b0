"""The true cells of real fields: from a table beside them, or from their masks.

The table is ``cells.csv`` in the fields' folder. Its columns are ``image`` (path from the
folder), ``x`` and ``y`` (a cell's middle in the image's own pixels), ``cell_class`` (empty if
unknown) and, if wanted, ``width`` and ``height`` of the box around it. Where there is no table,
the white blobs in ``NAME.png`` beside ``NAME.jpg`` are its cells, of unknown class.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from leuko.cells import CellClass
from leuko.errors import CameraError, ImageError
from leuko.images import read_image
from leuko.sim._places import SlideCell, Stretch

_TABLE = "cells.csv"
_MASK_ABOVE = 127
_SMALLEST_UM2 = 25.0
"""Specks of a mask that are no cell; the smallest lymphocyte has about 40 µm²."""
_USUAL_DIAMETER_UM = 15.0
"""Of a cell whose box the table does not give."""


@dataclass(frozen=True, slots=True)
class Field:
    """One image of a slide.

    Attributes:
        path: the image file.
        mask: the mask file beside it; None if there is none.
        scale: by how much its pixels are enlarged.
        stretch: where it lies on the slide.
    """

    path: Path
    mask: Path | None
    scale: float
    stretch: Stretch


def true_cells(
    folder: Path, fields: tuple[Field, ...], *, um_per_px: float
) -> tuple[SlideCell, ...]:
    """Return the cells that are known to lie in the fields.

    Args:
        folder: where the fields, and perhaps the table, are.
        fields: the fields.
        um_per_px: scale of the slide, to which the fields are enlarged.

    Raises:
        CameraError: the table or a mask cannot be read, or does not fit the fields.
    """
    table = folder / _TABLE
    if table.exists():
        by_path = {str(field.path.relative_to(folder)): field for field in fields}
        return tuple(_cells_of_table(table, by_path, _USUAL_DIAMETER_UM / um_per_px))
    smallest_px = _SMALLEST_UM2 / um_per_px**2
    return tuple(
        cell
        for field in fields
        if field.mask
        for cell in _cells_of_mask(field, field.mask, smallest_px)
    )


def _cells_of_table(
    table: Path, fields: Mapping[str, Field], usual_px: float
) -> Iterator[SlideCell]:
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise CameraError(f"{table} cannot be read: {error.strerror}; check the file") from error
    except UnicodeDecodeError as error:
        raise CameraError(f"{table} is not UTF-8 text; save it as CSV in UTF-8") from error
    for number, row in enumerate(rows, start=2):
        yield _cell_of_row(row, fields, usual_px, f"{table}, line {number}")


def _cell_of_row(
    row: Mapping[str, str | None], fields: Mapping[str, Field], usual_px: float, place: str
) -> SlideCell:
    field = fields.get(row.get("image") or "")
    if field is None:
        raise CameraError(f"{place} names the image {row.get('image')!r}, which is not there")
    try:
        x, y = float(row["x"] or ""), float(row["y"] or "")
        width = float(row.get("width") or usual_px / field.scale)
        height = float(row.get("height") or usual_px / field.scale)
        name = row.get("cell_class")
        cell_class = CellClass(name) if name else None
    except (KeyError, ValueError) as error:
        raise CameraError(
            f"{place} is no cell ({error}); give image, x, y and cell_class"
        ) from error
    return _on_slide(field, (x, y), (width, height), cell_class)


def _cells_of_mask(field: Field, mask: Path, smallest_px: float) -> Iterator[SlideCell]:
    try:
        white = (read_image(mask)[..., 0] > _MASK_ABOVE).astype(np.uint8)
    except ImageError as error:
        raise CameraError(f"the mask {error}") from error
    # Outer contours only: labelling every pixel takes twenty times as long.
    outlines, _ = cv2.findContours(white, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for outline in outlines[::-1]:
        x, y, width, height = cv2.boundingRect(outline)
        if cv2.contourArea(outline) * field.scale**2 >= smallest_px:
            yield _on_slide(field, (x + width / 2, y + height / 2), (width, height), None)


def _on_slide(
    field: Field,
    middle: tuple[float, float],
    size: tuple[float, float],
    cell_class: CellClass | None,
) -> SlideCell:
    return SlideCell(
        x_px=field.stretch.x_px + middle[0] * field.scale,
        y_px=field.stretch.y_px + middle[1] * field.scale,
        width_px=size[0] * field.scale,
        height_px=size[1] * field.scale,
        cell_class=cell_class,
    )
