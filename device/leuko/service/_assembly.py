"""The service put together from the settings: the only place that knows all its parts."""

import signal
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from leuko.backends import open_backend
from leuko.bundle import ModelBundle
from leuko.cameras import CameraOptions, CameraProcess
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

_SERIAL = Path("/proc/device-tree/serial-number")


def run_service(settings: Settings) -> None:
    """Count until SIGTERM, SIGINT or the end of the camera's source.

    Raises:
        SettingsError: a driver or a pin is unknown, or the target is none.
        StoreError: the sessions cannot be kept.
        BundleError: no bundle can be used.
        ServiceError: another service listens at the socket.
    """
    # What a person has to correct is said before anything is opened.
    target, buttons = parse_target(settings.target), parse_buttons(settings.buttons)
    started = bundle_of(settings, LiteRTEngine())
    with ExitStack() as stack:
        # The count begins on the processor; what is on trial meanwhile does not hold it up.
        analyser = stack.enter_context(
            open_backend(started.bundle, settings.backend, threads=settings.threads)
        )
        store = stack.enter_context(Store.opened(settings.state_dir / STORE_NAME))
        commands = CommandQueue()
        bench = stack.enter_context(Bench(commands))
        if settings.keypad != "none":
            stack.enter_context(Keypad(bench, settings.keypad))
        stack.enter_context(Buttons(bench, buttons))
        parts = Parts(
            camera=stack.enter_context(closing(_camera(settings))),
            store=store,
            make_counter=partial(make_counter, analyser, settings.state_dir / KEYFRAMES_NAME),
            commands=commands,
            display=_display(settings, stack),
            notifier=Notifier(),
            backend=analyser,
            bench_notice=lambda: bench.notice,
            spec=_spec(settings, started.bundle, target),
            bundle_notice=started.notice,
            um_per_px=None if settings.um_per_px == "auto" else settings.um_per_px,
        )
        service = LiveService(parts)
        archive = KeptSessions(settings.state_dir / STORE_NAME)
        stack.enter_context(ControlServer(settings.control_socket, commands, archive))
        # First of all: what waits for an answer must not hold up the end.
        stack.callback(commands.close)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        service.run()


def camera_options(settings: Settings) -> CameraOptions:
    """Return how the settings want the camera opened."""
    options = CameraOptions(
        source=settings.camera_source,
        width=settings.frame_width,
        height=settings.frame_height,
        frames_per_s=settings.frames_per_s,
        exposure_us=settings.exposure_us,
    )
    if settings.um_per_px == "auto":
        return options
    return replace(options, um_per_px=settings.um_per_px)


def display_options(settings: Settings) -> DisplayOptions:
    """Return how the settings want the display opened."""
    return DisplayOptions(
        device=settings.display_device,
        model=settings.display_model,
        width=settings.display_width,
        height=settings.display_height,
        rotate=settings.display_rotate,
    )


def _camera(settings: Settings) -> CameraProcess:
    return CameraProcess(settings.camera, camera_options(settings))


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


def _spec(settings: Settings, bundle: ModelBundle, target: Target) -> SessionSpec:
    return SessionSpec(
        specimen="",
        target=target,
        bundle=bundle.label,
        bundle_sha256=bundle.sha256,
        settings=settings.model_dump(mode="json"),
        device_serial=_serial(),
    )


def _serial(path: Path = _SERIAL) -> str:
    try:
        return path.read_text(encoding="ascii").strip("\0\n ")
    except OSError:
        return ""
