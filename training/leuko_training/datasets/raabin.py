"""Raabin-WBC: doubly labelled leukocyte crops of two microscopes in Iran, five classes.

Layout: ``raabin/archive/{Train,Test-A,Test-B}/Neutrophil/95-9-4-7_55_2.jpg``; the archives of its
authors unpack into ``TestA`` and ``TestB``, which are taken as well. What stands before
the first underscore of a Train or Test-A name is the slide; basophils are named by date and
time, ``20190526_163027_0.jpg``. Train and Test-A share slides, so they are one set here. Test-B
is another microscope and camera without slide numbers: it is only ever transferred to.

Scale: in Train and Test-A shrunk to 224 px, red cells of 49.5 px (median of 3,207 circles in 496
images; 45 to 55 between images, by slide), that is 127 px in the published images of 575 px,
hence 0.057 µm/px ±7 %. The boxes of leukocytes, 261 px, are then 14.9 µm. In Test-B red cells
are 60 px where the background is grey (553 images measured as circles) and about 69 px where it
is white (a fifth of the images, 16 measured by eye), 134 px over all at the published 486 px:
0.0535 µm/px ±15 %, the least certain scale of all sets.
"""

from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import image_size, images_in
from leuko_training.datasets._labels import class_from_word
from leuko_training.datasets.splits import TRANSFER_FOLD

FOLDER = "raabin/archive"
UM_PER_PX = 0.057
"""Of Train and Test-A as published, `PUBLISHED_SIDE_PX` wide."""

PUBLISHED_SIDE_PX = 575
TEST_B_UM_PER_PX = 0.0535
"""Of Test-B as published, `TEST_B_PUBLISHED_SIDE_PX` wide on average."""

TEST_B_PUBLISHED_SIDE_PX = 486

_TEST_A, _TEST_B = ("Test-A", "TestA"), ("Test-B", "TestB")


def read(root: Path) -> list[LabelledImage]:
    """The crops of Train and Test-A, grouped by slide or, for basophils, by day."""
    return [
        LabelledImage(
            dataset="raabin",
            image=image,
            mask=None,
            label=class_from_word(image.parent.name),
            group=image.stem.partition("_")[0],
            fold="",
            um_per_px=_stored_scale(image, UM_PER_PX, PUBLISHED_SIDE_PX),
        )
        for image in _images(root, "Train", *_TEST_A)
    ]


def read_test_b(root: Path) -> list[LabelledImage]:
    """The crops of Test-B, one group, all in the transfer fold."""
    return [
        LabelledImage(
            dataset="raabin_test_b",
            image=image,
            mask=None,
            label=class_from_word(image.parent.name),
            group="Test-B",
            fold=TRANSFER_FOLD,
            um_per_px=_stored_scale(image, TEST_B_UM_PER_PX, TEST_B_PUBLISHED_SIDE_PX),
        )
        for image in _images(root, *_TEST_B)
    ]


def _images(root: Path, *parts: str) -> list[Path]:
    folders = [folder for part in parts for folder in sorted((root / FOLDER / part).glob("*"))]
    return [image for folder in folders for image in images_in(folder, ".jpg")]


def _stored_scale(image: Path, um_per_px: float, side_px: int) -> float:
    return um_per_px * side_px / max(image_size(image))


_CITATION = "Kouzehkanan et al., Sci. Rep. 12 (2022) 1123, doi 10.1038/s41598-021-04426-x"
_LICENCE = "free access on registration; no licence stated"
_REMEDY = f"get the double-labelled cropped cells of Raabin-WBC and unpack them into {FOLDER}"

SPECS = (
    DatasetSpec(
        name="raabin",
        title="Raabin-WBC, Train and Test-A",
        citation=_CITATION,
        licence=_LICENCE,
        layout=(f"{FOLDER}/Train/*/*.jpg", f"{FOLDER}/Test*A/*/*.jpg"),
        remedy=_REMEDY,
        read=read,
        expected_images=14514,
        expected_labels={
            CellClass.BASOPHIL: 301,
            CellClass.EOSINOPHIL: 1066,
            CellClass.LYMPHOCYTE: 3461,
            CellClass.MONOCYTE: 795,
            CellClass.NEUTROPHIL: 8891,
        },
    ),
    DatasetSpec(
        name="raabin_test_b",
        title="Raabin-WBC, Test-B",
        citation=_CITATION,
        licence=_LICENCE,
        layout=(f"{FOLDER}/Test*B/*/*.jpg",),
        remedy=_REMEDY,
        read=read_test_b,
        expected_images=2119,
        expected_labels={CellClass.LYMPHOCYTE: 148, CellClass.NEUTROPHIL: 1971},
    ),
)
