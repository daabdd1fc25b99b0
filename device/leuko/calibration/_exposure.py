"""The exposure at which a camera's background has the level that bundles are trained on."""

import math

from leuko.calibration._circumstances import Circumstances
from leuko.calibration._record import ExposurePart
from leuko.calibration._tuning import (
    MOST_CLIPPED,
    NEAR,
    Slope,
    TunedCamera,
    check_background,
    goal,
    worst_channel,
)
from leuko.cameras import Locks, Range
from leuko.errors import CalibrationError, NoControlError
from leuko.vision.backdrop import Backdrop

_ROUNDS = 12
_LONGEST_US = 20_000.0
"""Exposure from which a hand's motion smears more than a gain's noise blurs."""
_DARKER = 0.5
"""What a saturated picture's exposure is multiplied by: how much too bright it is, is unknown."""


def measure_exposure(camera: TunedCamera, circumstances: Circumstances) -> ExposurePart:
    """Return exposure time and gain, once the camera is locked at them.

    Args:
        camera: shows some background; exposure and gain are turned.
        circumstances: who measures, when and with what.

    Raises:
        NoControlError: the camera has no exposure that can be set.
        CalibrationError: no background is in view, the lamp is too dim or too bright for the
            camera's range, or a channel clips all the same.
    """
    light = _Light(camera)
    slope = Slope()
    seen = camera.read(light.locks)
    for _ in range(_ROUNDS):
        if max(seen.clipped) > MOST_CLIPPED:
            factor, wanted = _DARKER, seen.level
        else:
            check_background(seen)
            wanted = goal(seen)
            factor = slope.factor(light.value, seen.level, wanted=wanted)
            if abs(math.log(seen.level / wanted)) < NEAR:
                return _part(camera, circumstances, light, seen)
        if not light.turn(factor):
            raise CalibrationError(_out_of_range(light, seen, wanted, is_dim=factor > 1))
        seen = camera.read(light.locks)
    channel, share = worst_channel(seen)
    raise CalibrationError(
        f"no exposure suits: the background is at {seen.level:.0f} of 255 and {100 * share:.1f} % "
        f"of {channel} clips; see that the lamp does not flicker and keep the slide still"
    )


class _Light:
    """Exposure time and gain as one: time as long as it does not smear, gain beyond."""

    def __init__(self, camera: TunedCamera) -> None:
        ranges, found = camera.ranges, camera.locks
        if ranges.exposure_us is None:
            raise NoControlError(
                f"{camera.name} has no exposure that can be set; set the lamp instead: --from "
                "FOLDER says by how much"
            )
        self._exposure = ranges.exposure_us
        self._gain = ranges.analogue_gain or Range(1.0, 1.0)
        self._has_gain = ranges.analogue_gain is not None
        gain = found.analogue_gain if self._has_gain else None
        self.value = (found.exposure_us or self._exposure.least) * (gain or 1.0)

    @property
    def locks(self) -> Locks:
        """The time and the gain that make up the light."""
        least = self._gain.least
        time_us = self._exposure.nearest(min(self.value / least, _LONGEST_US))
        gain = self._gain.nearest(self.value / time_us)
        time_us = self._exposure.nearest(self.value / gain)
        return Locks(
            exposure_us=max(1, int(time_us)), analogue_gain=gain if self._has_gain else None
        )

    def turn(self, factor: float) -> bool:
        """Make the light so many times as much; return whether the camera can."""
        least = self._exposure.least * self._gain.least
        most = self._exposure.most * self._gain.most
        before, self.value = self.value, min(max(self.value * factor, least), most)
        return abs(math.log(self.value / before)) > NEAR / 4


def _out_of_range(light: _Light, seen: Backdrop, wanted: float, *, is_dim: bool) -> str:
    locks = light.locks
    at = f"at {locks.exposure_us} µs"
    if locks.analogue_gain is not None:
        at += f" and a gain of {locks.analogue_gain:.1f}"
    if is_dim:
        return (
            f"the lamp is too dim: {at} the background is at {seen.level:.0f} of 255 instead of "
            f"{wanted:.0f}; turn it up, or open the condenser's diaphragm"
        )
    return (
        f"the lamp is too bright: {at}, the least there is, the background is at "
        f"{seen.level:.0f} of 255; turn it down, or put a grey filter before it"
    )


def _part(
    camera: TunedCamera, circumstances: Circumstances, light: _Light, seen: Backdrop
) -> ExposurePart:
    locks = light.locks
    # A camera that tells no range of its gain may hold one all the same.
    gain = locks.analogue_gain or camera.locks.analogue_gain
    return ExposurePart(
        origin=circumstances.origin(camera.frames, shape=camera.shape),
        exposure_us=locks.exposure_us or 1,
        analogue_gain=round(gain, 4) if gain else None,
        level=round(seen.level, 1),
        clipped_percent=round(100 * worst_channel(seen)[1], 3),
    )
