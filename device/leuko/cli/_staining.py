"""``leuko calibrate stain``: background and stain here, and how dark cells are."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, PICTURES, Asked, asking
from leuko.cli._keeping import offer
from leuko.cli._measuring import LONG_S, Measuring, known_scale, measuring, tell_left_out
from leuko.cli._opening import tell_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from leuko.calibration import StainMeasurement

_FLAT = (
    "nuclei hardly stand out, so how dark cells are is not known, and counts begin with the usual "
    "laboratory; measure again with fields in which they do"
)


@asking(*PICTURES, *KEEPING, "bundle")
def stain(
    asked: Asked,
    *,
    cells: Annotated[
        int, typer.Option(min=30, max=1000, help="Neutrophils and lymphocytes to measure.")
    ] = 60,
) -> None:
    """Measure background and stain here: smears are compared with it, and naming begins with it."""
    with measuring("stain", asked, longest_s=LONG_S) as bench:
        calibrate_stain(bench, cells=cells)


def calibrate_stain(bench: Measuring, *, cells: int = 60) -> None:
    """Measure background and stain, and keep them if that is wanted; see `offer`.

    Args:
        bench: what it is measured with.
        cells: neutrophils and lymphocytes to measure.

    Raises:
        LeukoError: it is refused.
    """
    from leuko.cli._part_figures import part_figures

    found = _measured(bench, cells)
    for reason in found.left_out:
        tell_left_out(reason)
    part = found.part
    if part.tone is None and bench.bundle.manifest.classifier.evens_laboratory:
        tell_person(f"leuko: {_FLAT}")
    bench.say(part_figures(part))
    offer(bench, "stain", part, figures=(f"{part.cells} cells", f"{part.fields} fields"))


def _told(
    bench: Measuring, progress: "Callable[[str, int, int], None]", done: int, of: int
) -> None:
    progress("cells: move the slide on" if bench.camera else "cells", done, of)
    bench.wizard.tell(f"cell {done} of {of}")


def _measured(bench: Measuring, wanted: int) -> "StainMeasurement":
    from leuko.calibration import measure_stain
    from leuko.terminal import progress_bar

    um_per_px = known_scale(bench, "leukocytes are found at")
    analyser = bench.analyser(is_toned=False)
    with progress_bar() as progress:
        found = measure_stain(
            bench.shots,
            bench.circumstances,
            find=lambda rgb, scale: analyser.analyse(rgb, um_per_px=scale),
            even=bench.even(),
            um_per_px=um_per_px,
            wanted=wanted,
            told=lambda done, of: _told(bench, progress, done, of),
        )
    tone = analyser.measured_tone
    # In a picture so flat that hardly a nucleus stands out, nobody can tell how dark they are.
    if tone is None or tone.nucleus <= tone.cytoplasm:
        return found
    return replace(found, part=found.part.with_tone(tone))
