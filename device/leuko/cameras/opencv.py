"""USB and other V4L2 cameras through OpenCV."""

import contextlib
import itertools
import os
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from leuko.cameras._base import CameraOptions, Frame
from leuko.cameras._controls import Locks
from leuko.cameras._found import Found
from leuko.cameras._stamps import capture_time
from leuko.cameras._v4l2 import await_pictures, lock_all, set_colours, set_exposure, settle
from leuko.cameras._v4l2_ranges import control_ranges
from leuko.cells import RGBImage
from leuko.errors import CameraError

_BY_ID = Path("/dev/v4l/by-id")


class OpenCVCamera:
    """A V4L2 camera, locked after a warm-up; or a video file, to try the driver without one."""

    def __init__(self, capture: cv2.VideoCapture, name: str, found: Found) -> None:
        """Take over an open capture.

        Args:
            capture: set to the size that was found; closed with the camera.
            name: what a person calls it.
            found: how it was opened.
        """
        self._capture = capture
        self._name = name
        self._found = found
        self._numbers = itertools.count()

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        """Open the device, or the video file, that ``options.source`` names.

        Args:
            options: the source is a path below ``/dev/v4l/by-id``, which stays the same when
                devices are plugged in another order; or a number N for ``/dev/videoN``; or a file.

        Raises:
            CameraError: it is missing, in use, not permitted, or cannot give what is asked.
        """
        device = _device(options.source)
        with _translated(device):
            if device.is_file():
                return cls._of_file(device, options)
            _check_access(device)
            # MJPG lets USB 2 carry 1280 x 960 at more than five pictures a second.
            capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
            try:
                found = _set_up(capture, device, options)
            except CameraError:
                capture.release()
                raise
            return cls(capture, f"opencv {device.name}", found)

    @classmethod
    def _of_file(cls, file: Path, options: CameraOptions) -> Self:
        capture = cv2.VideoCapture(str(file))
        if not capture.isOpened():
            raise CameraError(f"{file} is no video that OpenCV can read; give another")
        found = _checked_size(capture, file, options)
        return cls(capture, f"opencv {file}", found)

    @property
    def name(self) -> str:
        """The driver and the device."""
        return self._name

    @property
    def found(self) -> Found:
        """How the camera was really opened."""
        return self._found

    def lock(self, locks: Locks) -> None:
        """Set controls and let pass what was exposed before.

        Raises:
            CameraError: the camera has no such control, or gives nothing any more.
        """
        with _translated(self._name):
            if self._found.is_recording:
                raise CameraError(f"{self._name} is a recording; its light is what it was")
            set_colours(self._capture, locks)
            set_exposure(self._capture, locks)
            await_pictures(self._capture)
        self._found = replace(self._found, locks=locks.over(self._found.locks))

    def read(self) -> Frame | None:
        """Wait for the next picture; None at the end of a file.

        Raises:
            CameraError: the device gives nothing any more, as when it was unplugged.
        """
        with _translated(self._name):
            is_given, bgr = self._capture.read()
            now_s = time.monotonic()
            if not is_given:
                if self._found.is_recording or not self._capture.isOpened():
                    return None
                raise CameraError(f"{self._name} gives no pictures any more; check its cable")
            stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            captured_s = capture_time(stamp_s, now_s=now_s)
            return Frame(_to_rgb(bgr), next(self._numbers), captured_s)

    def close(self) -> None:
        """Let go of the device; later calls do nothing."""
        self._capture.release()


def _device(source: str) -> Path:
    if source.isdecimal():
        return Path(f"/dev/video{source}")
    return Path(source or "/dev/video0")


def _check_access(device: Path) -> None:
    if not device.exists():
        known = sorted(str(path) for path in _BY_ID.glob("*")) if _BY_ID.is_dir() else []
        there = f"there is {', '.join(known)}" if known else "no USB camera is plugged in"
        raise CameraError(f"there is no camera at {device} ({there}); plug it in or name another")
    if not os.access(device, os.R_OK | os.W_OK):
        raise CameraError(
            f"camera {device} may not be used by this user; add the user to the group video"
        )


def _set_up(capture: cv2.VideoCapture, device: Path, options: CameraOptions) -> Found:
    if not capture.isOpened():
        raise CameraError(f"camera {device} cannot be opened; close what else uses it")
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.height)
    if options.frames_per_s:
        capture.set(cv2.CAP_PROP_FPS, options.frames_per_s)
    # Of what waits in the driver only the newest is of use.
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    found = _checked_size(capture, device, options)
    settle(capture, options)
    locks = lock_all(capture, options.locks)
    ranges = control_ranges(device, frames_per_s=options.frames_per_s)
    return Found(found.width, found.height, locks, ranges)


def _checked_size(capture: cv2.VideoCapture, device: Path, options: CameraOptions) -> Found:
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if (width, height) != (options.width, options.height):
        raise CameraError(
            f"{device} gives {width} x {height} pixels instead of {options.width} x "
            f"{options.height}; choose a size it has"
        )
    return Found(width, height, is_recording=device.is_file())


def _to_rgb(bgr: object) -> RGBImage:
    return np.asarray(cv2.cvtColor(np.asarray(bgr), cv2.COLOR_BGR2RGB), np.uint8)


@contextlib.contextmanager
def _translated(device: object) -> Generator[None]:
    try:
        yield
    except cv2.error as error:
        raise CameraError(f"OpenCV cannot use {device}: {error.err}; plug it in again") from error
