"""The service put together from the settings: the only place that knows all its parts."""

import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial

from leuko.backends import BackedAnalyser, open_backend
from leuko.calibration import Calibration, calibrated_locks, calibrated_tone, quality_limits
from leuko.cameras import CameraOptions, CameraProcess, Locks, refuse_source
from leuko.control import (
    Action,
    CommandQueue,
    ControlServer,
    parse_buttons,
    refuse_second_service,
)
from leuko.memory import share_one_heap
from leuko.processes import ENDING
from leuko.service._archive import KeptSessions
from leuko.service._bench import bench_health, open_bench
from leuko.service._calibrated import CalibratedSource
from leuko.service._chosen import Chosen
from leuko.service._counter import make_counter
from leuko.service._display import check_display, open_display
from leuko.service._ground_file import GroundFile
from leuko.service._notify import Notifier
from leuko.service._parts import Parts
from leuko.service._service import LiveService
from leuko.settings import Settings
from leuko.store import STORE_NAME, Store

KEYFRAMES_NAME = "keyframes"
"""The file in the state directory by which the slide of the open session is recognised."""
GROUND_NAME = "ground.npz"
"""The file in the state directory with the ground that the open session has searched."""


def run_service(settings: Settings) -> None:
    """Count until SIGTERM, SIGINT, a closed terminal or the end of the camera's source.

    Raises:
        SettingsError: a driver or a pin is unknown, the target is none, or the display too small.
        StoreError: the sessions cannot be kept.
        BundleError: no bundle can be used.
        EngineError: no model can be run, or the backend that is asked for cannot.
        ServiceError: another service listens at the socket.
        CalibrationError: the calibration is damaged, or that of another camera.
        CameraError: the folder, video or slide that stands for a camera has nothing to show.
    """
    share_one_heap()
    # What a person has to correct is said before anything is opened.
    check_display(settings)
    buttons, chosen = parse_buttons(settings.buttons), Chosen.by(settings)
    refuse_source(settings.camera, camera_options(settings, chosen.calibration))
    # Beside a service that counts, not even a store that lies elsewhere is touched.
    refuse_second_service(settings.control_socket)
    with ExitStack() as stack:
        archive = KeptSessions(settings.state_dir / STORE_NAME)
        parts = _parts(chosen, buttons, archive, stack)
        service = LiveService(parts)
        stack.enter_context(ControlServer(settings.control_socket, parts.commands, archive))
        # First of all: what waits for an answer must not hold up the end.
        stack.callback(parts.commands.close)
        _heed_signals(service.stop)
        service.run()


def _heed_signals(stop: Callable[[], None]) -> None:
    # nohup has a service outlive its terminal.
    outlives = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
    for number in ENDING - outlives:
        signal.signal(number, lambda *_: stop())


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


def _parts(
    chosen: Chosen, buttons: Mapping[Action, str], archive: KeptSessions, stack: ExitStack
) -> Parts:
    """Open what the service is put together from; the stack closes it, the last part first."""
    settings, calibration = chosen.settings, chosen.calibration
    # Its lock comes first: a second service must not touch the camera of the one that counts.
    store = stack.enter_context(Store.opened(settings.state_dir / STORE_NAME))
    camera, analyser = _camera_and_analyser(chosen, stack)
    commands = CommandQueue()
    bench, looks = open_bench(settings, buttons, commands=commands, archive=archive, stack=stack)
    display = open_display(settings, stack)
    return Parts(
        camera=CalibratedSource(camera, calibration) if calibration else camera,
        store=store,
        make_counter=partial(
            make_counter,
            analyser,
            settings.state_dir / KEYFRAMES_NAME,
            limits=quality_limits(calibration),
        ),
        commands=commands,
        display=display,
        notifier=Notifier(),
        backend=analyser,
        bench_notice=lambda: bench.notice,
        bench_health=lambda: bench_health(looks, display),
        spec=chosen.spec,
        bundle_notice=chosen.notice,
        lockout=chosen.lockout,
        refuse_camera=camera.refuse_if_there_is_nothing,
        stain=calibration.record.stain if calibration else None,
        wbc_factor=calibration.record.wbc_factor if calibration else None,
        ground=GroundFile(settings.state_dir / GROUND_NAME),
        um_per_px=chosen.um_per_px,
    )


def _camera_and_analyser(chosen: Chosen, stack: ExitStack) -> tuple[CameraProcess, BackedAnalyser]:
    """Open both at once where that loses nothing: a recording plays on while models are loaded."""
    if chosen.settings.camera == "replay":
        analyser = _analyser(chosen, stack)
        return _camera(chosen.settings, chosen.calibration, stack), analyser
    # The camera opens in its own process while the models are loaded here.
    camera = _camera(chosen.settings, chosen.calibration, stack)
    return camera, _analyser(chosen, stack)


def _analyser(chosen: Chosen, stack: ExitStack) -> BackedAnalyser:
    settings = chosen.settings
    # The count begins on the processor; what is on trial meanwhile does not hold it up.
    backend = open_backend(
        chosen.bundle,
        settings.backend,
        threads=settings.threads,
        adapter=chosen.adapter,
        tone=calibrated_tone(chosen.calibration),
    )
    return stack.enter_context(backend)


def _camera(settings: Settings, calibration: Calibration | None, stack: ExitStack) -> CameraProcess:
    process = CameraProcess(settings.camera, camera_options(settings, calibration))
    return stack.enter_context(closing(process))
