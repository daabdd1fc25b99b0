"""Reading the masks of the public sets, each with its own grey levels."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import Mask
from leuko_training.datasets._base import LabelledImage
from leuko_training.errors import DatasetError

LEUKOCYTE_ABOVE = {
    "segmentation_wbc_1": 60,
    "segmentation_wbc_2": 60,
    "bcisc_crops": 127,
    "bcisc_fields": 127,
    "krd-wbc": 127,
    "bccd": 60,
    "sigtuple": 100,
    "lisc": 60,
    "all_idb2": 60,
}
"""Grey level above which a mask pixel is leukocyte, 0 to 255."""

NUCLEUS_ABOVE = {
    "segmentation_wbc_1": 200,
    "segmentation_wbc_2": 200,
    "bccd": 200,
    "lisc": 200,
    "all_idb2": 200,
}
"""Grey level above which a mask pixel is nucleus, in the sets that mark it."""


def load_mask(item: LabelledImage) -> Mask:
    """The pixels of all annotated leukocytes, at the size of the mask file.

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
    return _decode(item.mask)


def _decode(path: Path) -> NDArray[np.uint8]:
    # IMREAD_GRAYSCALE also makes one channel of the masks stored with three equal ones.
    encoded = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    pixels = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE) if encoded.size else None
    if pixels is None:
        message = f"the mask {path} is missing or damaged; unpack its data set again"
        raise DatasetError(message)
    return np.asarray(pixels, dtype=np.uint8)
