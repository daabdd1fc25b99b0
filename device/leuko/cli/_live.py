"""``leuko run`` and ``leuko doctor``: the live service, and a look at the device."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._options import (
    BackendOption,
    BundleOption,
    ScaleOption,
    SocketOption,
    ThreadsOption,
    checked_camera,
    checked_display,
)
from leuko.cli._state_dir import remember_state_dir
from leuko.remedies import with_state_dir

if TYPE_CHECKING:
    from leuko.doctor import Finding

CameraOption = Annotated[
    str | None,
    typer.Option(
        "--camera", callback=checked_camera, help="Driver: picamera2, opencv, replay or sim."
    ),
]
SourceOption = Annotated[
    str | None,
    typer.Option("--camera-source", help="Which camera, folder, video or slide; else the first."),
]
DisplayOption = Annotated[
    str | None,
    typer.Option(
        "--display",
        callback=checked_display,
        help="Driver: framebuffer, luma, terminal, png or none.",
    ),
]
DisplayDeviceOption = Annotated[
    str | None,
    typer.Option("--display-device", help="Framebuffer, bus address or folder of the display."),
]
StateDirOption = Annotated[
    Path | None,
    typer.Option(
        "--state-dir", callback=remember_state_dir, help="Folder that the sessions are kept in."
    ),
]


def run(
    *,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    display: DisplayOption = None,
    display_device: DisplayDeviceOption = None,
    state_dir: StateDirOption = None,
    socket: Annotated[
        Path | None, typer.Option("--socket", help="Where to listen for leuko session.")
    ] = None,
    um_per_px: ScaleOption = None,
    bundle: BundleOption = None,
    backend: BackendOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Count live from a camera until stopped; leuko session tells it what to do."""
    from leuko.cli._live_log import logged
    from leuko.service import run_service
    from leuko.settings import load_settings

    settings = load_settings(
        os.environ,
        bundle=bundle,
        camera=camera,
        camera_source=camera_source,
        display=display,
        display_device=display_device,
        state_dir=state_dir,
        control_socket=socket,
        um_per_px=um_per_px,
        backend=backend,
        threads=threads,
    )
    with logged(settings):
        run_service(settings)


def doctor(
    *,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    display: DisplayOption = None,
    display_device: DisplayDeviceOption = None,
    state_dir: StateDirOption = None,
    socket: SocketOption = None,
    um_per_px: ScaleOption = None,
    bundle: BundleOption = None,
    backend: BackendOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Look at every part of the device, from camera to heat; say what is wrong."""
    from leuko.doctor import examine
    from leuko.service import camera_options, display_options
    from leuko.settings import read_settings
    from leuko.status import Level

    # What the parts log on the way is in the findings.
    logging.basicConfig(level=logging.CRITICAL)
    # A state directory that is none is one finding among others.
    settings = read_settings(
        os.environ,
        bundle=bundle,
        camera=camera,
        camera_source=camera_source,
        display=display,
        display_device=display_device,
        state_dir=state_dir,
        control_socket=socket,
        um_per_px=um_per_px,
        backend=backend,
        threads=threads,
    )
    has_fault = False
    for finding in examine(settings, camera_options(settings), display_options(settings)):
        typer.echo(with_state_dir(_line(finding), state_dir))
        has_fault = has_fault or finding.health.level is Level.FAULT
    if has_fault:
        raise typer.Exit(1)


def _line(finding: "Finding") -> str:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return f"{finding.health.level:8}{finding.part:12}{finding.health.text}{remedy}"
