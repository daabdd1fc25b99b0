"""The fields that are timed."""

from pathlib import Path

import numpy as np

from leuko.sim import SimulatedSmear, SmearSpec
from leuko_training.benchmark._timing import Field
from leuko_training.datasets import (
    LabelledImage,
    available_datasets,
    load_mask,
    read_dataset,
)
from leuko_training.evaluation import name_in, true_regions
from leuko_training.images import read_rgb

HEIGHT, WIDTH = 1536, 2048
"""Of every field that is timed, in pixels."""

CLOSE_UM_PER_PX, WIDE_UM_PER_PX = 0.1, 0.25
"""Scales of an objective of 100x and of one of 40x, on common cameras."""


def real_field(root: Path, *, fold: str = "0") -> Field | None:
    """Return the field of the held-out fold that has the most leukocytes; None if there is none.

    Args:
        root: folder of all data sets.
        fold: the held-out fold.
    """
    if "bcisc_fields" not in available_datasets(root):
        return None
    items = [item for item in read_dataset("bcisc_fields", root) if item.mask]
    for item in sorted((i for i in items if i.fold == fold), key=_leukocytes, reverse=True):
        rgb = read_rgb(item.image)
        if rgb.shape[:2] == (HEIGHT, WIDTH):
            return Field(name_in(root, item), rgb, item.um_per_px)
    return None


def simulated_field(
    *, um_per_px: float, width_px: int = WIDTH, height_px: int = HEIGHT, seed: int = 0
) -> Field:
    """Return a field of a simulated smear, around one of its leukocytes.

    Args:
        um_per_px: scale.
        width_px: columns.
        height_px: rows.
        seed: decides the smear.
    """
    smear = SimulatedSmear(SmearSpec(seed=seed))
    cells = np.array([(cell.x_um, cell.y_um) for cell in smear.cells])
    middle = (smear.spec.width_um / 2, smear.spec.height_um / 2)
    x_um, y_um = cells[np.argmin(np.linalg.norm(cells - middle, axis=1))]
    rgb = smear.render(
        x_um - width_px * um_per_px / 2,
        y_um - height_px * um_per_px / 2,
        width_px=width_px,
        height_px=height_px,
        um_per_px=um_per_px,
    )
    return Field(f"simulated smear, seed {seed}", rgb, um_per_px)


def _leukocytes(item: LabelledImage) -> int:
    return len(true_regions(load_mask(item), um_per_px=item.um_per_px))
