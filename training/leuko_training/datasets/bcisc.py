"""BCISC: crops and full fields of one laboratory, five classes, whole-leukocyte masks.

Layout: ``bcisc/sub-images/images/neut_9-5_0.jpg`` with ``sub-images/masks/neut_9-5_0.png``;
``bcisc/original-images/neut/9-5.jpg`` with ``9-5.png`` (some fields have no mask). The number
before the dash is the slide.

Scale: red cells of 56.5 px in the crops (median of 1,490 circles; 51 to 62 between crops, by
slide) and twice that in the fields, of which the crops are half-size cut-outs (template matching
finds a factor of 0.50): 0.126 and 0.063 µm/px ±8 %. Neutrophils are then 14.9 µm (median
equal-area diameter), lymphocytes 13.5, basophils 14.1, monocytes 17.6: flat, well-spread cells.
The field baso/2-2 is stored at half the size of the others, and its crop is half of that.
"""

from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import existing, image_size, images_in
from leuko_training.datasets._labels import class_from_word

FOLDER = "bcisc"
FIELD_UM_PER_PX = 0.063
"""Of the fields of `FIELD_WIDTH_PX`."""

FIELD_WIDTH_PX = 2048
CROP_UM_PER_PX = 2 * FIELD_UM_PER_PX
HALF_SIZE_FIELD = "baso_2-2"

_CLASS_FOLDERS = ("baso", "eosi", "lymp", "mono", "neut")


def read_crops(root: Path) -> list[LabelledImage]:
    """The crops of 256x256 px, one leukocyte each."""
    masks = root / FOLDER / "sub-images" / "masks"
    return [_crop(image, masks) for image in images_in(masks.parent / "images", ".jpg")]


def _crop(image: Path, masks: Path) -> LabelledImage:
    word, field_name, _ = image.stem.split("_", maxsplit=2)
    return LabelledImage(
        dataset="bcisc_crops",
        image=image,
        mask=existing(masks / f"{image.stem}.png"),
        label=class_from_word(word),
        group=field_name.partition("-")[0],
        fold="",
        um_per_px=CROP_UM_PER_PX * (2 if image.stem.startswith(f"{HALF_SIZE_FIELD}_") else 1),
    )


def read_fields(root: Path) -> list[LabelledImage]:
    """The full microscope fields, filed by the class of the leukocyte in them."""
    fields = root / FOLDER / "original-images"
    return [
        LabelledImage(
            dataset="bcisc_fields",
            image=image,
            mask=existing(image.with_suffix(".png")),
            label=class_from_word(word),
            group=image.stem.partition("-")[0],
            fold="",
            um_per_px=FIELD_UM_PER_PX * FIELD_WIDTH_PX / image_size(image)[0],
        )
        for word in _CLASS_FOLDERS
        for image in images_in(fields / word, ".jpg")
    ]


_CITATION = "Fan et al., J. Biophotonics 12 (2019) e201800488, doi 10.1002/jbio.201800488"
_REMEDY = f"clone the GitHub repository fpklipic/BCISC as {FOLDER}"

SPECS = (
    DatasetSpec(
        name="bcisc_crops",
        title="BCISC, crops",
        citation=_CITATION,
        licence="Apache-2.0",
        layout=(f"{FOLDER}/sub-images/images/*.jpg", f"{FOLDER}/sub-images/masks/*.png"),
        remedy=_REMEDY,
        read=read_crops,
        expected_images=268,
        expected_labels={
            CellClass.BASOPHIL: 56,
            CellClass.EOSINOPHIL: 54,
            CellClass.LYMPHOCYTE: 53,
            CellClass.MONOCYTE: 54,
            CellClass.NEUTROPHIL: 51,
        },
        same_photographs_as=("bcisc_fields",),
    ),
    DatasetSpec(
        name="bcisc_fields",
        title="BCISC, full fields",
        citation=_CITATION,
        licence="Apache-2.0",
        layout=(f"{FOLDER}/original-images/*/*.jpg",),
        remedy=_REMEDY,
        read=read_fields,
        expected_images=247,
        expected_labels={
            CellClass.BASOPHIL: 50,
            CellClass.EOSINOPHIL: 49,
            CellClass.LYMPHOCYTE: 50,
            CellClass.MONOCYTE: 48,
            CellClass.NEUTROPHIL: 50,
        },
        same_photographs_as=("bcisc_crops",),
    ),
)
