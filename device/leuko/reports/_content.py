"""What the results say, before it is written anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leuko.bundle import ModelBundle
from leuko.cells import Cell, CellClass
from leuko.counting import NOT_RECOGNISED, STATEMENT, DifferentialCount

CSV_COLUMNS = (
    "image",
    "cell",
    "x",
    "y",
    "width",
    "height",
    "area_um2",
    "cell_class",
    "probability",
    "status",
    "reason",
    "um_per_px",
    "sharpness",
    *(f"p_{name}" for name in CellClass),
)
"""Columns of ``cells.csv``: one row a cell, its box in pixels of the image as stored."""


@dataclass(frozen=True, slots=True)
class FieldReport:
    """One analysed image.

    Attributes:
        image: how the results call it, unique among the run's images.
        name: what its overlay and its mask are called by, unique too.
        shape: height and width in pixels.
        um_per_px: scale it was analysed at.
        scale_confidence: 0 to 1 for a scale found from red cells, None for a given one.
        cells: what was found, in reading order; the first is cell 1.
        is_sharp: whether its outlines are; what is blurred may be named wrongly.
    """

    image: str
    name: str
    shape: tuple[int, int]
    um_per_px: float
    scale_confidence: float | None
    cells: tuple[Cell, ...]
    is_sharp: bool = True


@dataclass(frozen=True, slots=True)
class FailedImage:
    """An image that was left out.

    Attributes:
        image: how the results call it.
        reason: why, in a sentence.
    """

    image: str
    reason: str


def label_image(cells: Sequence[Cell], shape: tuple[int, int]) -> NDArray[np.uint16]:
    """Return ``shape`` uint16: 0 for background, 1 for the first cell, and so on."""
    labels = np.zeros(shape, np.uint16)
    for number, cell in enumerate(cells, 1):
        box = cell.region.box
        view = labels[box.y : box.y + box.height, box.x : box.x + box.width]
        # Where two regions overlap the earlier keeps its pixels.
        view[cell.region.mask & (view == 0)] = number
    return labels


def differential_summary(
    count: DifferentialCount,
    images: Sequence[Mapping[str, Any]],
    failed: Sequence[FailedImage],
    bundle: ModelBundle,
    *,
    files: Sequence[str],
    calibration: Mapping[str, object] | None = None,
    stain: Mapping[str, object] | None = None,
    wbc: Mapping[str, object] | None = None,
    scale: Mapping[str, object] | None = None,
    names: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Return what ``differential.json`` says, percentages unrounded.

    Args:
        count: the differential over all images.
        images: what it says of each.
        failed: those that were left out.
        bundle: the models that were used.
        files: names of the files that are written beside it.
        calibration: what was measured of the camera; None if it was not calibrated.
        stain: how far the stain is from the calibrated one; None if that is not known.
        wbc: estimate of the leukocytes in blood; None without a factor for it.
        scale: where it is from, and what speaks against it; None where it was drawn.
        names: whether cells were compared with each other, and which are unclassified; None where
            each was named by itself.
    """
    scales = {image["um_per_px"] for image in images}
    return {
        "statement": STATEMENT,
        "not_recognised": NOT_RECOGNISED,
        "n": count.n,
        "counts": dict(count.counts),
        "percent": dict(count.percent),
        "interval95": {name: list(interval) for name, interval in count.interval95.items()},
        "excluded": dict(count.excluded),
        "excluded_per_100": dict(count.beside_per_100),
        "unclassified": count.unclassified,
        "images": list(images),
        "failed_images": [{"image": one.image, "reason": one.reason} for one in failed],
        "bundle": {
            "id": bundle.manifest.id,
            "version": bundle.manifest.version,
            "sha256": bundle.sha256,
        },
        "names": None if names is None else dict(names),
        # One number only where it is true of all; each image carries its own.
        "um_per_px": scales.pop() if len(scales) == 1 else None,
        "scale": None if scale is None else dict(scale),
        "calibration": None if calibration is None else dict(calibration),
        "stain": None if stain is None else dict(stain),
        "estimated_wbc": None if wbc is None else dict(wbc),
        "files": list(files),
    }


def image_entry(field: FieldReport) -> dict[str, object]:
    """Return what ``differential.json`` says of one image."""
    return {
        "image": field.image,
        "width": field.shape[1],
        "height": field.shape[0],
        "um_per_px": field.um_per_px,
        "scale_confidence": field.scale_confidence,
        "cells": len(field.cells),
        "is_sharp": field.is_sharp,
    }


def cell_row(field: FieldReport, number: int, cell: Cell) -> list[object]:
    """Return a cell's row in ``cells.csv``."""
    box = cell.region.box
    return [
        field.image,
        number,
        box.x,
        box.y,
        box.width,
        box.height,
        f"{cell.region.area_um2:.2f}",
        cell.cell_class,
        f"{cell.probability:.4f}",
        cell.status,
        cell.reason,
        f"{field.um_per_px:.6g}",
        f"{cell.sharpness:.2f}",
        *(f"{probability:.4f}" for probability in cell.probabilities),
    ]
