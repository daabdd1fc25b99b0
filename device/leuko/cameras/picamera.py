"""Cameras on a Raspberry Pi's ribbon cable, through picamera2.

picamera2 comes with the system (``apt install python3-picamera2``), not from an index, and is
imported only when this driver is chosen.
"""

import contextlib
import importlib
import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Protocol, Self, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cameras._base import CameraOptions, Frame
from leuko.cameras._controls import ControlRanges, Locks, Range
from leuko.cameras._found import Found
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
_SET_WITHIN = 0.02
"""Sensors expose by whole lines and amplify in steps; so near is what was asked for."""
_LINE_US = 100.0

Metadata = Mapping[str, object]


class _Completed(Protocol):
    @property
    def sequence(self) -> int: ...


class _Request(Protocol):
    @property
    def request(self) -> _Completed: ...
    def make_array(self, name: str) -> NDArray[np.uint8]: ...
    def get_metadata(self) -> Metadata: ...
    def release(self) -> None: ...


class _Picamera2(Protocol):
    """What is used of ``picamera2.Picamera2``, which carries no types."""

    @property
    def camera_controls(self) -> Mapping[str, object]: ...
    @property
    def camera_properties(self) -> Mapping[str, object]: ...
    def create_video_configuration(self, **options: object) -> dict[str, object]: ...
    def configure(self, configuration: dict[str, object]) -> None: ...
    def camera_configuration(self) -> Mapping[str, Mapping[str, object]]: ...
    def set_controls(self, controls: Mapping[str, object]) -> None: ...
    def start(self) -> None: ...
    def capture_request(self) -> _Request: ...
    def close(self) -> None: ...


class PiCamera:
    """A camera that libcamera knows, locked after a second of its own automatic."""

    def __init__(self, camera: _Picamera2, options: CameraOptions) -> None:
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
        with _translated(), contextlib.ExitStack() as on_failure:
            camera = _picamera2(int(number))
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
        with _translated():
            wanted = _named(locks)
            _refuse_missing(self._camera, wanted)
            self._camera.set_controls(_manual(self._camera) | wanted)
            self._await(wanted)
        self._found = replace(self._found, locks=locks.over(self._found.locks))

    def read(self) -> Frame | None:
        """Wait for the next picture.

        Raises:
            CameraError: the camera does not work any more.
        """
        with _translated():
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
        found = Locks(
            exposure_us=cast("int | None", metadata.get("ExposureTime")),
            analogue_gain=cast("float | None", metadata.get("AnalogueGain")),
            gains=cast("tuple[float, float] | None", metadata.get("ColourGains")),
        )
        wanted = _named(options.locks.over(found))
        wanted = {name: wanted[name] for name in wanted if name in self._camera.camera_controls}
        self._camera.set_controls(_manual(self._camera) | wanted)
        self._await(wanted)
        locks = Locks(
            exposure_us=cast("int | None", wanted.get("ExposureTime")),
            analogue_gain=cast("float | None", wanted.get("AnalogueGain")),
            gains=cast("tuple[float, float] | None", wanted.get("ColourGains")),
        )
        return Found(options.width, options.height, locks, _ranges(self._camera, options))

    def _await(self, wanted: Mapping[str, object]) -> None:
        for _ in range(_IN_FLIGHT if wanted else 0):
            _, metadata, _ = self._capture()
            if all(_is_set(metadata, name, value) for name, value in wanted.items()):
                return


def _picamera2(number: int) -> _Picamera2:
    try:
        module = importlib.import_module("picamera2")
    # A NumPy that picamera2's parts were not built for is a ValueError (picamera2 issue 1211).
    except (ImportError, AttributeError, ValueError) as error:
        raise CameraError(
            f"picamera2 cannot be imported ({error}); run 'apt install python3-picamera2' and "
            "make leuko's environment with --system-site-packages"
        ) from error
    there = module.Picamera2.global_camera_info()
    if number >= len(there):
        raise CameraError(
            f"there is no Pi camera {number}, {len(there)} found; check the ribbon cable and "
            "'rpicam-hello --list-cameras'"
        )
    return cast("_Picamera2", module.Picamera2(number))


def _start(camera: _Picamera2, options: CameraOptions) -> str:
    """Start the camera; return the format that its pictures come in."""
    configuration = camera.create_video_configuration(
        main={"size": (options.width, options.height), "format": _RGB_IN_MEMORY},
        controls=_controls(camera, options),
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


def _controls(camera: _Picamera2, options: CameraOptions) -> dict[str, object]:
    wanted = _named(options.locks)
    _refuse_missing(camera, wanted)
    duration_us = _frame_duration_us(options)
    if duration_us and "FrameDurationLimits" in camera.camera_controls:
        wanted["FrameDurationLimits"] = duration_us
    return wanted


def _named(locks: Locks) -> dict[str, object]:
    """Return what is locked by libcamera's names."""
    if locks.white_balance_k is not None:
        raise CameraError(
            "a Pi camera has gains in place of a colour temperature; calibrate its white balance"
        )
    values = {
        "ExposureTime": locks.exposure_us,
        "AnalogueGain": locks.analogue_gain,
        "ColourGains": locks.gains,
    }
    return {name: value for name, value in values.items() if value is not None}


def _manual(camera: _Picamera2) -> dict[str, object]:
    return {name: False for name in ("AeEnable", "AwbEnable") if name in camera.camera_controls}


def _refuse_missing(camera: _Picamera2, wanted: Mapping[str, object]) -> None:
    if missing := sorted(wanted.keys() - camera.camera_controls.keys()):
        raise CameraError(f"the camera cannot set {', '.join(missing)}; leave it to the camera")


def _ranges(camera: _Picamera2, options: CameraOptions) -> ControlRanges:
    exposure = _range(camera, "ExposureTime")
    if exposure and options.frames_per_s:
        exposure = Range(exposure.least, min(exposure.most, 1e6 / options.frames_per_s))
    return ControlRanges(
        exposure_us=exposure,
        analogue_gain=_range(camera, "AnalogueGain"),
        gains=_range(camera, "ColourGains"),
    )


def _range(camera: _Picamera2, name: str) -> Range | None:
    """Return what a control may be set to: picamera2 tells least, most and usual value."""
    told = camera.camera_controls.get(name)
    if not isinstance(told, tuple | list) or len(told) < 2:
        return None
    least, most = told[:2]
    if not isinstance(least, int | float) or not isinstance(most, int | float) or most <= least:
        return None
    return Range(float(least), float(most))


def _is_set(metadata: Metadata, name: str, value: object) -> bool:
    shown = metadata.get(name)
    wanted_values = value if isinstance(value, tuple) else (value,)
    shown_values = shown if isinstance(shown, tuple | list) else (shown,)
    slack = _LINE_US if name == "ExposureTime" else 0.0
    return all(
        isinstance(is_, int | float) and abs(is_ - to_be) <= max(slack, _SET_WITHIN * to_be)
        for is_, to_be in zip(shown_values, wanted_values, strict=False)
    )


def _frame_duration_us(options: CameraOptions) -> tuple[int, int] | None:
    if not options.frames_per_s:
        return None
    duration_us = round(1e6 / options.frames_per_s)
    return duration_us, duration_us


def _number(metadata: Metadata, name: str) -> float:
    value = metadata.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0


@contextlib.contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except CameraError:
        raise
    # What picamera2 and libcamera's bindings raise.
    except (RuntimeError, OSError, LookupError, TypeError, ValueError) as error:
        raise CameraError(
            f"picamera2 failed ({error}); close what else uses the camera and check its cable"
        ) from error
