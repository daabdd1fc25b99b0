"""Zheng's two sets of leukocyte crops with nucleus and cytoplasm masks.

Layout: ``segmentation_wbc/Dataset 1/001.bmp`` (image), ``001.png`` (mask: 0 background,
128 cytoplasm, 255 nucleus), ``Class Labels of Dataset 1.csv`` (image ID, class 1 to 5).

Scale of Dataset 1: its stain leaves only ghosts of red cells, about 39 px wide in eight crops,
hence 0.18 µm/px ±12 %. Neutrophils are then 13.7 µm (median equal-area diameter of the masks),
lymphocytes 10.4, monocytes 14.2, eosinophils 14.9.

Scale of Dataset 2: red cells of 72.8 px (median of 394 circles in 92 crops; the crops' own
medians run from 66 to 83), hence 0.099 µm/px ±8 %, which is CellaVision's 0.1. Neutrophils are
then 15.8 µm, lymphocytes 13.9 (many are atypical), monocytes 19.5.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import csv_rows, existing, images_in

FOLDER = "segmentation_wbc"
UM_PER_PX = {1: 0.18, 2: 0.099}
"""By number of the set."""

_CLASS_OF_NUMBER = {
    "1": CellClass.NEUTROPHIL,
    "2": CellClass.LYMPHOCYTE,
    "3": CellClass.MONOCYTE,
    "4": CellClass.EOSINOPHIL,
    "5": CellClass.BASOPHIL,
}


def read(root: Path, number: int) -> list[LabelledImage]:
    """The images of Dataset 1 or 2; each is a group of its own, no slide is told."""
    folder = root / FOLDER / f"Dataset {number}"
    labels = _labels(root / FOLDER / f"Class Labels of Dataset {number}.csv")
    return [
        LabelledImage(
            dataset=f"segmentation_wbc_{number}",
            image=image,
            mask=existing(image.with_suffix(".png")),
            label=_CLASS_OF_NUMBER.get(labels.get(int(image.stem), "")),
            group=image.stem,
            fold="",
            um_per_px=UM_PER_PX[number],
        )
        for image in images_in(folder, ".bmp")
    ]


def _labels(path: Path) -> Mapping[int, str]:
    # The column is called "class label" for Dataset 1, "class" for Dataset 2.
    rows = [tuple(row.values()) for row in csv_rows(path)]
    return {int(number): label.strip() for number, label in rows}


def _spec(number: int, counts: tuple[int, int, int, int, int]) -> DatasetSpec:
    return DatasetSpec(
        name=f"segmentation_wbc_{number}",
        title=f"segmentation_WBC, Dataset {number}",
        citation="Zheng et al., Micron 107 (2018) 55-71, doi 10.1016/j.micron.2018.01.010",
        licence="GPL-3.0 (images: cite)",
        layout=(
            f"{FOLDER}/Dataset {number}/*.bmp",
            f"{FOLDER}/Class Labels of Dataset {number}.csv",
        ),
        remedy=f"clone the GitHub repository zxaoyou/segmentation_WBC as {FOLDER}",
        read=partial(read, number=number),
        expected_images=sum(counts),
        expected_labels=dict(zip(_CLASS_OF_NUMBER.values(), counts, strict=True)),
    )


SPECS = (_spec(1, (176, 53, 48, 22, 1)), _spec(2, (33, 37, 15, 12, 3)))
