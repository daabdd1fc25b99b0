"""Cameras on a Raspberry Pi's ribbon cable, through picamera2.

picamera2 comes with the system (``apt install python3-picamera2``), not from an index, and is
imported only when this driver is chosen.
"""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cameras._base import CameraOptions, Frame
from leuko.cameras._controls import Locks
from leuko.cameras._found import Found
from leuko.cameras._libcamera import Metadata, Picamera2, opened_camera, translated
from leuko.cameras._libcamera_controls import (
    controls_of,
    is_set,
    locks_in,
    manual,
    named,
    ranges_of,
    refuse_missing,
)
from leuko.cameras._stamps import capture_time
from leuko.cells import RGBImage
from leuko.errors import CameraError

_STREAM = "main"
_RGB_IN_MEMORY = "BGR888"
"""libcamera names a pixel's bytes from the highest: this one is R, G, B in memory.

Taking the name for the order is how blue eosinophils come about (raspberrypi/picamera2 issue 848).
"""
_SETTLE_S = 1.0
_IN_FLIGHT = 12
"""Pictures within which new controls have taken effect."""
_DARK = 8.0


class PiCamera:
    """A camera that libcamera knows, locked after a second of its own automatic."""

    def __init__(self, camera: Picamera2, options: CameraOptions) -> None:
        """Configure, start and lock an open camera.

        Args:
            camera: closed with this one.
            options: how to set it up.

        Raises:
            CameraError: it cannot give what is asked, or it is dark.
        """
        self._camera = camera
        self._first_sequence: int | None = None
        self._format = _start(camera, options)
        self._found = self._lock(self._settled(options), options)

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        """Open the camera whose number ``options.source`` is; the first if that is empty.

        Raises:
            CameraError: picamera2 or the camera is missing, in use, or cannot give what is asked.
        """
        number = options.source or "0"
        if not number.isdecimal():
            raise CameraError(f"there is no Pi camera {number!r}; give its number, such as 0")
        with translated(), contextlib.ExitStack() as on_failure:
            camera = opened_camera(int(number))
            on_failure.callback(camera.close)
            opened = cls(camera, options)
            on_failure.pop_all()
            return opened

    @property
    def name(self) -> str:
        """The driver and the sensor."""
        return f"picamera2 {self._camera.camera_properties.get('Model', 'camera')}"

    @property
    def found(self) -> Found:
        """How the camera was really opened."""
        return self._found

    def lock(self, locks: Locks) -> None:
        """Set controls and wait until pictures show them.

        Raises:
            CameraError: the camera has no such control, or does not work any more.
        """
        with translated():
            wanted = named(locks)
            refuse_missing(self._camera, wanted)
            self._camera.set_controls(manual(self._camera) | wanted)
            self._await(wanted)
        self._found = replace(self._found, locks=locks.over(self._found.locks))

    def read(self) -> Frame | None:
        """Wait for the next picture.

        Raises:
            CameraError: the camera does not work any more.
        """
        with translated():
            array, metadata, sequence = self._capture()
        if self._first_sequence is None:
            self._first_sequence = sequence
        stamp_s = _number(metadata, "SensorTimestamp") / 1e9
        captured_s = capture_time(stamp_s, now_s=time.monotonic())
        return Frame(self._rgb(array), sequence - self._first_sequence, captured_s)

    def close(self) -> None:
        """Let go of the camera; later calls do nothing."""
        self._camera.close()

    def _capture(self) -> tuple[NDArray[np.uint8], Metadata, int]:
        request = self._camera.capture_request()
        try:
            return request.make_array(_STREAM), request.get_metadata(), request.request.sequence
        finally:
            # A request that is not given back is one buffer less for the camera.
            request.release()

    def _rgb(self, array: NDArray[np.uint8]) -> RGBImage:
        if self._format == _RGB_IN_MEMORY:
            return array
        # Pipelines without an image processor of their own give luma and chroma.
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_YUV2RGB_NV12), np.uint8)

    def _settled(self, options: CameraOptions) -> Metadata:
        until = time.monotonic() + _SETTLE_S
        while True:
            array, metadata, _ = self._capture()
            if time.monotonic() >= until:
                break
        if array[::8, ::8].mean() < _DARK and options.locks.exposure_us is None:
            raise CameraError("the camera sees nothing; switch the lamp on and take the cap off")
        return metadata

    def _lock(self, metadata: Metadata, options: CameraOptions) -> Found:
        wanted = named(options.locks.over(locks_in(metadata)))
        wanted = {name: wanted[name] for name in wanted if name in self._camera.camera_controls}
        self._camera.set_controls(manual(self._camera) | wanted)
        self._await(wanted)
        ranges = ranges_of(self._camera, options)
        return Found(options.width, options.height, locks_in(wanted), ranges)

    def _await(self, wanted: Mapping[str, object]) -> None:
        for _ in range(_IN_FLIGHT if wanted else 0):
            _, metadata, _ = self._capture()
            if all(is_set(metadata, name, value) for name, value in wanted.items()):
                return


def _start(camera: Picamera2, options: CameraOptions) -> str:
    """Start the camera; return the format that its pictures come in."""
    configuration = camera.create_video_configuration(
        main={"size": (options.width, options.height), "format": _RGB_IN_MEMORY},
        controls=controls_of(camera, options),
        display=None,
        encode=None,
    )
    camera.configure(configuration)
    given = camera.camera_configuration()[_STREAM]
    if given["size"] != (options.width, options.height):
        raise CameraError(
            f"the camera gives {given['size']} pixels instead of "
            f"{options.width} x {options.height}; choose a size it has"
        )
    if given["format"] not in {_RGB_IN_MEMORY, "NV12"}:
        raise CameraError(
            f"the camera gives {given['format']}; use one that gives {_RGB_IN_MEMORY}"
        )
    camera.start()
    return str(given["format"])


def _number(metadata: Metadata, name: str) -> float:
    value = metadata.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0
