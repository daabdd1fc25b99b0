"""Reading the masks of the public sets, each with its own grey levels."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import Mask
from leuko_training.datasets._base import LabelledImage
from leuko_training.datasets._files import image_size
from leuko_training.errors import DatasetError

LEUKOCYTE_ABOVE = {
    "segmentation_wbc_1": 60,
    "segmentation_wbc_2": 60,
    "bcisc_crops": 127,
    "bcisc_fields": 127,
    "krd-wbc": 127,
    "bccd": 60,
    "sigtuple": 100,
    "lisc": 0,
    "all_idb2": 60,
}
"""Grey level above which a mask pixel is leukocyte, 0 to 255."""

_WITHOUT_MARGIN = frozenset({"lisc"})
"""Sets whose masks lack a margin of the image on all sides: 712x568 px for 720x576 (LISC)."""

NUCLEUS_ABOVE = {
    "segmentation_wbc_1": 200,
    "segmentation_wbc_2": 200,
    "bccd": 200,
    "lisc": 200,
    "all_idb2": 200,
}
"""Grey level above which a mask pixel is nucleus, in the sets that mark it."""


def load_mask(item: LabelledImage) -> Mask:
    """The pixels of all annotated leukocytes, at the size of the image.

    An image without a mask, or with a damaged one, is a `DatasetError`.
    """
    return _grey_levels(item) > LEUKOCYTE_ABOVE[item.dataset]


def load_nucleus_mask(item: LabelledImage) -> Mask | None:
    """The pixels of all annotated nuclei, None where the set does not mark them.

    An image without a mask, or with a damaged one, is a `DatasetError`.
    """
    if item.dataset not in NUCLEUS_ABOVE:
        return None
    return _grey_levels(item) > NUCLEUS_ABOVE[item.dataset]


def _grey_levels(item: LabelledImage) -> NDArray[np.uint8]:
    if item.mask is None or item.dataset not in LEUKOCYTE_ABOVE:
        message = f"{item.image} has no mask; choose images whose mask is not None"
        raise DatasetError(message)
    levels = _decode(item.mask)
    return _with_margin(levels, item.image) if item.dataset in _WITHOUT_MARGIN else levels


def _with_margin(levels: NDArray[np.uint8], image: Path) -> NDArray[np.uint8]:
    width, height = image_size(image)
    down, right = height - levels.shape[0], width - levels.shape[1]
    if down < 0 or right < 0:
        message = f"the mask of {image} is larger than the image; unpack its data set again"
        raise DatasetError(message)
    margins = ((down // 2, down - down // 2), (right // 2, right - right // 2))
    return np.pad(levels, margins)


def _decode(path: Path) -> NDArray[np.uint8]:
    # IMREAD_GRAYSCALE also makes one channel of the masks stored with three equal ones.
    encoded = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    pixels = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE) if encoded.size else None
    if pixels is None:
        message = f"the mask {path} is missing or damaged; unpack its data set again"
        raise DatasetError(message)
    return np.asarray(pixels, dtype=np.uint8)
