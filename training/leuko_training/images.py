"""Training images: read, and as models take them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision.preprocess import coarse_view, white_balance
from leuko_training.errors import DatasetError
from leuko_training.scales import LOCATE_UM_PER_PX


def read_rgb(path: Path) -> RGBImage:
    """Return the image as ``(height, width, 3)`` uint8, RGB.

    Raises:
        DatasetError: the file is missing or no image.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        msg = f"{path} cannot be read as an image; fetch the data set again"
        raise DatasetError(msg)
    return np.asarray(image, dtype=np.uint8)


def read_balanced(path: Path, *, um_per_px: float) -> RGBImage:
    """Return the image as `read_rgb` does, white balanced as the device balances a field.

    Raises:
        DatasetError: the file is missing or no image.
    """
    image = read_rgb(path)
    _, background = coarse_view(image, um_per_px=um_per_px, to_um_per_px=LOCATE_UM_PER_PX)
    return white_balance(image, background)


def to_bytes(levels: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return levels of any shape as the nearest bytes, those beyond 0 and 255 as these."""
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def as_real(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Return images of one shape, 0 to 255, as the batch that a float model takes, 0 to 1."""
    return np.stack(images).astype(np.float32) / np.float32(255)
