"""How long a camera is waited for, and when one that failed is opened again."""

from dataclasses import dataclass
from typing import Self

from leuko.cameras._base import CameraOptions
from leuko.cameras._loading import WITHOUT_HARDWARE

_MARGIN = 0.9
"""Share of the allowed silence after which it is called one, so that it is noticed in time."""
_PERIODS = 3
"""Pictures that a slow source may be late by before it counts as silent."""
_TIMES = 5
"""How many times as long a source without hardware may take, which other programs slow down."""
_TOO_BUSY = "this computer is too busy to draw the slide; close other programs"
_SMALLER = " or choose a smaller frame (frame_width, frame_height)"
_SMALL_PX = 640 * 480
"""Pixels of a frame that is drawn so fast that a smaller one helps nobody."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one camera is waited for.

    Attributes:
        silence_s: for a sound picture after another.
        opening_s: for the first one.
        is_hardware: whether a cable may be what it lacks.
        is_small: whether its pictures are as small as they sensibly are.
    """

    silence_s: float
    opening_s: float
    is_hardware: bool
    is_small: bool = False

    @classmethod
    def with_driver(
        cls, driver: str, options: CameraOptions, *, silence_s: float, opening_s: float
    ) -> Self:
        """Return the patience with a driver; see `CameraProcess`."""
        is_hardware = driver not in WITHOUT_HARDWARE
        times = 1 if is_hardware else _TIMES
        period_s = 1 / options.frames_per_s if options.frames_per_s else 0.0
        silence_s = max(_MARGIN * silence_s * times, _PERIODS * period_s)
        is_small = options.width * options.height <= _SMALL_PX
        return cls(silence_s, opening_s * times, is_hardware, is_small)

    def or_too_busy(self, remedy: str) -> str:
        """Return what to do: the remedy for hardware, else what helps a busy computer."""
        if self.is_hardware:
            return remedy
        return _TOO_BUSY if self.is_small else f"{_TOO_BUSY}{_SMALLER}"


class BackOff:
    """When a camera that failed is opened again: each time after twice the wait.

    Attributes:
        retry_s: not before this moment.
    """

    def __init__(self) -> None:
        """Begin with a camera that has not failed."""
        self.retry_s = 0.0
        self._pause_s = _FIRST_PAUSE_S

    def fail(self, now_s: float) -> None:
        """Take note that it failed at a moment."""
        self.retry_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def praise(self, open_s: float) -> None:
        """Take note of a sound picture of a camera that has been open for so long."""
        # One good picture is no proof that the camera is well again.
        if open_s > _LONGEST_PAUSE_S:
            self._pause_s = _FIRST_PAUSE_S
