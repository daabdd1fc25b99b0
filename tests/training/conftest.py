"""A labelled image that needs no data set: a simulated cell and its mask, as files."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from leuko.cells import CellClass
from leuko.sim import SimulatedSmear, SmearSpec
from leuko_training.datasets import LabelledImage

MakeItem = Callable[..., LabelledImage]

UM_PER_PX = 0.12
SIDE_PX = 320


@pytest.fixture(scope="session")
def smear() -> SimulatedSmear:
    return SimulatedSmear(SmearSpec(seed=5, width_um=300, height_um=200, leukocytes=6))


def _write_cell(smear: SimulatedSmear, index: int, image: Path, mask: Path) -> None:
    cell = smear.cells[index]
    half = SIDE_PX * UM_PER_PX / 2
    x, y = cell.x_um - half, cell.y_um - half
    view = smear.render(x, y, width_px=SIDE_PX, height_px=SIDE_PX, um_per_px=UM_PER_PX)
    labels = smear.leukocyte_mask(x, y, width_px=SIDE_PX, height_px=SIDE_PX, um_per_px=UM_PER_PX)
    cv2.imwrite(str(image), view[..., ::-1])
    cv2.imwrite(str(mask), np.where(labels == index + 1, 255, 0).astype(np.uint8))


@pytest.fixture
def make_item(smear: SimulatedSmear, tmp_path: Path) -> MakeItem:
    """Write one cell of the smear with its mask, and return it as a labelled image."""

    def make(index: int = 0, **changes: object) -> LabelledImage:
        cell = smear.cells[index]
        image, mask = tmp_path / f"{index}.png", tmp_path / f"{index}-mask.png"
        # Hundreds of items may show one cell; drawing it takes a twentieth of a second.
        if not image.exists():
            _write_cell(smear, index, image, mask)
        known: dict[str, object] = {
            "dataset": "krd-wbc",
            "image": image,
            "mask": mask,
            "label": cell.cell_class,
            "group": str(index),
            "fold": "1",
            "um_per_px": UM_PER_PX,
        }
        return LabelledImage(**{**known, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def platelet(make_item: MakeItem) -> LabelledImage:
    """An image that is said to show no leukocyte."""
    return make_item(1, dataset="pbc", mask=None, label=CellClass.PLATELET_OR_ARTEFACT)
