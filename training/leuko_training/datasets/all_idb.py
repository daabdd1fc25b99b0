"""ALL-IDB 1 and 2: smears with and without acute lymphoblastic leukaemia.

Layout: ``all-idb/ALL_IDB1/im/Im001_1.jpg`` (fields) with ``xyc/Im001_1.xyc`` (one "x y" of a
lymphoblast per line); ``all-idb/ALL_IDB2/img/Im001_1.tif`` (257x257 px around one cell). The
last digit is 1 for leukaemia, 0 for a healthy donor. Lymphoblasts are none of leuko's classes,
and the healthy cells of ALL-IDB2 are not named, so no image has a label: the sets serve
segmentation and the question what is made of cells that no class fits.

Masks of ALL-IDB2 (0 background, about 155 cytoplasm, 255 nucleus) are Banik's:
``banik-nucleus/wbc_nucleus_seg_localz/Datasets/Ground Truth/ALL-IDB2``.

Scale: the masks of ALL-IDB2 have a median diameter of 118 px, and a lymphoblast is about 12 µm:
0.1 µm/px ±30 %, for two cameras and magnifications of 300 to 500 times. Find it from the red
cells before measuring anything.
"""

from pathlib import Path

from leuko_training.datasets._base import DatasetSpec, LabelledImage
from leuko_training.datasets._files import existing, images_in
from leuko_training.errors import DatasetError

FOLDER = "all-idb"
MASK_FOLDER = "banik-nucleus/wbc_nucleus_seg_localz/Datasets/Ground Truth/ALL-IDB2"
UM_PER_PX = 0.1


def read_fields(root: Path) -> list[LabelledImage]:
    """The fields of ALL-IDB1, each a group of its own."""
    images = images_in(root / FOLDER / "ALL_IDB1" / "im", ".jpg")
    return [_item("all_idb1", image, None) for image in images]


def read_crops(root: Path) -> list[LabelledImage]:
    """The crops of ALL-IDB2, each a group of its own."""
    images = images_in(root / FOLDER / "ALL_IDB2" / "img", ".tif")
    return [_item("all_idb2", image, _mask_of_crop(root, image)) for image in images]


def _mask_of_crop(root: Path, image: Path) -> Path | None:
    return existing(root / MASK_FOLDER / f"{image.stem}.png")


def _item(dataset: str, image: Path, mask: Path | None) -> LabelledImage:
    return LabelledImage(
        dataset=dataset,
        image=image,
        mask=mask,
        label=None,
        group=image.stem,
        fold="",
        um_per_px=UM_PER_PX,
    )


def read_lymphoblasts(image: Path) -> tuple[tuple[int, int], ...]:
    """Centres of the lymphoblasts in a field of ALL-IDB1, as ``(x, y)`` in pixels.

    Args:
        image: a file of ``ALL_IDB1/im``.

    Returns:
        Empty for a field of a healthy donor.

    Raises:
        DatasetError: The list of centres is missing or damaged.
    """
    path = image.parents[1] / "xyc" / f"{image.stem}.xyc"
    try:
        numbers = [int(word) for word in path.read_text(encoding="ascii").split()]
        return tuple(zip(numbers[::2], numbers[1::2], strict=True))
    except (OSError, ValueError) as error:
        message = f"{path} is missing or holds no pairs of numbers; unpack ALL_IDB1 again"
        raise DatasetError(message) from error


_CITATION = "Labati, Piuri, Scotti, ICIP 2011, 2045-2048, doi 10.1109/ICIP.2011.6115881"
_LICENCE = "on request, for research only"

SPECS = (
    DatasetSpec(
        name="all_idb1",
        title="ALL-IDB1",
        citation=_CITATION,
        licence=_LICENCE,
        layout=(f"{FOLDER}/ALL_IDB1/im/*.jpg", f"{FOLDER}/ALL_IDB1/xyc/*.xyc"),
        remedy=f"request ALL-IDB from the University of Milan and unpack it into {FOLDER}",
        read=read_fields,
        expected_images=108,
        same_photographs_as=("all_idb2",),
    ),
    DatasetSpec(
        name="all_idb2",
        title="ALL-IDB2",
        citation=_CITATION,
        licence=_LICENCE,
        layout=(f"{FOLDER}/ALL_IDB2/img/*.tif",),
        remedy=f"request ALL-IDB from the University of Milan and unpack it into {FOLDER}",
        read=read_crops,
        expected_images=260,
        same_photographs_as=("all_idb1",),
    ),
)
