"""LISC: fields of 720x576 px from Tehran, five classes, outlines drawn by an expert.

Layout, as in "LISC Database.zip": ``lisc/LISC Database/Main Dataset/neut/1.bmp`` with
``Ground Truth Segmentation/neut/areaforexpert1/1_expert.bmp``; the folders are ``Baso``,
``eosi``, ``lymp``, ``mono``, ``neut`` and ``mixt`` (several leukocytes, so no single class).

The outlines are black outside the leukocyte and lack a margin of 4 px on every side: 712x568 px.
Their grey levels (nucleus brightest, cytoplasm below it) and the scale, about 0.1 µm/px ±30 %
(objective of 100 times, video camera), were not checked on the images: find the scale from the
red cells before measuring anything. "More Dataset without Ground Truth" is left alone: its
images have neither class nor outline.
"""

from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import existing, images_in
from leuko_training.datasets._labels import class_from_word

FOLDER = "lisc/LISC Database"
UM_PER_PX = 0.1


def read(root: Path) -> list[LabelledImage]:
    """The fields; each is a group of its own, no slide or donor is told."""
    folders = sorted((root / FOLDER / "Main Dataset").iterdir())
    return [_field(image) for folder in folders for image in images_in(folder, ".bmp")]


def _field(image: Path) -> LabelledImage:
    word = image.parent.name
    outlines = image.parents[2] / "Ground Truth Segmentation" / word / "areaforexpert1"
    return LabelledImage(
        dataset="lisc",
        image=image,
        mask=existing(outlines / f"{image.stem}_expert.bmp"),
        label=class_from_word(word),
        group=f"{word}-{image.stem}",
        fold="",
        um_per_px=UM_PER_PX,
    )


SPECS = (
    DatasetSpec(
        name="lisc",
        title="LISC, leukocyte images for segmentation and classification",
        citation=(
            "Rezatofighi, Soltanian-Zadeh, Comput. Med. Imaging Graph. 35 (2011) 333-343, "
            "doi 10.1016/j.compmedimag.2011.01.003"
        ),
        licence="free for research; cite",
        layout=(
            f"{FOLDER}/Main Dataset/*/*.bmp",
            f"{FOLDER}/Ground Truth Segmentation/*/areaforexpert1/*_expert.bmp",
        ),
        remedy=f'get "LISC Database.zip" from the page of its authors and unpack it as {FOLDER}',
        read=read,
        expected_images=250,
        expected_labels={
            CellClass.BASOPHIL: 53,
            CellClass.EOSINOPHIL: 39,
            CellClass.LYMPHOCYTE: 52,
            CellClass.MONOCYTE: 48,
            CellClass.NEUTROPHIL: 50,
        },
    ),
)
