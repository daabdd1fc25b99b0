"""SigTuple's smears of a 2017 contest: crops and fields with coarse masks, no classes.

Layout: ``sigtuple/Data/Train_Data/train-1.jpg`` with ``train-1-mask.jpg`` (JPEG, so the mask is
what is above 100, in steps of about 4 px); ``Data/Test_Data/*.jpg`` have no masks.

Scale: red cells of 32.9 px in 20 fields (medians 31.5 to 34.1), hence 0.218 µm/px ±6 %. The
leukocytes of the crops are then 13.7 µm (median equal-area diameter).
"""

from pathlib import Path

from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import existing, images_in
from leuko_training.datasets.splits import UNLABELLED_FOLD

FOLDER = "sigtuple/Data"
UM_PER_PX = 0.218


def read(root: Path) -> list[LabelledImage]:
    """Crops and fields, each a group of its own; the ones without masks are unlabelled."""
    masked = [path for path in images_in(root / FOLDER / "Train_Data", ".jpg") if _is_image(path)]
    unmasked = images_in(root / FOLDER / "Test_Data", ".jpg")
    return [_item(image, "") for image in masked] + [
        _item(image, UNLABELLED_FOLD) for image in unmasked
    ]


def _is_image(path: Path) -> bool:
    return not path.stem.endswith("-mask")


def _item(image: Path, fold: str) -> LabelledImage:
    return LabelledImage(
        dataset="sigtuple",
        image=image,
        mask=existing(image.with_name(f"{image.stem}-mask.jpg")),
        label=None,
        group=image.stem,
        fold=fold,
        um_per_px=UM_PER_PX,
    )


SPECS = (
    DatasetSpec(
        name="sigtuple",
        title="SigTuple leukocyte segmentation contest",
        citation="SigTuple and HackerEarth contest, 2017; data of the U-Net paper of SigTuple",
        licence="none stated for the images",
        layout=(f"{FOLDER}/Train_Data/*-mask.jpg", f"{FOLDER}/Test_Data/*.jpg"),
        remedy=(
            "clone the GitHub repository joelselvaraj/ML-keras-hackerearth-WBC-Segmentation "
            "as sigtuple"
        ),
        read=read,
        expected_images=230,
    ),
)
