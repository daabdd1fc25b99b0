"""What the live gate says of a picture on its own, be it saved or just taken."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leuko.calibration import Calibration
    from leuko.cells import RGBImage


def live_gate(present: "Calibration | None", um_per_px: float) -> "Callable[[RGBImage], str]":
    """Return what says why a live count would not count a picture; nothing if it would.

    Args:
        present: the calibration in use; evens out the light and says what is sharp.
        um_per_px: scale of the pictures.
    """
    from leuko.calibration import CalibratedFrames, quality_limits
    from leuko.vision.quality import judge

    frames, limits = CalibratedFrames(present) if present else None, quality_limits(present)

    def flaw(rgb: "RGBImage") -> str:
        even = frames.calibrated(rgb) if frames else rgb
        # Half a second between pictures tells nothing of the motion while one was taken.
        return judge(even, um_per_px=um_per_px, moved_um=math.inf, limits=limits).guidance

    return flaw
