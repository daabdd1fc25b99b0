"""``leuko doctor``: looks at every part of the device and says what is wrong with it."""

from collections.abc import Iterator

from leuko.cameras import CameraOptions
from leuko.displays import DisplayOptions
from leuko.doctor._accelerator import examine_accelerator
from leuko.doctor._backend import examine_backend
from leuko.doctor._bench import examine_bench, examine_buttons, examine_keypad
from leuko.doctor._calibration import examine_calibration
from leuko.doctor._finding import Finding, doubtful
from leuko.doctor._machine import examine_clock, examine_power, examine_temperature
from leuko.doctor._parts import (
    disk_finding,
    examine_bundle,
    examine_camera,
    examine_disk,
    examine_display,
)
from leuko.doctor._service import ask_service
from leuko.settings import Settings, file_in_place_of

__all__ = [
    "Finding",
    "ask_service",
    "examine",
    "examine_accelerator",
    "examine_backend",
    "examine_bench",
    "examine_bundle",
    "examine_buttons",
    "examine_calibration",
    "examine_camera",
    "examine_disk",
    "examine_display",
    "examine_keypad",
    "examine_power",
    "examine_temperature",
]


def examine(
    settings: Settings, camera: CameraOptions, display: DisplayOptions
) -> Iterator[Finding]:
    """Look at one part after another; what a running service holds is asked of it, not opened.

    Args:
        settings: which parts are chosen.
        camera: how the camera is opened.
        display: how the display is opened.
    """
    service = ask_service(settings)
    is_kept = file_in_place_of(settings.state_dir) is None
    has_bundle = is_kept or settings.bundle is not None
    if service.runs:
        yield from service.held
    else:
        yield from _opened(settings, camera, display)
        yield examine_backend(settings) if has_bundle else _not_kept("backend", "its bundle")
    yield examine_bundle(settings) if has_bundle else _not_kept("bundle", "it")
    if is_kept:
        yield examine_calibration(settings, is_served=service.status is not None)
    else:
        yield _not_kept("calibration", "it")
    status = service.status if is_kept else None
    yield disk_finding(status.disk) if status else examine_disk(settings)
    yield service.finding
    yield examine_clock()
    yield examine_temperature()
    yield examine_power()


def _opened(
    settings: Settings, camera: CameraOptions, display: DisplayOptions
) -> Iterator[Finding]:
    yield examine_camera(settings, camera)
    yield examine_display(settings, display)
    yield from examine_bench(settings)
    yield examine_accelerator()


def _not_kept(part: str, kept: str) -> Finding:
    # Whoever opened it would blame permissions; what is wrong is said of the disk.
    return doubtful(part, f"not looked at: {kept} is kept in the state directory", "see disk")
