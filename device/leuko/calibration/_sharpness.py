"""What sharp means for an optic, from a sweep of the focus through the film and out again."""

import math
from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np

from leuko.calibration._circumstances import Circumstances
from leuko.calibration._origin import FrameUsed
from leuko.calibration._record import FocusPart
from leuko.calibration._shots import Shot
from leuko.cells import RGBImage
from leuko.errors import CalibrationError
from leuko.plurals import counted
from leuko.vision.quality import DEFAULT_LIMITS, judge

SWEEP = 40
"""Pictures of a sweep."""

_FEWEST = 7
_LEAST_BEST = 1.4
"""Sharpness of the best picture below which nothing in the sweep was in focus."""
_USUAL_BEST = 2.5
"""Sharpness in focus of the optics that the usual limit is for."""
_SHARE = (DEFAULT_LIMITS.least_sharpness - 1) / (_USUAL_BEST - 1)
"""Share of the way from nothing but blur to best focus that a frame must have come."""


def measure_focus(
    shots: Iterable[Shot],
    circumstances: Circumstances,
    *,
    even: Callable[[RGBImage], RGBImage],
    um_per_px: float,
    wanted: int = SWEEP,
    told: Callable[[float], None] | None = None,
) -> FocusPart:
    """Return the sharpness that this optic reaches, and the least that a frame must have.

    Args:
        shots: pictures of one place while the focus is turned through it, in order.
        circumstances: who measures, when and with what.
        even: evens out a picture's light, as the live gate sees it.
        um_per_px: scale of the pictures.
        wanted: pictures to be taken at most.
        told: called with the sharpness of each.

    Raises:
        CalibrationError: the sweep is too short, not through the focus, or never sharp.
    """
    frames: list[FrameUsed] = []
    shape, values = (0, 0), []
    for shot in islice(shots, wanted):
        frames.append(shot.used)
        shape = shot.shape
        values.append(judge(even(shot.rgb), um_per_px=um_per_px, moved_um=math.inf).sharpness)
        if told:
            told(values[-1])
    if len(values) < _FEWEST:
        raise CalibrationError(
            f"{counted(len(values), 'picture')} cannot be a sweep; give {_FEWEST} or more"
        )
    best = float(np.median(np.sort(values)[-3:]))
    least = 1 + _SHARE * (best - 1)
    _check(values, best=best, least=least)
    return FocusPart(
        origin=circumstances.origin(frames, shape=shape),
        least_sharpness=round(least, 3),
        best_sharpness=round(best, 3),
        softest=round(min(values), 3),
    )


def _check(values: list[float], *, best: float, least: float) -> None:
    if best < _LEAST_BEST:
        raise CalibrationError(
            f"no picture is sharp (sharpness {best:.2f}, {_LEAST_BEST:g} is needed); clean the "
            "objective and turn the focus more slowly through the film"
        )
    if max(values[0], values[-1]) >= least:
        raise CalibrationError(
            f"the sweep begins or ends in focus (sharpness {values[0]:.2f} and {values[-1]:.2f}, "
            f"in focus {best:.2f}); begin below the film and end above it"
        )
