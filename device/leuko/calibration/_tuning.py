"""A camera whose controls are turned until its background is as it should be."""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Protocol

from leuko.calibration._origin import FrameUsed
from leuko.calibration._shots import Shot, ShotSource, refuse_several_sizes, shots_of_camera
from leuko.cameras import ControlRanges, Found, Locks
from leuko.cells import RGBImage
from leuko.errors import CalibrationError, CameraError
from leuko.vision.backdrop import Backdrop, mean_backdrop, read_backdrop
from leuko.vision.preprocess import BACKGROUND_LEVEL

LEVEL = float(BACKGROUND_LEVEL)
"""Level of the background that every bundle is trained on."""
LEAST_LEVEL = 160.0
"""Lowest level of a background whose light is so uneven that more would clip its brightest part."""
MOST_CLIPPED = 0.005
"""Share of a channel's pixels that may be saturated: glints, dust and dead pixels."""
_OVEREXPOSED = 0.02
"""Share of a channel's pixels from which saved pictures tell nothing; a flare alone is less."""
NEAR = 0.02
"""Logarithm within which a level is what it should be."""

_ROOM = 250.0
"""Highest level of the brightest part; above it, noise and flicker would clip."""
_LEAST_SHARE = 0.05
"""Share of the picture under background below which there is none to judge by."""
_DARK = 8.0
_PICTURES = 3
_FLATTEST, _USUAL, _STEEPEST = 0.3, 0.6, 1.5
"""Powers of tone curves between light and levels; a curve with a shoulder is flat at its top."""


