"""The size of a pixel from the red cells of real fields whose red cells were measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from leuko.errors import ScaleError
from leuko.vision.scale import MeasuredField, measure_field, scale_of
from leuko_training.calibration_benchmark._rulers import Extent
from leuko_training.datasets import LabelledImage, available_datasets, read_dataset
from leuko_training.evaluation import true_scales
from leuko_training.images import read_rgb

TARGET_PERCENT = 4.0
"""Most that the median error may be."""
POOLED = 10
"""Fields that ``leuko calibrate scale`` takes together."""

_BY_SLIDE = "bcisc_fields"
_SETS = (_BY_SLIDE, "bccd", "krd-wbc")


@dataclass(frozen=True, slots=True)
class RedCellRow:
    """How well red cells tell the scale of one set's fields.

    Attributes:
        dataset: its name.
        fields: how many were measured.
        refused: how many of them alone gave no scale.
        median_percent: median error of the others; None where all were refused.
        groups: how many times ten fields of one scale, and of one slide, were taken together.
        pooled_percent: median error of these; None where all were refused.
    """

    dataset: str
    fields: int
    refused: int
    median_percent: float | None
    groups: int
    pooled_percent: float | None


def bench_red_cells(root: Path, extent: Extent) -> Iterator[RedCellRow]:
    """Yield one row for each set that is there.

    Args:
        root: folder of all data sets.
        extent: how many fields of a set are measured.
    """
    for name in _SETS:
        if name in available_datasets(root):
            items = read_dataset(name, root)
            step = max(1, len(items) // extent.red_cell_fields)
            yield _row(name, items[::step], root)


def _row(name: str, items: Sequence[LabelledImage], root: Path) -> RedCellRow:
    measured: dict[tuple[str, float], list[MeasuredField]] = {}
    pairs = list(zip(items, true_scales(items, root), strict=True))
    for item, um_per_px in track(pairs, f"red cells, {name:12}"):
        # Fields of one slide and one scale can be judged together; BCCD is of one camera.
        slide = item.group if name == _BY_SLIDE else name
        fields = measured.setdefault((slide, round(um_per_px, 6)), [])
        fields.append(measure_field(read_rgb(item.image)))
    alone = [_error([field], key[1]) for key, fields in measured.items() for field in fields]
    together = [
        _error(fields[start : start + POOLED], key[1])
        for key, fields in measured.items()
        for start in range(0, len(fields) - POOLED + 1, POOLED)
    ]
    return RedCellRow(
        dataset=name,
        fields=len(alone),
        refused=alone.count(None),
        median_percent=_median(alone),
        groups=len(together),
        pooled_percent=_median(together),
    )


def _error(fields: Sequence[MeasuredField], um_per_px: float) -> float | None:
    """Return the error of the estimate in percent; None when it is refused."""
    try:
        return 100 * abs(scale_of(fields).um_per_px / um_per_px - 1)
    except ScaleError:
        return None


def _median(errors: Sequence[float | None]) -> float | None:
    known = [error for error in errors if error is not None]
    return float(np.median(known)) if known else None
