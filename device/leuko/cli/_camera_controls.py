"""``leuko calibrate white-balance`` and ``exposure``: what the camera's controls are locked at."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import ByOption, JSONOption, StateOption, YesOption
from leuko.cli._live import CameraOption, SourceOption
from leuko.cli._measuring import Measuring, measuring, offer

if TYPE_CHECKING:
    from leuko.calibration import TunedCamera
    from leuko.vision.backdrop import Backdrop

AdviceOption = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FOLDER", help="Saved pictures: say what to change; nothing is kept."
    ),
]


def white_balance(
    *,
    folder: AdviceOption = None,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Lock the camera's colours so that the background has none."""
    from leuko.calibration import measure_white_balance

    with measuring(
        folder,
        state_dir,
        by,
        guide="white_balance",
        is_asked=not (yes or json or folder),
        camera=camera,
        camera_source=camera_source,
    ) as bench:
        if folder:
            _advise(bench, json=json)
            return
        part = measure_white_balance(_tuned(bench), bench.circumstances)
        if not json:
            from leuko.cli._part_figures import part_figures

            typer.echo(part_figures(part))
        red, green, blue = part.background
        figures = (f"red {red:.0f}", f"green {green:.0f}", f"blue {blue:.0f}", "of 255")
        offer(bench, "white_balance", part, gain=None, yes=yes, json=json, figures=figures)


def exposure(
    *,
    folder: AdviceOption = None,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    state_dir: StateOption = None,
) -> None:
    """Lock exposure and gain so that the background has the level that bundles expect."""
    from leuko.calibration import measure_exposure

    with measuring(
        folder,
        state_dir,
        by,
        guide="exposure",
        is_asked=not (yes or json or folder),
        camera=camera,
        camera_source=camera_source,
    ) as bench:
        if folder:
            _advise(bench, json=json)
            return
        part = measure_exposure(_tuned(bench), bench.circumstances)
        if not json:
            from leuko.cli._part_figures import part_figures

            typer.echo(part_figures(part))
        figures = (f"background {part.level:.0f}", f"{part.exposure_us / 1000:.1f} ms")
        offer(bench, "exposure", part, gain=None, yes=yes, json=json, figures=figures)


def _tuned(bench: Measuring) -> "TunedCamera":
    from leuko.calibration import TunedCamera
    from leuko.errors import CalibrationError

    if bench.camera is None:
        raise CalibrationError("there is no camera to be tuned; leave --from out")
    return TunedCamera(bench.camera, told=lambda rgb, seen: bench.wizard.see(rgb, *_lines(seen)))


def _lines(seen: "Backdrop") -> tuple[str, ...]:
    red, green, blue = seen.levels
    return (f"red {red:.0f}", f"green {green:.0f}", f"blue {blue:.0f}", "of 255")


def _advise(bench: Measuring, *, json: bool) -> None:
    """Say what saved pictures show of exposure and white balance."""
    from itertools import islice

    from leuko.calibration import FIELDS, advised
    from leuko.cli._camera_figures import advice_lines

    found = advised(list(islice(bench.shots, FIELDS)))
    if json:
        typer.echo(dumps({"kept": None, "advice": asdict(found)}))
        return
    for line in advice_lines(found):
        typer.echo(line)
