"""The wizard and the camera as the settings name them, for what a person does at the bench."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from leuko.errors import CalibrationError, CameraError

if TYPE_CHECKING:
    from leuko.calibration import Calibration, CalibrationHistory
    from leuko.cameras import CameraProcess
    from leuko.settings import Settings
    from leuko.wizard import Wizard


def tell_person(line: str) -> None:
    """Write a line on stderr; it stands above a progress bar that is there."""
    # Click's echo writes past Rich, and so onto the bar's own line.
    sys.stderr.write(f"{line}\n")


def bench_wizard(
    settings: "Settings", guide: str, *, is_asked: bool, is_of_files: bool = False
) -> AbstractContextManager["Wizard"]:
    """Return the wizard on display and keys.

    Args:
        settings: which ones.
        guide: name of what is measured, for the words.
        is_asked: whether anything will be asked.
        is_of_files: whether saved pictures are measured.
    """
    from leuko.service import display_options
    from leuko.wizard import guide_for, open_wizard

    return open_wizard(
        settings,
        display_options(settings),
        guide_for(guide, is_of_files=is_of_files),
        say=tell_person,
        is_asked=is_asked,
    )


def bench_camera(settings: "Settings", history: "CalibrationHistory") -> "CameraProcess":
    """Return the camera, locked as it is calibrated.

    Raises:
        CameraError: the running service has it.
    """
    from leuko.cameras import CameraProcess
    from leuko.service import camera_options

    refuse_beside_a_service(settings)
    return CameraProcess(
        settings.camera, camera_options(settings, fitting_calibration(history, settings))
    )


def fitting_calibration(
    history: "CalibrationHistory", settings: "Settings"
) -> "Calibration | None":
    """Return the present calibration if it is of this camera: what it locks, others lack."""
    present = history.current()
    return None if present is None or misfit(present, settings) else present


def misfit(calibration: "Calibration", settings: "Settings") -> str:
    """Return why a calibration is not of the camera that the settings choose; empty if it is."""
    from leuko.calibration import camera_used, check_camera

    try:
        check_camera(calibration, camera_used(settings))
    except CalibrationError as error:
        return str(error)
    return ""


def refuse_beside_a_service(settings: "Settings") -> None:
    """Refuse before display, keys or camera are opened that the running service has.

    Raises:
        CameraError: it has the camera.
    """
    from leuko.cameras import WITHOUT_HARDWARE
    from leuko.control import is_service_running

    if settings.camera not in WITHOUT_HARDWARE and is_service_running(settings.control_socket):
        raise CameraError(
            "the service is running and has the camera; stop it with: systemctl stop leuko, or "
            "with Ctrl-C in its terminal, and start it again afterwards"
        )
