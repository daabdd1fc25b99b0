"""``leuko calibrate wbc-factor``: from leukocytes in a field to those in blood."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, Asked, asking
from leuko.cli._keeping import offer
from leuko.cli._measuring import Measuring, known_scale, measuring

if TYPE_CHECKING:
    from leuko.calibration import Shot


@asking(*KEEPING, "bundle")
def wbc_factor(
    asked: Asked,
    *,
    known: Annotated[
        float, typer.Option(min=0.1, max=1000, help="The specimen's leukocytes, 10⁹ a litre.")
    ],
    folder: Annotated[
        Path, typer.Option("--from", metavar="FOLDER", help="Saved pictures of the camera.")
    ],
) -> None:
    """Find what one leukocyte a field stands for, from fields of a specimen with a known count."""
    from leuko.calibration import measure_wbc_factor

    with measuring("wbc_factor", replace(asked, folder=folder)) as bench:
        analyser, even, um_per_px = bench.analyser(), bench.even(), known_scale(bench)
        part = measure_wbc_factor(
            _good(bench, um_per_px),
            bench.circumstances,
            find=lambda rgb: analyser.analyse(even(rgb), um_per_px=um_per_px),
            known=known,
            um_per_px=um_per_px,
        )
        bench.say(
            f"{part.cells} leukocytes in {part.fields} fields: {part.per_cell:.2f} × 10⁹ a "
            f"litre for one a field, within {part.within_percent:.0f} % by chance, an estimate"
        )
        figures = (f"{part.per_cell:.2f} × 10⁹/l for 1", f"± {part.within_percent:.0f} % by chance")
        offer(bench, "wbc_factor", part, figures=figures)


def _good(bench: Measuring, um_per_px: float) -> Iterator["Shot"]:
    """Yield the pictures that a live count would search as well, once; name the others."""
    from leuko.calibration import quality_limits
    from leuko.vision.quality import judge

    even, limits = bench.even(), quality_limits(bench.history.current())
    first_with: dict[bytes, str] = {}
    for shot in bench.shots:
        quality = judge(even(shot.rgb), um_per_px=um_per_px, moved_um=math.inf, limits=limits)
        if not quality.is_good:
            _tell_left_out(shot, quality.guidance)
        elif first := first_with.get(pixels := shot.pixels):
            _tell_left_out(shot, f"it is the same picture as {first}; its cells count once")
        else:
            first_with[pixels] = shot.used.name
            yield shot


def _tell_left_out(shot: "Shot", reason: str) -> None:
    typer.echo(f"leuko: left out {shot.used.name}: {reason}", err=True)
