"""A picture as small as a display shows it."""

import cv2
import numpy as np

from leuko.cells import RGBImage

_WIDEST = 400
"""Columns of the picture that is shown; no display gives it more."""


def reduced(rgb: RGBImage) -> RGBImage:
    """Return a picture little wider than a display shows, the caller's frame left alone.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB.
    """
    step = max(1, rgb.shape[1] // _WIDEST)
    if step == 1:
        return rgb
    size = (rgb.shape[1] // step, rgb.shape[0] // step)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
