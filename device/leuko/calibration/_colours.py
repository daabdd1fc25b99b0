"""The white balance at which a camera's background has no colour."""

import math
from collections.abc import Callable

from leuko.calibration._circumstances import Circumstances
from leuko.calibration._record import WhiteBalancePart
from leuko.calibration._tuning import (
    MOST_CLIPPED,
    NEAR,
    Slope,
    TunedCamera,
    check_background,
    worst_channel,
)
from leuko.cameras import Locks, Range
from leuko.errors import CalibrationError, NoControlError
from leuko.vision.backdrop import DIMMEST, Backdrop

_ROUNDS = 12


def measure_white_balance(camera: TunedCamera, circumstances: Circumstances) -> WhiteBalancePart:
    """Return the gains or the colour temperature, once the camera is locked at them.

    Args:
        camera: shows some background; its white balance is turned.
        circumstances: who measures, when and with what.

    Raises:
        NoControlError: the camera has no white balance that can be set.
        CalibrationError: no background is in view, it is too dark or clips, or the lamp's colour
            is beyond the camera's range.
    """
    ranges = camera.ranges
    if ranges.gains:
        locks, seen = _with_gains(camera, ranges.gains)
    elif ranges.white_balance_k:
        locks, seen = _with_temperature(camera, ranges.white_balance_k)
    else:
        raise NoControlError(
            f"{camera.name} has no white balance that can be set; its pictures are balanced when "
            "they are counted"
        )
    red, blue = locks.gains or (None, None)
    levels = (round(seen.levels[0], 1), round(seen.levels[1], 1), round(seen.levels[2], 1))
    return WhiteBalancePart(
        origin=circumstances.origin(camera.frames, shape=camera.shape),
        red_gain=round(red, 4) if red else None,
        blue_gain=round(blue, 4) if blue else None,
        kelvin=locks.white_balance_k,
        background=levels,
    )


def _with_gains(camera: TunedCamera, allowed: Range) -> tuple[Locks, Backdrop]:
    red, blue = camera.locks.gains or (1.0, 1.0)
    # A step too far would clip; a linear camera takes it whole.
    slopes = Slope(1.0), Slope(1.0)
    for _ in range(_ROUNDS):
        locks = Locks(gains=(allowed.nearest(red), allowed.nearest(blue)))
        seen = _checked(camera.read(locks))
        _refuse_colour((red, blue), allowed)
        wanted = seen.levels[1]
        if max(abs(math.log(seen.levels[i] / wanted)) for i in (0, 2)) < NEAR:
            return locks, seen
        red *= slopes[0].factor(red, seen.levels[0], wanted=wanted)
        blue *= slopes[1].factor(blue, seen.levels[2], wanted=wanted)
    raise CalibrationError(_restless(seen))


def _refuse_colour(gains: tuple[float, float], allowed: Range) -> None:
    for name, gain in zip(("red", "blue"), gains, strict=True):
        if allowed.nearest(gain) != gain:
            raise CalibrationError(
                f"the lamp's colour is beyond the camera: it would take a {name} gain of "
                f"{gain:.2f}, {allowed.least:g} to {allowed.most:g} can be set; take the coloured "
                "filter out, or set the lamp to daylight"
            )


def _with_temperature(camera: TunedCamera, allowed: Range) -> tuple[Locks, Backdrop]:
    """Halve the range until red and blue are alike; green is left to where pictures are counted."""
    _checked(camera.read())

    def read_at(kelvin: float) -> Backdrop:
        return camera.read(Locks(white_balance_k=round(kelvin)))

    least, most = allowed
    # What clips out there still tells on which side of white it is.
    if not _warmth(read_at(least)) < NEAR < 2 * NEAR + _warmth(read_at(most)):
        raise CalibrationError(
            f"the lamp's colour is beyond the camera: from {least:g} to {most:g} K the background "
            "stays coloured; take the coloured filter out, or set the lamp to daylight"
        )
    return _halved(read_at, allowed)


def _halved(read_at: Callable[[float], Backdrop], allowed: Range) -> tuple[Locks, Backdrop]:
    least, most = allowed
    for _ in range(_ROUNDS):
        kelvin = round(math.sqrt(least * most))
        seen = read_at(kelvin)
        warmth = _warmth(seen)
        if abs(warmth) < NEAR:
            return Locks(white_balance_k=kelvin), _checked(seen)
        least, most = (least, kelvin) if warmth > 0 else (kelvin, most)
    raise CalibrationError(_restless(seen))


def _warmth(seen: Backdrop) -> float:
    """Return how much redder than blue the background is, as a logarithm."""
    return math.log(max(seen.levels[0], 1.0) / max(seen.levels[2], 1.0))


def _checked(seen: Backdrop) -> Backdrop:
    """Return what a background's colour can be told from.

    Raises:
        CalibrationError: it cannot.
    """
    channel, share = worst_channel(seen)
    if share > MOST_CLIPPED:
        raise CalibrationError(
            f"{100 * share:.1f} % of {channel} clips; turn the lamp down, or run leuko calibrate "
            "exposure first"
        )
    check_background(seen)
    if min(seen.levels) < DIMMEST:
        raise CalibrationError(
            f"the background is at {min(seen.levels):.0f} of 255 in its darkest channel, too dark "
            "to tell its colour; turn the lamp up, or run leuko calibrate exposure first"
        )
    return seen


def _restless(seen: Backdrop) -> str:
    shown = "/".join(f"{level:.0f}" for level in seen.levels)
    return (
        f"no white balance suits: the background stays at {shown} (red/green/blue); see that the "
        "lamp does not change and keep the slide still"
    )
