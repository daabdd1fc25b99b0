"""``leuko calibrate wbc-factor``: from leukocytes in a field to those in blood."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, PICTURES, Asked, asking
from leuko.cli._keeping import offer
from leuko.cli._live_gate import live_gate
from leuko.cli._measuring import LONG_S, Measuring, known_scale, measuring
from leuko.cli._moving_smear import fields_of_smear
from leuko.cli._options import number_from

if TYPE_CHECKING:
    from leuko.calibration import Shot


@asking(*PICTURES, *KEEPING, "bundle")
def wbc_factor(
    asked: Asked,
    *,
    known: Annotated[
        float,
        typer.Option(
            metavar="X",
            parser=number_from(0.1, 1000),
            help="The specimen's leukocytes, 10⁹ a litre: 0.1 to 1000.",
        ),
    ],
    fields: Annotated[
        int, typer.Option(min=10, max=999, help="Fields that the camera is to show.")
    ] = 30,
) -> None:
    """Find what one leukocyte a field stands for, from fields of a specimen with a known count."""
    from leuko.calibration import measure_wbc_factor

    with measuring("wbc_factor", asked, longest_s=LONG_S) as bench:
        um_per_px = known_scale(bench, "a factor holds at")
        analyser, even = bench.analyser(), bench.even()
        part = measure_wbc_factor(
            _good(bench, um_per_px, wanted=fields),
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


def _good(bench: Measuring, um_per_px: float, *, wanted: int) -> Iterator["Shot"]:
    """Yield the pictures that a live count would search as well, once; name the others."""
    present = bench.history.current()
    if bench.camera:
        yield from fields_of_smear(
            bench.shots, bench.wizard, wanted=wanted, present=present, um_per_px=um_per_px
        )
        return
    even, flaw = bench.even(), live_gate(present, um_per_px)
    first_with: dict[bytes, str] = {}
    for shot in bench.shots:
        if reason := flaw(even(shot.rgb)):
            _tell_left_out(shot, reason)
        elif first := first_with.get(pixels := shot.pixels):
            _tell_left_out(shot, f"it is the same picture as {first}; its cells count once")
        else:
            first_with[pixels] = shot.used.name
            yield shot


def _tell_left_out(shot: "Shot", reason: str) -> None:
    typer.echo(f"leuko: left out {shot.used.name}: {reason}", err=True)
