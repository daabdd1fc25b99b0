"""How well the scale is found from red cells, on every set whose red cells were measured."""

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The annotations are the user's own files, not something a stranger sends.
from xml.etree import ElementTree as ET  # ruff: ignore[suspicious-xml-etree-import]

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko.errors import ScaleError
from leuko.vision.scale import RED_CELL_UM, estimate_scale

BCISC_SLIDE_PX = {
    "1": 110.9, "2": 110.3, "3": 118.3, "4": 121.5, "5": 112.0,
    "6": 102.2, "7": 114.9, "8": 118.9, "9": 111.8, "10": 118.7,
}  # fmt: skip
"""Median diameter of isolated red cells of each slide, by Otsu's threshold and their area.

In fields 2048 pixels wide; one field of slide 2 comes at half the size.
"""
_BCISC_WIDTH_PX = 2048

BCCD_BOX_TO_CELL = 0.9
"""BCCD's boxes are drawn loosely: the isolated cells in them span 0.88 to 0.92 of their sides."""

_POOLED_FIELDS = 8


@dataclass(frozen=True, slots=True)
class ScaleRow:
    """What came out for one group of fields.

    Attributes:
        group: name of the set, with its slide.
        fields: how many fields were tried one by one.
        refused: how many of them gave no scale.
        median_error: median relative error of the others, as a share.
        error95: 95th percentile of the same.
        pooled_error: relative error of the first eight fields together.
        seconds: median processor time of a field.
    """

    group: str
    fields: int
    refused: int
    median_error: float
    error95: float
    pooled_error: float
    seconds: float


def evaluate_scale(root: Path, *, folds: str = "01234") -> list[ScaleRow]:
    """One row for each BCISC slide and one for BCCD.

    Args:
        root: the folder of the data sets, with ``splits.csv``.
        folds: which folds take part.
    """
    groups: dict[str, list[tuple[Path, float]]] = {}
    with (root / "splits.csv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            if row["fold"] not in folds:
                continue
            if row["dataset"] == "bcisc_fields":
                true_px = BCISC_SLIDE_PX[row["group"]]
                slide = f"bcisc slide {row['group']}"
                groups.setdefault(slide, []).append((root / row["image"], true_px))
            elif row["dataset"] == "bccd":
                groups.setdefault("bccd", []).append((root / row["image"], 0.0))
    return [_row(name, _with_bccd_truth(root, members)) for name, members in groups.items()]


def _with_bccd_truth(root: Path, members: list[tuple[Path, float]]) -> list[tuple[Path, float]]:
    """Members with the set's median where they carry no diameter: one camera took them all."""
    if members[0][1]:
        return members
    sides = [
        side
        for annotation in sorted((root / "bccd/BCCD/Annotations").glob("*.xml"))
        for side in bccd_cell_sides(annotation)
    ]
    return [(path, BCCD_BOX_TO_CELL * float(np.median(sides))) for path, _ in members]


def bccd_cell_sides(annotation: Path) -> list[float]:
    """Mean sides in pixels of the boxes of red cells that the border does not cut."""
    sides = []
    for item in ET.parse(annotation).iter("object"):  # ruff: ignore[suspicious-xml-element-tree-usage]
        left, top, right, bottom = (
            int(item.findtext(f"bndbox/{edge}", "0")) for edge in ("xmin", "ymin", "xmax", "ymax")
        )
        cut = min(left, top) <= 3 or right >= 637 or bottom >= 477
        if item.findtext("name") == "RBC" and not cut:
            sides.append(float(np.sqrt((right - left) * (bottom - top))))
    return sides


def _row(group: str, members: list[tuple[Path, float]]) -> ScaleRow:
    errors: list[float] = []
    seconds: list[float] = []
    fields: list[RGBImage] = []
    for path, true_px in members:
        field = _read(path)
        if group.startswith("bcisc"):
            field = _at_full_width(field)
        fields = [*fields, field][:_POOLED_FIELDS]
        start = time.process_time()
        errors.append(_error([field], true_px))
        seconds.append(time.process_time() - start)
    known = np.array([error for error in errors if not np.isnan(error)])
    return ScaleRow(
        group=group,
        fields=len(members),
        refused=len(members) - len(known),
        median_error=float(np.median(known)) if len(known) else float("nan"),
        error95=float(np.quantile(known, 0.95)) if len(known) else float("nan"),
        pooled_error=_error(fields, members[0][1]),
        seconds=float(np.median(seconds)),
    )


def _error(fields: Sequence[RGBImage], true_px: float) -> float:
    """Relative error of the estimate; not a number when there is none."""
    try:
        estimate = estimate_scale(fields)
    except ScaleError:
        return float("nan")
    return abs(RED_CELL_UM / estimate.um_per_px / true_px - 1)


def _at_full_width(field: RGBImage) -> RGBImage:
    zoom = _BCISC_WIDTH_PX / field.shape[1]
    if zoom == 1:
        return field
    return np.asarray(cv2.resize(field, None, fx=zoom, fy=zoom), np.uint8)


def _read(path: Path) -> RGBImage:
    image = cv2.imread(str(path))
    if image is None:
        message = f"{path} cannot be read"
        raise OSError(message)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
