"""The Kaggle blood-cell images: 12,444 turned and mirrored copies of BCCD's photographs.

Layout: ``kaggle-blood-cells/dataset2-master/dataset2-master/images/TRAIN/EOSINOPHIL/_0_207.jpeg``,
likewise ``TEST`` and ``TEST_SIMPLE``. Not one photograph of BCCD's is new here, the published
train and test parts share them, and the names do not tell which is which. So no fold is given:
whoever trains on these images has trained on BCCD's test set.

Scale: half of BCCD's 640x480 px, hence twice its µm per pixel.
"""

from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets import bccd
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import images_in
from leuko_training.datasets._labels import class_from_word

FOLDER = "kaggle-blood-cells/dataset2-master/dataset2-master/images"
UM_PER_PX = 2 * bccd.UM_PER_PX

_PARTS = ("TRAIN", "TEST", "TEST_SIMPLE")


def read(root: Path) -> list[LabelledImage]:
    """The copies, all in one group, without a fold."""
    folders = [folder for part in _PARTS for folder in sorted((root / FOLDER / part).glob("*"))]
    return [
        LabelledImage(
            dataset="kaggle_blood_cells",
            image=image,
            mask=None,
            label=class_from_word(image.parent.name),
            group="BCCD",
            fold="",
            um_per_px=UM_PER_PX,
        )
        for folder in folders
        for image in images_in(folder, ".jpeg", ".jpg")
    ]


# 12,444 images of TRAIN and TEST, and 71 of TEST_SIMPLE.
_EXPECTED = {
    CellClass.EOSINOPHIL: 3120 + 13,
    CellClass.LYMPHOCYTE: 3103 + 6,
    CellClass.MONOCYTE: 3098 + 4,
    CellClass.NEUTROPHIL: 3123 + 48,
}

SPECS = (
    DatasetSpec(
        name="kaggle_blood_cells",
        title="Blood Cell Images (Kaggle)",
        citation="paultimothymooney/blood-cells on Kaggle, after BCCD_Dataset (Shenggan)",
        licence="MIT (BCCD)",
        layout=(f"{FOLDER}/TRAIN/*/*.jpeg", f"{FOLDER}/TEST/*/*.jpeg"),
        remedy=(
            "download paultimothymooney/blood-cells from Kaggle and unpack it as kaggle-blood-cells"
        ),
        read=read,
        expected_images=sum(_EXPECTED.values()),
        expected_labels=_EXPECTED,
        same_photographs_as=("bccd",),
    ),
)
