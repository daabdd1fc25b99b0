"""KRD-WBC: phone-like fields of 512x512 px with one leukocyte each, mask and class.

Layout: ``krd-wbc/data/KRD-WBC dataset/Dataset/image/image1.jpg`` with ``mask/mask1.jpg``
(JPEG, so the mask is what is above 127) and ``class labels.csv`` ("Image ID,Categoriy").

Scale: red cells measured as circles in 582 fields. Most fields have a median near 78 px (74 to
83); 64 are taken at another zoom, with a median near 64 px (56 to 67), some on another
microscope with a grey background. So 0.092 or 0.113 µm/px, ±6 %. Neutrophils are then 13.2 µm,
lymphocytes 10.1, monocytes 14.2.

Nineteen basophils come from other sources, one to four times larger, and were measured one by
one. Eight of them show no whole red cell; theirs is taken as 1/1.59 of the basophil, the median
ratio of the other eleven, so their scale is good to ±15 % only.
"""

from collections.abc import Mapping
from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets._base import RED_CELL_DIAMETER_UM, DatasetSpec, LabelledImage
from leuko_training.datasets._files import csv_rows, existing, images_in
from leuko_training.datasets._labels import class_from_word

FOLDER = "krd-wbc/data/KRD-WBC dataset"
RED_CELL_PX = 78
"""Diameter of a red cell in most fields."""

WIDE_RED_CELL_PX = 64
"""Diameter of a red cell in `WIDE_VIEWS`."""

# A number a line would hide the rest of the module.
# fmt: off
WIDE_VIEWS = frozenset({
    2, 9, 10, 15, 19, 25, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 44, 45, 46, 47, 48, 49,
    50, 52, 53, 54, 55, 60, 78, 79, 89, 99, 100, 108, 117, 126, 137, 146, 152, 160, 165, 184, 185,
    197, 201, 209, 248, 260, 272, 284, 285, 286, 287, 289, 291, 292, 311, 321, 334, 354, 366, 378,
})
"""Numbers of the fields taken at the smaller zoom."""

MAGNIFIED_RED_CELL_PX = {
    93: 238, 94: 289, 96: 240, 97: 303, 98: 255, 101: 248, 102: 258, 103: 235, 104: 137, 105: 128,
    106: 90, 107: 163, 109: 140, 110: 148, 111: 143, 112: 139, 113: 144, 114: 89, 115: 143,
}
# fmt: on
"""Diameter of a red cell in each basophil of another source, by the number of the field."""

RUN_LENGTH = 10
"""Neighbouring numbers are often neighbouring fields; ten of them are kept together."""


def read(root: Path) -> list[LabelledImage]:
    """The fields, grouped in runs of neighbouring numbers."""
    folder = root / FOLDER
    labels = _labels(folder / "class labels.csv")
    images = images_in(folder / "Dataset" / "image", ".jpg")
    return [_field(image, labels) for image in images]


def _labels(path: Path) -> Mapping[int, CellClass | None]:
    # Only the digits are to be relied on: some lines say "Imaeg524".
    return {
        int("".join(filter(str.isdigit, row["Image ID"]))): class_from_word(row["Categoriy"])
        for row in csv_rows(path)
    }


def _field(image: Path, labels: Mapping[int, CellClass | None]) -> LabelledImage:
    number = int(image.stem.removeprefix("image"))
    return LabelledImage(
        dataset="krd-wbc",
        image=image,
        mask=existing(image.parents[1] / "mask" / f"mask{number}.jpg"),
        label=labels.get(number),
        group=str(number // RUN_LENGTH),
        fold="",
        um_per_px=RED_CELL_DIAMETER_UM / _red_cell_px(number),
    )


def _red_cell_px(number: int) -> int:
    usual = WIDE_RED_CELL_PX if number in WIDE_VIEWS else RED_CELL_PX
    return MAGNIFIED_RED_CELL_PX.get(number, usual)


SPECS = (
    DatasetSpec(
        name="krd-wbc",
        title="KRD-WBC",
        citation="KRD-WBC data set, as published in Nhatan1205/Blood_Cell_Segementation_Unet",
        licence="none stated",
        layout=(f"{FOLDER}/Dataset/image/*.jpg", f"{FOLDER}/class labels.csv"),
        remedy="clone the GitHub repository Nhatan1205/Blood_Cell_Segementation_Unet as krd-wbc",
        read=read,
        expected_images=600,
        expected_labels={
            CellClass.NEUTROPHIL: 300,
            CellClass.LYMPHOCYTE: 230,
            CellClass.MONOCYTE: 39,
            CellClass.BASOPHIL: 20,
            CellClass.EOSINOPHIL: 11,
        },
    ),
)
