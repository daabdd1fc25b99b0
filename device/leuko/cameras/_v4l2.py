"""Exposure and white balance of a V4L2 camera, brought to rest and locked."""

import logging
import time

import cv2
import numpy as np

from leuko.cameras._base import CameraOptions
from leuko.cameras._controls import Locks
from leuko.cameras._v4l2_ranges import EXPOSURE_US
from leuko.errors import CameraError

_SETTLE_S = 1.0
"""How long the automatic of a webcam takes to come to rest on an evenly lit field."""
_MANUAL = 1
"""``V4L2_EXPOSURE_MANUAL``; OpenCV hands the number on to the driver as it is."""
_IN_FLIGHT = 4
"""Pictures that were exposed before a change takes effect."""
_ROUNDS = 6
_ALIKE = 0.1
_DARK = 8.0

logger = logging.getLogger(__name__)


def settle(capture: cv2.VideoCapture, options: CameraOptions) -> None:
    """Let the automatic find its exposure and white balance.

    Raises:
        CameraError: nothing comes, or it is dark: what would be locked then suits no specimen.
    """
    until = time.monotonic() + _SETTLE_S
    while (left := _brightness(capture)) and time.monotonic() < until:
        pass
    if left < _DARK and options.locks.exposure_us is None:
        raise CameraError("the camera sees nothing; switch the lamp on and take the cap off")


def lock_all(capture: cv2.VideoCapture, wanted: Locks) -> Locks:
    """Stop everything automatic where it is, or at what is asked for.

    Returns:
        What the camera is locked at, for when it is opened again, as far as it tells.

    Raises:
        CameraError: something is asked for that the camera cannot set.
    """
    if not capture.set(cv2.CAP_PROP_AUTO_WB, 0):
        logger.warning("the camera cannot lock its white balance")
    set_colours(capture, wanted)
    exposure_us = lock_exposure(capture, wanted)
    # Once the automatic has stopped, these are what pictures are taken with.
    kelvin = _held(capture, cv2.CAP_PROP_WB_TEMPERATURE)
    found = Locks(
        exposure_us=exposure_us,
        analogue_gain=_held(capture, cv2.CAP_PROP_GAIN),
        white_balance_k=round(kelvin) if kelvin else None,
    )
    return wanted.over(found)


def set_colours(capture: cv2.VideoCapture, wanted: Locks) -> None:
    """Set red and blue gain, or the colour temperature, where they are asked for.

    Raises:
        CameraError: the camera cannot set them.
    """
    if wanted.gains is not None:
        is_red_set = capture.set(cv2.CAP_PROP_WHITE_BALANCE_RED_V, wanted.gains[0])
        if not (is_red_set and capture.set(cv2.CAP_PROP_WHITE_BALANCE_BLUE_U, wanted.gains[1])):
            raise CameraError("the camera cannot set red and blue gains; leave them to it")
    kelvin = wanted.white_balance_k
    if kelvin is not None and not capture.set(cv2.CAP_PROP_WB_TEMPERATURE, kelvin):
        raise CameraError(f"the camera cannot set its white balance to {kelvin} K; leave it to it")


def set_exposure(capture: cv2.VideoCapture, wanted: Locks) -> None:
    """Set exposure time and gain where they are asked for.

    Raises:
        CameraError: the camera cannot set them.
    """
    exposure_us, gain = wanted.exposure_us, wanted.analogue_gain
    if exposure_us is not None and not capture.set(
        cv2.CAP_PROP_EXPOSURE, max(1, round(exposure_us / EXPOSURE_US))
    ):
        raise CameraError("the camera cannot set an exposure time; leave it to the camera")
    if gain is not None and not capture.set(cv2.CAP_PROP_GAIN, gain):
        raise CameraError(f"the camera cannot set a gain of {gain:g}; leave it to the camera")


def lock_exposure(capture: cv2.VideoCapture, asked: Locks) -> int | None:
    """Stop the automatic exposure where it is, or at what is asked for.

    Returns:
        The exposure time in µs; None if the camera has none that can be set.

    Raises:
        CameraError: an exposure time or gain is asked for that the camera cannot set.
    """
    wanted = _brightness(capture)
    exposure = capture.get(cv2.CAP_PROP_EXPOSURE)
    is_manual = capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL)
    set_exposure(capture, asked)
    if asked.exposure_us is not None:
        return asked.exposure_us
    if not (is_manual and capture.set(cv2.CAP_PROP_EXPOSURE, exposure)):
        logger.warning("the camera cannot lock its exposure")
        return None
    return _matched(capture, wanted, exposure) * EXPOSURE_US


def _matched(capture: cv2.VideoCapture, wanted: float, exposure: float) -> int:
    """Return the exposure, in the driver's units, at which pictures are as bright as wanted.

    Many cameras report the exposure that was set by hand last, not what their automatic found.
    """
    for _ in range(_ROUNDS):
        ratio = wanted / max(_brightness(capture), 1.0)
        if abs(ratio - 1) < _ALIKE:
            break
        exposure = max(1.0, round(exposure * ratio))
        capture.set(cv2.CAP_PROP_EXPOSURE, exposure)
    return round(exposure)


def await_pictures(capture: cv2.VideoCapture) -> None:
    """Let the pictures pass that were exposed before this call.

    Raises:
        CameraError: none comes.
    """
    _brightness(capture)


def _held(capture: cv2.VideoCapture, control: int) -> float | None:
    """Return what a control is at; None where it is missing or cannot be set to that again."""
    # OpenCV says 0 or -1 of one that is missing.
    value = float(capture.get(control))
    return value if value > 0 and capture.set(control, value) else None


def _brightness(capture: cv2.VideoCapture) -> float:
    """Return the mean grey level of a picture exposed after this call.

    Raises:
        CameraError: none comes.
    """
    for _ in range(_IN_FLIGHT):
        is_given, bgr = capture.read()
        if not is_given:
            raise CameraError("the camera gives no pictures; check its cable")
    return float(np.mean(bgr[::8, ::8]))
