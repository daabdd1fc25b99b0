"""Exposure and white balance of a V4L2 camera, brought to rest and locked."""

import logging
import time

import cv2
import numpy as np

from leuko.cameras._base import CameraOptions
from leuko.errors import CameraError

_SETTLE_S = 1.0
"""How long the automatic of a webcam takes to come to rest on an evenly lit field."""
_MANUAL = 1
"""``V4L2_EXPOSURE_MANUAL``; OpenCV hands the number on to the driver as it is."""
_EXPOSURE_US = 100
"""``V4L2_CID_EXPOSURE_ABSOLUTE`` counts in units of 100 µs."""
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
    if left < _DARK and options.exposure_us is None:
        raise CameraError("the camera sees nothing; switch the lamp on and take the cap off")


def lock_white_balance(capture: cv2.VideoCapture, gains: tuple[float, float] | None) -> None:
    """Stop the automatic white balance where it is, or at a red and a blue gain.

    Raises:
        CameraError: gains are asked for that the camera cannot set.
    """
    if not capture.set(cv2.CAP_PROP_AUTO_WB, 0):
        logger.warning("the camera cannot lock its white balance")
    if gains is None:
        return
    is_red_set = capture.set(cv2.CAP_PROP_WHITE_BALANCE_RED_V, gains[0])
    if not (is_red_set and capture.set(cv2.CAP_PROP_WHITE_BALANCE_BLUE_U, gains[1])):
        raise CameraError("the camera cannot set red and blue gains; leave them to it")


def lock_exposure(capture: cv2.VideoCapture, exposure_us: int | None) -> int | None:
    """Stop the automatic exposure where it is, or at an exposure time.

    Returns:
        The exposure time in µs; None if the camera has none that can be set.

    Raises:
        CameraError: an exposure time is asked for that the camera cannot set.
    """
    wanted = _brightness(capture)
    exposure = capture.get(cv2.CAP_PROP_EXPOSURE)
    is_manual = capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL)
    if exposure_us is not None:
        if not capture.set(cv2.CAP_PROP_EXPOSURE, max(1, round(exposure_us / _EXPOSURE_US))):
            raise CameraError("the camera cannot set an exposure time; leave it to the camera")
        return exposure_us
    if not (is_manual and capture.set(cv2.CAP_PROP_EXPOSURE, exposure)):
        logger.warning("the camera cannot lock its exposure")
        return None
    return _matched(capture, wanted, exposure) * _EXPOSURE_US


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
