"""The service put together from the settings: the only place that knows all its parts."""

import logging
import signal
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from leuko.backends import open_backend
from leuko.bundle import ModelBundle
from leuko.calibration import (
    FOLDER_NAME,
    Calibration,
    CalibrationHistory,
    CameraUsed,
    adapter_for,
    calibrated_locks,
    check_camera,
    other_bundles,
    quality_limits,
    summary_for,
)
from leuko.cameras import CameraOptions, CameraProcess, Locks
from leuko.checks import FOLDER_NAME as CHECKS_NAME
from leuko.checks import CheckHistory, InUse, lockout
from leuko.control import (
    Bench,
    Buttons,
    CommandQueue,
    ControlServer,
    Keypad,
    parse_buttons,
    parse_target,
)
from leuko.displays import DisplayOptions, DisplayThread, list_displays, load_display
from leuko.errors import SettingsError
from leuko.inference import LiteRTEngine
from leuko.service._archive import KeptSessions
from leuko.service._bundle import bundle_of
from leuko.service._calibrated import CalibratedSource
from leuko.service._counter import make_counter
from leuko.service._notify import Notifier
from leuko.service._parts import Parts
from leuko.service._service import LiveService
from leuko.settings import Settings
from leuko.status import Target
from leuko.store import SessionSpec, Store

STORE_NAME = "sessions.db"
"""The store's file in the state directory."""
KEYFRAMES_NAME = "keyframes"
"""The file in the state directory by which the slide of the open session is recognised."""

logger = logging.getLogger(__name__)

_SERIAL = Path("/proc/device-tree/serial-number")


def run_service(settings: Settings) -> None:
    """Count until SIGTERM, SIGINT or the end of the camera's source.

    Raises:
        SettingsError: a driver or a pin is unknown, or the target is none.
        StoreError: the sessions cannot be kept.
        BundleError: no bundle can be used.
        EngineError: no model can be run, or the backend that is asked for cannot.
        ServiceError: another service listens at the socket.
        CalibrationError: the calibration is damaged, or that of another camera.
        CameraError: the folder, video or slide that stands for a camera has nothing to show.
    """
    # What a person has to correct is said before anything is opened.
    target, buttons = parse_target(settings.target), parse_buttons(settings.buttons)
    started = bundle_of(settings, LiteRTEngine())
    calibration = _calibration(settings, started.bundle)
    adapter, problem = adapter_for(calibration, started.bundle.sha256)
    if problem:
        logger.warning("%s", problem)
    with ExitStack() as stack:
        # The count begins on the processor; what is on trial meanwhile does not hold it up.
        analyser = stack.enter_context(
            open_backend(
                started.bundle, settings.backend, threads=settings.threads, adapter=adapter
            )
        )
        store = stack.enter_context(Store.opened(settings.state_dir / STORE_NAME))
        commands = CommandQueue()
        bench = stack.enter_context(Bench(commands))
        if settings.keypad != "none":
            stack.enter_context(Keypad(bench, settings.keypad))
        stack.enter_context(Buttons(bench, buttons))
        camera = stack.enter_context(closing(_camera(settings, calibration)))
        parts = Parts(
            camera=CalibratedSource(camera, calibration) if calibration else camera,
            store=store,
            make_counter=partial(
                make_counter,
                analyser,
                settings.state_dir / KEYFRAMES_NAME,
                limits=quality_limits(calibration),
            ),
            commands=commands,
            display=_display(settings, stack),
            notifier=Notifier(),
            backend=analyser,
            bench_notice=lambda: bench.notice,
            spec=_spec(settings, started.bundle, target, calibration),
            bundle_notice="; ".join(filter(None, (started.notice, problem))),
            lockout=partial(
                lockout,
                CheckHistory(settings.state_dir / CHECKS_NAME),
                settings.check_lockout,
                in_use=InUse(
                    bundle_sha256=started.bundle.sha256,
                    calibration=calibration.record.number if calibration else None,
                    driver=settings.camera,
                ),
                every_h=settings.check_every_h,
            ),
            stain=calibration.record.stain if calibration else None,
            wbc_factor=calibration.record.wbc_factor if calibration else None,
            um_per_px=_scale(settings, calibration),
        )
        camera.refuse_if_there_is_nothing()
        service = LiveService(parts)
        archive = KeptSessions(settings.state_dir / STORE_NAME)
        stack.enter_context(ControlServer(settings.control_socket, commands, archive))
        # First of all: what waits for an answer must not hold up the end.
        stack.callback(commands.close)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        service.run()


def camera_options(settings: Settings, calibration: Calibration | None = None) -> CameraOptions:
    """Return how the settings want the camera opened, locked as it was calibrated.

    Args:
        settings: which camera; an exposure time in them goes before the calibrated one.
        calibration: of that camera; None leaves open what the settings do.
    """
    options = CameraOptions(
        source=settings.camera_source,
        width=settings.frame_width,
        height=settings.frame_height,
        frames_per_s=settings.frames_per_s,
        locks=Locks(exposure_us=settings.exposure_us).over(
            calibrated_locks(calibration) if calibration else Locks()
        ),
    )
    if settings.um_per_px == "auto":
        return options
    return replace(options, um_per_px=settings.um_per_px)


def camera_used(settings: Settings) -> CameraUsed:
    """Return the camera that the settings choose, as a calibration names it."""
    return CameraUsed(
        driver=settings.camera,
        source=settings.camera_source,
        width=settings.frame_width,
        height=settings.frame_height,
    )


def display_options(settings: Settings) -> DisplayOptions:
    """Return how the settings want the display opened."""
    return DisplayOptions(
        device=settings.display_device,
        model=settings.display_model,
        width=settings.display_width,
        height=settings.display_height,
        rotate=settings.display_rotate,
    )


def _camera(settings: Settings, calibration: Calibration | None) -> CameraProcess:
    return CameraProcess(settings.camera, camera_options(settings, calibration))


def _display(settings: Settings, stack: ExitStack) -> DisplayThread | None:
    if settings.display == "none":
        return None
    if settings.display not in (known := list_displays()):
        raise SettingsError(
            f"there is no display driver {settings.display!r}; choose one of none, "
            f"{', '.join(known)}"
        )
    options = display_options(settings)
    return stack.enter_context(DisplayThread(partial(load_display, settings.display, options)))


def _calibration(settings: Settings, bundle: ModelBundle) -> Calibration | None:
    calibration = CalibrationHistory(settings.state_dir / FOLDER_NAME).current()
    if calibration is None:
        return None
    check_camera(calibration, camera_used(settings))
    number = calibration.record.number
    logger.info("calibration %d is in use", number)
    if parts := other_bundles(calibration, bundle.sha256):
        logger.warning(
            "calibration %d: %s was measured with another bundle", number, ", ".join(parts)
        )
    return calibration


def _scale(settings: Settings, calibration: Calibration | None) -> float | None:
    if settings.um_per_px != "auto":
        return settings.um_per_px
    scale = calibration.record.scale if calibration else None
    return scale.um_per_px if scale else None


def _spec(
    settings: Settings, bundle: ModelBundle, target: Target, calibration: Calibration | None
) -> SessionSpec:
    return SessionSpec(
        specimen="",
        target=target,
        bundle=bundle.label,
        bundle_sha256=bundle.sha256,
        settings=settings.model_dump(mode="json"),
        calibration=summary_for(calibration, bundle.sha256),
        device_serial=_serial(),
    )


def _serial(path: Path = _SERIAL) -> str:
    try:
        return path.read_text(encoding="ascii").strip("\0\n ")
    except OSError:
        return ""
