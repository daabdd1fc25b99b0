"""How soft the outlines of a field are, and whether they are softer in one direction.

An edge that is blurred once more loses the more of its slope the sharper it was, whatever its
contrast or stain (Zhuo and Sim, Pattern Recognition 44:1852, 2011). The slopes before and after
are summed as structure tensors; their generalised eigenvalues are the losses along the direction
that suffers least and most, which differ where the picture was smeared by motion.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SMOOTHING_UM = 0.20
"""Blur before the first slope, so that pixels and their noise do not matter."""
_LEAST_UM = 0.05
_SECOND_BLUR_UM = 0.45
_EDGE_SHARE = 0.2
"""Share of the pixels, the steepest after the second blur, that are looked at."""
_PIXEL_SPREAD = 0.29
"""Standard deviation of a box one pixel wide, which has already blurred the field."""
_STRIPS = 3
_STRIP_PX = 48
_WIDEST_PX = 480
"""More pixels than in so many bands of this size change nothing but time."""
_TINY = 1e-9
_DENSITY = -np.log(np.arange(256, dtype=np.float32) + 8)
"""Light held back at each level; the offset keeps black pixels from drowning all else."""


@dataclass(frozen=True, slots=True)
class EdgeSharpness:
    """By what the energy of the slopes falls when edges are blurred once more; 1 is no edge left.

    Attributes:
        least: in the direction in which the field is softest, about 3 in focus.
        most: in the direction across it.
    """

    least: float
    most: float


def edge_sharpness(grey: NDArray[np.uint8], *, um_per_px: float) -> EdgeSharpness:
    """Return how sharp the strongest edges of a field are.

    Args:
        grey: ``(height, width)`` uint8, the channel in which cells are darkest.
        um_per_px: its scale, at most about 0.3.
    """
    own = math.sqrt(max(_SMOOTHING_UM**2 - (_PIXEL_SPREAD * um_per_px) ** 2, _LEAST_UM**2))
    fine, soft = np.zeros((2, 2)), np.zeros((2, 2))
    for strip in _strips(grey):
        density = np.asarray(cv2.LUT(strip, _DENSITY), np.float32)
        smooth = _blurred(density, own / um_per_px)
        fine_x, fine_y = _slopes(smooth)
        soft_x, soft_y = _slopes(_blurred(smooth, _SECOND_BLUR_UM / um_per_px))
        steep = soft_x * soft_x + soft_y * soft_y
        weight = (steep > _limit(steep)).astype(np.float32)
        fine += _tensor(fine_x, fine_y, weight)
        soft += _tensor(soft_x, soft_y, weight)
    return EdgeSharpness(*_losses(fine, soft))


def _strips(grey: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return a few bands across the middle of the field, which tell as much as all of it."""
    height, width = grey.shape
    left = max(0, (width - _WIDEST_PX) // 2)
    rows = np.linspace(0, max(0, height - _STRIP_PX), 2 * _STRIPS + 1)[1::2].astype(int)
    return [grey[row : row + _STRIP_PX, left : left + _WIDEST_PX] for row in rows]


def _blurred(density: Floats, spread: float) -> Floats:
    side = 2 * math.ceil(2.2 * spread) + 1
    return np.asarray(cv2.GaussianBlur(density, (side, side), spread), np.float32)


def _limit(steep: Floats) -> float:
    # A sixteenth of the pixels tells it as well, in a tenth of the time.
    some = steep[::4, ::4].ravel()
    rank = int((1 - _EDGE_SHARE) * (some.size - 1))
    return float(np.partition(some, rank)[rank])


def _slopes(density: Floats) -> tuple[Floats, Floats]:
    across = cv2.Scharr(density, cv2.CV_32F, 1, 0, scale=1 / 32)
    along = cv2.Scharr(density, cv2.CV_32F, 0, 1, scale=1 / 32)
    return np.asarray(across, np.float32), np.asarray(along, np.float32)


def _tensor(x: Floats, y: Floats, weight: Floats) -> NDArray[np.float64]:
    flat_x, flat_y = (x * weight).ravel(), (y * weight).ravel()
    xx, xy, yy = (float(flat_x @ flat_x), float(flat_x @ flat_y), float(flat_y @ flat_y))
    return np.array([[xx + _TINY, xy], [xy, yy + _TINY]])


def _losses(fine: NDArray[np.float64], soft: NDArray[np.float64]) -> tuple[float, float]:
    root = np.linalg.inv(np.linalg.cholesky(soft))
    least, most = np.linalg.eigvalsh(root @ fine @ root.T)
    return float(least), float(most)
