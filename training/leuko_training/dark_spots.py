"""Stained spots that no mask tells of: platelets, red cells, debris."""

import cv2
import numpy as np

from leuko.cells import Mask, RGBImage


def dark_spot(image: RGBImage, row: float, column: float) -> Mask:
    """Return the stained spot nearest to a point: a platelet, a red cell, a piece of debris."""
    green = cv2.GaussianBlur(image[..., 1], (0, 0), 1.5)
    _, dark = cv2.threshold(green, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    count, labels = cv2.connectedComponents(np.asarray(dark, np.uint8))
    if count == 1:
        return np.zeros(green.shape, np.bool_)
    rows, columns = np.nonzero(labels)
    nearest = int(np.argmin((rows - row) ** 2 + (columns - column) ** 2))
    return np.asarray(labels == labels[rows[nearest], columns[nearest]])