class Tunable(ShotSource, Protocol):
    """What is asked of a camera to be tuned: `leuko.cameras.CameraProcess`."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def found(self) -> Found | None:
        """How it was opened; None before it was."""

    def lock(self, locks: Locks) -> None:
        """Set controls; every picture read afterwards shows them.

        Raises:
            CameraError: it has no such control, does not take the value, or is gone.
        """


@dataclass(slots=True)
class TunedCamera:
    """A camera while its controls are turned, and what it showed last.

    Attributes:
        camera: it.
        every_s: how far apart pictures are taken.
        told: called with a picture and what all of a reading show.
        frames: pictures that the present reading is from.
        shape: their height and width.
    """

    camera: Tunable
    every_s: float = 0.1
    told: Callable[[RGBImage, Backdrop], None] | None = None
    frames: list[FrameUsed] = field(default_factory=list)
    shape: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.camera.name

    @property
    def locks(self) -> Locks:
        """What its controls are at."""
        return self._opened().locks

    @property
    def ranges(self) -> ControlRanges:
        """What they may be set to."""
        return self._opened().ranges

    def read(self, locks: Locks | None = None) -> Backdrop:
        """Return what the background looks like, with controls set first.

        Raises:
            CalibrationError: the camera fails or does not take the controls.
        """
        self._opened()
        if locks is not None:
            try:
                self.camera.lock(locks)
            except CameraError as error:
                raise CalibrationError(str(error)) from error
        shots = self._shots()
        self.frames, self.shape = [shot.used for shot in shots], shots[0].shape
        seen = mean_backdrop([read_backdrop(shot.rgb) for shot in shots])
        if self.told:
            self.told(shots[-1].rgb, seen)
        return seen

    def _opened(self) -> Found:
        if self.camera.found is None:
            self._shots(1)
        if (found := self.camera.found) is None:
            raise CalibrationError(f"{self.name} does not open; check its cable and try again")
        return found

    def _shots(self, number: int = _PICTURES) -> list[Shot]:
        shots: list[Shot] = []
        for shot in shots_of_camera(self.camera, every_s=self.every_s):
            shots.append(shot)
            if len(shots) == number:
                return shots
        raise CalibrationError(f"{self.name} has come to its end; give a camera that goes on")


def goal(seen: Backdrop) -> float:
    """Return the level that a background should have so that its brightest part does not clip.

    Raises:
        CalibrationError: its light is too uneven for any.
    """
    unevenness = max(1.0, seen.brightest / max(seen.level, 1.0))
    level = min(LEVEL, _ROOM / unevenness)
    if level < LEAST_LEVEL:
        raise CalibrationError(
            f"the brightest part of the picture is {unevenness:.1f} times as bright as its "
            "background; centre the condenser, and keep what glares out of the view"
        )
    return level


def check_background(seen: Backdrop) -> None:
    """Refuse a picture that shows no background.

    Raises:
        CalibrationError: it is black, or covered by cells.
    """
    if seen.level < _DARK:
        raise CalibrationError("the camera sees nothing; switch the lamp on and take the cap off")
    if seen.share < _LEAST_SHARE:
        raise CalibrationError(
            f"no background is in view ({100 * seen.share:.0f} % of the picture has one colour); "
            "go to a thinner part of the smear, or to empty glass, and keep glare out of view"
        )


def worst_channel(seen: Backdrop) -> tuple[str, float]:
    """Return the channel that clips most, and its share of saturated pixels."""
    named = zip(("red", "green", "blue"), seen.clipped, strict=True)
    return max(named, key=itemgetter(1))


@dataclass(slots=True)
class Slope:
    """How steeply a level follows a control, learnt from one setting to the next."""

    power: float = _USUAL
    _last: tuple[float, float] | None = None

    def factor(self, control: float, level: float, *, wanted: float) -> float:
        """Return what to multiply a control by so that its level becomes the one wanted."""
        at = (math.log(control), math.log(max(level, 1.0)))
        if self._last and abs(at[0] - self._last[0]) > NEAR:
            power = (at[1] - self._last[1]) / (at[0] - self._last[0])
            self.power = statistics.median((_FLATTEST, power, _STEEPEST))
        self._last = at
        return math.exp((math.log(wanted) - at[1]) / self.power)


@dataclass(frozen=True, slots=True)
class BackdropAdvice:
    """What saved pictures say of a camera's exposure and white balance.

    Attributes:
        background: red, green and blue of the background.
        clipped_percent: share of saturated pixels in the worst channel.
        wanted_level: level that the brightest channel should have.
        exposure_factor: by which the light should be multiplied, about.
        red_gain_factor: by which the red gain should be multiplied, about.
        blue_gain_factor: by which the blue gain should be multiplied, about.
    """

    background: tuple[float, float, float]
    clipped_percent: float
    wanted_level: float
    exposure_factor: float
    red_gain_factor: float
    blue_gain_factor: float


def advised(shots: Iterable[Shot]) -> BackdropAdvice:
    """Return what should be changed of the camera that took some pictures.

    Args:
        shots: its pictures, of which one at a time is in memory; what its tone curve makes of
            light is taken to be usual.

    Raises:
        CalibrationError: there are none, they are of several sizes, clip, or show no background,
            or it is too uneven.
    """
    seen = mean_backdrop(_backdrops(shots))
    channel, clipped = worst_channel(seen)
    if clipped > _OVEREXPOSED:
        raise CalibrationError(
            f"{100 * clipped:.1f} % of {channel} clips, so how bright it is cannot be told; halve "
            "the light, keep what glares out of the view, and take the pictures again"
        )
    check_background(seen)
    red, green, blue = seen.levels
    wanted = goal(seen)
    return BackdropAdvice(
        background=(round(red, 1), round(green, 1), round(blue, 1)),
        clipped_percent=round(100 * clipped, 2),
        wanted_level=round(wanted, 1),
        exposure_factor=_factor(wanted, seen.level),
        red_gain_factor=_factor(green, red),
        blue_gain_factor=_factor(green, blue),
    )


def _backdrops(shots: Iterable[Shot]) -> list[Backdrop]:
    backdrops: list[Backdrop] = []
    sizes: list[tuple[FrameUsed, tuple[int, int]]] = []
    for shot in shots:
        backdrops.append(read_backdrop(shot.rgb))
        sizes.append((shot.used, shot.shape))
    if not backdrops:
        raise CalibrationError("there is no picture; give one")
    refuse_several_sizes(sizes)
    return backdrops


def _factor(wanted: float, level: float) -> float:
    """Return by what to multiply, to the two figures that an unknown tone curve allows."""
    return float(f"{(wanted / level) ** (1 / _USUAL):.2g}")
