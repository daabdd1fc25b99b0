"""What is used of picamera2, which carries no types, and its errors in our words."""

import contextlib
import importlib
from collections.abc import Generator, Mapping
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from leuko.errors import CameraError

Metadata = Mapping[str, object]


class Completed(Protocol):
    @property
    def sequence(self) -> int: ...


class Request(Protocol):
    @property
    def request(self) -> Completed: ...
    def make_array(self, name: str) -> NDArray[np.uint8]: ...
    def get_metadata(self) -> Metadata: ...
    def release(self) -> None: ...


class Picamera2(Protocol):
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
    def capture_request(self) -> Request: ...
    def close(self) -> None: ...


def opened_camera(number: int) -> Picamera2:
    """Return the open camera of a number, counted from 0.

    Raises:
        CameraError: picamera2 or the camera is missing.
    """
    try:
        module = importlib.import_module("picamera2")
    # A NumPy that picamera2's parts were not built for is a ValueError (picamera2 issue 1211).
    except (ImportError, AttributeError, ValueError) as error:
        raise CameraError(
            f"picamera2 cannot be imported ({error}); run 'apt install python3-picamera2' and "
            "make leuko's environment with --system-site-packages, or choose another camera: "
            "opencv for one on USB, sim for a simulated slide"
        ) from error
    there = module.Picamera2.global_camera_info()
    if number >= len(there):
        raise CameraError(
            f"there is no Pi camera {number}, {len(there)} found; check the ribbon cable and "
            "'rpicam-hello --list-cameras'"
        )
    return cast("Picamera2", module.Picamera2(number))


@contextlib.contextmanager
def translated() -> Generator[None]:
    """Raise what picamera2 and libcamera raise within as `CameraError`."""
    try:
        yield
    except CameraError:
        raise
    # What picamera2 and libcamera's bindings raise.
    except (RuntimeError, OSError, LookupError, TypeError, ValueError) as error:
        raise CameraError(
            f"picamera2 failed ({error}); close what else uses the camera and check its cable"
        ) from error
