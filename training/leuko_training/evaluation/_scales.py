"""How well the scale is found from red cells, on the sets whose red cells were measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# The annotations are the user's own files, not something a stranger sends.
from xml.etree import ElementTree as ET  # ruff: ignore[suspicious-xml-etree-import]

import numpy as np

from leuko.errors import ScaleError
from leuko.vision.scale import RED_CELL_UM, MeasuredField, measure_field, scale_of
from leuko_training.datasets import LabelledImage
from leuko_training.datasets.bcisc import FIELD_UM_PER_PX
from leuko_training.images import read_rgb

FIELDS = "bcisc_fields"
BOXED = "bccd"

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
class ScaleResult:
    """What came out for one group of fields.

    Attributes:
        group: name of the set, with its slide.
        errors: relative error of each field alone; None where it was refused.
        pooled: relative error of the first eight fields together; None if refused.
    """

    group: str
    errors: tuple[float | None, ...]
    pooled: float | None

    @property
    def refused(self) -> int:
        """Fields that gave no scale."""
        return self.errors.count(None)

    @property
    def median(self) -> float | None:
        """Median error of the others."""
        return self._quantile(0.5)

    @property
    def percentile95(self) -> float | None:
        """95th percentile of the same."""
        return self._quantile(0.95)

    def _quantile(self, share: float) -> float | None:
        known = [error for error in self.errors if error is not None]
        return float(np.quantile(known, share)) if known else None


def score_scales(items: Sequence[LabelledImage], root: Path) -> tuple[ScaleResult, ...]:
    """Return one result for each BCISC slide and one for BCCD, of those that are there.

    Args:
        items: images of these two sets.
        root: folder of all data sets.
    """
    groups: dict[str, list[LabelledImage]] = {}
    for item in items:
        slide = f"{FIELDS}, slide {item.group}" if item.dataset == FIELDS else item.dataset
        groups.setdefault(slide, []).append(item)
    diameters = _true_diameters(root)
    return tuple(
        _score(name, members, diameters[_key(members[0])])
        for name, members in groups.items()
        if _key(members[0]) in diameters
    )


def true_scales(items: Sequence[LabelledImage], root: Path) -> list[float]:
    """Return the scale of each image at which its red cells, measured by themselves, are 7.2 µm.

    Args:
        items: of BCISC, BCCD, or a set whose nominal scale is that of measured red cells.
        root: folder of all data sets.
    """
    diameters = _true_diameters(root)
    return [_true_scale(item, diameters) for item in items]


def _true_scale(item: LabelledImage, diameters: Mapping[str, float]) -> float:
    diameter = diameters.get(_key(item))
    if diameter is None:
        return item.um_per_px
    # One field of BCISC comes at half the size, which its nominal scale tells.
    size = FIELD_UM_PER_PX / item.um_per_px if item.dataset == FIELDS else 1.0
    return RED_CELL_UM / (diameter * size)


def _key(item: LabelledImage) -> str:
    return item.group if item.dataset == FIELDS else item.dataset


def _true_diameters(root: Path) -> Mapping[str, float]:
    """Return the median red cell's diameter in pixels by slide, and of BCCD, one camera's all."""
    sides = [
        side
        for annotation in sorted((root / "bccd/BCCD/Annotations").glob("*.xml"))
        for side in cell_sides(annotation)
    ]
    boxed = {BOXED: BCCD_BOX_TO_CELL * float(np.median(sides))} if sides else {}
    return {**BCISC_SLIDE_PX, **boxed}


def cell_sides(annotation: Path) -> list[float]:
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


def _score(group: str, members: Sequence[LabelledImage], true_px: float) -> ScaleResult:
    fields = [measure_field(read_rgb(item.image)) for item in members]
    is_bcisc = members[0].dataset == FIELDS
    widths = [field.shape[1] / _BCISC_WIDTH_PX if is_bcisc else 1.0 for field in fields]
    pairs = list(zip(fields, widths, strict=True))
    errors = tuple(_error([field], true_px * width) for field, width in pairs)
    # Fields of another size have another scale, and cannot be judged together with the rest.
    alike = [field for field, width in pairs if width == 1]
    return ScaleResult(group, errors, _error(alike[:_POOLED_FIELDS], true_px))


def _error(fields: Sequence[MeasuredField], true_px: float) -> float | None:
    """Return the relative error of the estimate; None when it is refused."""
    try:
        estimate = scale_of(fields)
    except ScaleError:
        return None
    return abs(RED_CELL_UM / estimate.um_per_px / true_px - 1)
