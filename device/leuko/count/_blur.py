"""Whether a still picture is sharp enough to name cells in it."""

import math

from leuko.cells import RGBImage
from leuko.status import Guidance
from leuko.vision.quality import QualityLimits, judge

_LEAST_SIDE_UM = 50.0
"""Side of a field with enough outlines to tell; a crop of one cell has too few."""


def is_blurred(rgb: RGBImage, *, um_per_px: float, limits: QualityLimits) -> bool:
    """Return whether the live count would refuse a picture as not sharp.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB.
        um_per_px: its scale.
        limits: what sharp means.
    """
    if min(rgb.shape[:2]) * um_per_px < _LEAST_SIDE_UM:
        return False
    quality = judge(rgb, um_per_px=um_per_px, moved_um=math.inf, limits=limits)
    return quality.guidance in {Guidance.FOCUS, Guidance.SLOWER}
