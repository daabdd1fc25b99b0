"""Cameras on a Raspberry Pi's ribbon cable, through picamera2.

picamera2 comes with the system (``apt install python3-picamera2``), not from an index, and is
imported only when this driver is chosen.
"""

import contextlib
import importlib
import time
from collections.abc import Generator, Mapping
from typing import Protocol, Self, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cameras._base import CameraOptions, Frame
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
        if array[::8, ::8].mean() < _DARK and options.exposure_us is None:
            raise CameraError("the camera sees nothing; switch the lamp on and take the cap off")
        return metadata

    def _lock(self, metadata: Metadata, options: CameraOptions) -> Found:
        locked = {
            "AeEnable": False,
            "AwbEnable": False,
            "ExposureTime": options.exposure_us or metadata.get("ExposureTime"),
            "AnalogueGain": metadata.get("AnalogueGain"),
            "ColourGains": options.gains or metadata.get("ColourGains"),
        }
        known = self._camera.camera_controls
        locked = {name: locked[name] for name in locked if name in known}
        self._camera.set_controls({n: value for n, value in locked.items() if value is not None})
        exposure_us = cast("int | None", locked.get("ExposureTime"))
        self._await_exposure(exposure_us)
        gains = cast("tuple[float, float] | None", locked.get("ColourGains"))
        return Found(options.width, options.height, exposure_us, gains)

    def _await_exposure(self, exposure_us: int | None) -> None:
        for _ in range(_IN_FLIGHT if exposure_us else 0):
            _, metadata, _ = self._capture()
            # Sensors expose by whole lines.
            if abs(_number(metadata, "ExposureTime") - (exposure_us or 0)) < 100:
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
    wanted = {
        "FrameDurationLimits": _frame_duration_us(options),
        "ExposureTime": options.exposure_us,
        "ColourGains": options.gains,
    }
    controls = {name: value for name, value in wanted.items() if value is not None}
    missing = sorted(controls.keys() - camera.camera_controls.keys() - {"FrameDurationLimits"})
    if missing:
        raise CameraError(f"the camera cannot set {', '.join(missing)}; leave it to the camera")
    return {name: value for name, value in controls.items() if name in camera.camera_controls}


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
