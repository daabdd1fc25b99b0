"""A cell as it would look among what surrounds another one."""

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL

_RIM = np.ones((5, 5), np.uint8)
_WIDER_RIM = np.ones((9, 9), np.uint8)
"""Nothing of a cell that is taken out may show around the one that comes in its place."""
_SOFT_PX = 5


def transplanted(
    image: RGBImage, mask: RGBImage, other: RGBImage, other_mask: RGBImage
) -> RGBImage:
    """Return a cell in place of another, among the red cells and stain that surround that one.

    What surrounds a cell tells its laboratory, and the laboratory often tells the class.

    Args:
        image: ``(side, side, 3)`` uint8, RGB, white balanced, around the cell; left as it is.
        mask: ``(side, side)`` uint8, 0 or 255 on the cell.
        other: as `image`, of any side but the same field of view, around the other cell.
        other_mask: as `mask`, on the other cell.
    """
    size = (image.shape[1], image.shape[0])
    around = np.asarray(cv2.resize(other, size), np.uint8)
    taken = cv2.dilate(cv2.resize(other_mask, size), _WIDER_RIM)
    blank = np.full_like(image, BACKGROUND_LEVEL)
    return _over(image, _over(blank, around, taken), cv2.dilate(mask, _RIM))


def _over(above: RGBImage, below: RGBImage, mask: cv2.typing.MatLike) -> RGBImage:
    weight = cv2.blur(mask, (_SOFT_PX, _SOFT_PX)).astype(np.float32)[..., None] / 255
    return np.asarray(weight * above + (1 - weight) * below + 0.5, np.uint8)
