"""``leuko doctor``: looks at every part of the device and says what is wrong with it."""

from collections.abc import Callable, Iterator
from functools import partial

from leuko.cameras import CameraOptions
from leuko.displays import DisplayOptions
from leuko.doctor._accelerator import examine_accelerator
from leuko.doctor._backend import examine_backend
from leuko.doctor._bench import bench_looks, examine_buttons, examine_keypad
from leuko.doctor._calibration import examine_calibration
from leuko.doctor._finding import Finding
from leuko.doctor._machine import examine_clock, examine_power, examine_temperature
from leuko.doctor._parts import examine_bundle, examine_camera, examine_disk, examine_display
from leuko.doctor._service import examine_service
from leuko.settings import Settings

__all__ = [
    "Finding",
    "bench_looks",
    "examine",
    "examine_accelerator",
    "examine_backend",
    "examine_bundle",
    "examine_buttons",
    "examine_calibration",
    "examine_camera",
    "examine_disk",
    "examine_display",
    "examine_keypad",
    "examine_power",
    "examine_service",
    "examine_temperature",
]


def examine(
    settings: Settings, camera: CameraOptions, display: DisplayOptions
) -> Iterator[Finding]:
    """Look at one part after another.

    Args:
        settings: which parts are chosen.
        camera: how the camera is opened.
        display: how the display is opened.
    """
    examinations: tuple[Callable[[], Finding], ...] = (
        partial(examine_camera, settings, camera),
        partial(examine_display, settings, display),
        *bench_looks(settings),
        examine_accelerator,
        partial(examine_backend, settings),
        partial(examine_bundle, settings),
        partial(examine_calibration, settings),
        partial(examine_disk, settings),
        partial(examine_service, settings),
        examine_clock,
        examine_temperature,
        examine_power,
    )
    for look in examinations:
        yield look()
