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
        present: the calibration in use; says what is sharp.
        um_per_px: scale of the pictures, whose light is evened out.
    """
    from leuko.calibration import quality_limits
    from leuko.vision.quality import judge

    limits = quality_limits(present)
    # Half a second between pictures tells nothing of the motion while one was taken.
    return lambda rgb: judge(rgb, um_per_px=um_per_px, moved_um=math.inf, limits=limits).guidance
