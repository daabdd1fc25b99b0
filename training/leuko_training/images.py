"""Reading training images."""

from pathlib import Path

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko_training.errors import DatasetError


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
