"""A simulated camera's exposure and colours: what its automatic finds, what locks make of it."""

from leuko.cameras import ControlRanges, Locks, Range
from leuko.errors import CameraError
from leuko.sim._sensor import Tuning

EXPOSURE_US = 4000
"""Exposure that slides are drawn for, under a lamp of full power."""
CONTROLS = ControlRanges(
    exposure_us=Range(20, 200_000), analogue_gain=Range(1, 16), gains=Range(0.25, 8)
)
"""What a camera with gains has, as libcamera tells it."""

_GAINS = (1.9, 1.6)
"""Red and blue gain that show slides as they are drawn."""
_KELVIN = 5000
"""Colour temperature that does."""
_WARMTH = 0.8
"""Power of the colour temperature that red, over blue twice, grows with; about a webcam's."""


class SimControls:
    """The controls of one camera; None in its ranges is a control that it lacks."""

    def __init__(self, ranges: ControlRanges, *, lamp: float) -> None:
        """Let the automatic find what shows slides as they are drawn.

        Args:
            ranges: what can be set.
            lamp: power of the lamp; 1 is what slides are drawn for.
        """
        self.ranges = ranges
        self._lamp = lamp
        exposure = ranges.exposure_us
        found_us = exposure.nearest(EXPOSURE_US / lamp) if exposure else EXPOSURE_US
        self.locks = Locks(
            exposure_us=round(found_us),
            analogue_gain=1.0 if ranges.analogue_gain else None,
            gains=_GAINS if ranges.gains else None,
            white_balance_k=_KELVIN if ranges.white_balance_k else None,
        )

    def lock(self, locks: Locks) -> None:
        """Set what is given.

        Raises:
            CameraError: the camera has no such control, or not of such a range.
        """
        for name in sorted(locks.names):
            allowed = getattr(self.ranges, name)
            value = getattr(locks, name)
            if allowed is None:
                raise CameraError(f"the simulated camera cannot set {name}; leave it to it")
            for one in value if isinstance(value, tuple) else (value,):
                if allowed.nearest(one) != one:
                    raise CameraError(
                        f"the simulated camera cannot set {name} to {one:g}; give "
                        f"{allowed.least:g} to {allowed.most:g}"
                    )
        self.locks = locks.over(self.locks)

    @property
    def exposure_us(self) -> int:
        """How long a frame is exposed."""
        return self.locks.exposure_us or EXPOSURE_US

    @property
    def tuning(self) -> Tuning:
        """What the sensor makes of it."""
        light = self._lamp * self.exposure_us / EXPOSURE_US
        red, blue = self._colours()
        return Tuning((light * red, light, light * blue), self.locks.analogue_gain or 1.0)

    def _colours(self) -> tuple[float, float]:
        """Red and blue as shares of what slides are drawn with."""
        if self.locks.white_balance_k:
            warmth = (self.locks.white_balance_k / _KELVIN) ** _WARMTH
            return warmth, 1 / warmth
        red, blue = self.locks.gains or _GAINS
        return red / _GAINS[0], blue / _GAINS[1]
