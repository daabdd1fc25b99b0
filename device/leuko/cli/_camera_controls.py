"""``leuko calibrate white-balance`` and ``exposure``: what the camera's controls are locked at."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import CAMERA, KEEPING, Asked, asking
from leuko.cli._keeping import offer
from leuko.cli._measuring import Measuring, measuring

if TYPE_CHECKING:
    from leuko.calibration import Part, TunedCamera
    from leuko.vision.backdrop import Backdrop

AdviceOption = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FOLDER", help="Saved pictures: say what to change; nothing is kept."
    ),
]


@asking(*CAMERA, *KEEPING)
def white_balance(asked: Asked, *, folder: AdviceOption = None) -> None:
    """Lock the camera's colours so that the background has none."""
    with _tuning("white_balance", asked, folder) as bench:
        if folder:
            _advise(bench)
        else:
            calibrate_white_balance(bench)


@asking(*CAMERA, *KEEPING)
def exposure(asked: Asked, *, folder: AdviceOption = None) -> None:
    """Lock exposure and gain so that the background has the level that bundles expect."""
    with _tuning("exposure", asked, folder) as bench:
        if folder:
            _advise(bench)
        else:
            calibrate_exposure(bench)


def calibrate_white_balance(bench: Measuring) -> None:
    """Tune the camera's colours, and keep them if that is wanted; see `offer`.

    Raises:
        LeukoError: it is refused.
    """
    from leuko.calibration import measure_white_balance

    part = measure_white_balance(_tuned(bench), bench.circumstances)
    red, green, blue = part.background
    figures = (f"red {red:.0f}", f"green {green:.0f}", f"blue {blue:.0f}", "of 255")
    _offer(bench, "white_balance", part, figures)


def calibrate_exposure(bench: Measuring) -> None:
    """Tune the camera's exposure, and keep it if that is wanted; see `offer`.

    Raises:
        LeukoError: it is refused.
    """
    from leuko.calibration import measure_exposure

    part = measure_exposure(_tuned(bench), bench.circumstances)
    figures = (f"background {part.level:.0f}", f"{part.exposure_us / 1000:.1f} ms")
    _offer(bench, "exposure", part, figures)


def _tuning(guide: str, asked: Asked, folder: Path | None) -> AbstractContextManager[Measuring]:
    # Of saved pictures nothing is kept, and so nothing asked.
    is_asked = asked.is_open and not folder
    return measuring(guide, replace(asked, folder=folder), is_asked=is_asked)


def _offer(bench: Measuring, name: str, part: "Part", figures: Sequence[str]) -> None:
    from leuko.cli._part_figures import part_figures

    bench.say(part_figures(part))
    offer(bench, name, part, figures=figures)


def _tuned(bench: Measuring) -> "TunedCamera":
    from leuko.calibration import TunedCamera
    from leuko.errors import CalibrationError

    if bench.camera is None:
        raise CalibrationError("there is no camera to be tuned; leave --from out")
    return TunedCamera(bench.camera, told=lambda rgb, seen: bench.wizard.see(rgb, *_lines(seen)))


def _lines(seen: "Backdrop") -> tuple[str, ...]:
    red, green, blue = seen.levels
    return (f"red {red:.0f}", f"green {green:.0f}", f"blue {blue:.0f}", "of 255")


def _advise(bench: Measuring) -> None:
    """Say what saved pictures show of exposure and white balance."""
    from itertools import islice

    from leuko.calibration import FIELDS, advised
    from leuko.cli._camera_figures import advice_lines

    found = advised(islice(bench.shots, FIELDS))
    if bench.asked.json:
        typer.echo(dumps({"kept": None, "advice": asdict(found)}))
        return
    for line in advice_lines(found):
        typer.echo(line)
