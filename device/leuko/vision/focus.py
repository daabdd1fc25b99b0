"""How sharp a cell is."""

import cv2
import numpy as np

from leuko.cells import Mask, RGBImage


def sharpness(crop: RGBImage, mask: Mask) -> float:
    """Return the variance of the Laplacian inside the mask, in grey levels squared.

    Source: Pech-Pacheco et al., ICPR 2000. 0 for an empty mask.
    """
    if not mask.any():
        return 0.0
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return float(np.var(cv2.Laplacian(grey, cv2.CV_32F)[mask]))
