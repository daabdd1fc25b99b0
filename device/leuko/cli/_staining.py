"""``leuko calibrate stain``: this laboratory's background and stain colours."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import ByOption, FromOption, JSONOption, StateOption, YesOption
from leuko.cli._live import CameraOption, SourceOption
from leuko.cli._measuring import Measuring, known_scale, measuring, offer
from leuko.cli._options import BundleOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from leuko.calibration import StainMeasurement

_LONGEST_S = 900.0
"""One leukocyte a field, and a hand that looks for the next."""


def stain(
    *,
    folder: FromOption = None,
    cells: Annotated[
        int, typer.Option(min=30, max=1000, help="Neutrophils and lymphocytes to measure.")
    ] = 60,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    bundle: BundleOption = None,
    state_dir: StateOption = None,
) -> None:
    """Measure this laboratory's background and stain, which later smears are compared with."""
    with measuring(
        folder,
        state_dir,
        by,
        bundle=bundle,
        guide="stain",
        is_asked=not (yes or json),
        longest_s=_LONGEST_S,
        camera=camera,
        camera_source=camera_source,
    ) as bench:
        found = _measured(bench, cells)
        for reason in found.left_out:
            typer.echo(f"leuko: left out {reason}", err=True)
        if not json:
            part = found.part
            typer.echo(
                f"{part.cells} neutrophils and lymphocytes in {part.fields} fields: nuclei vary by "
                f"{part.nuclei_spread_percent:.0f} % from cell to cell, the background is "
                f"{', '.join(f'{level:.0f}' for level in part.background)}"
            )
        figures = (f"{found.part.cells} cells", f"{found.part.fields} fields")
        offer(bench, "stain", found.part, gain=None, yes=yes, json=json, figures=figures)


def _told(
    bench: Measuring, progress: "Callable[[str, int, int], None]", done: int, of: int
) -> None:
    progress("cells: move the slide on", done, of)
    bench.wizard.tell(f"cell {done} of {of}")


def _measured(bench: Measuring, wanted: int) -> "StainMeasurement":
    from leuko.calibration import CalibratedFrames, measure_stain
    from leuko.inference import LiteRTEngine
    from leuko.pipeline import FieldAnalyser
    from leuko.terminal import progress_bar

    um_per_px = known_scale(bench)
    analyser, present = FieldAnalyser(bench.bundle, LiteRTEngine()), bench.history.current()
    frames = CalibratedFrames(present) if present else None
    with progress_bar() as progress:
        return measure_stain(
            bench.shots,
            bench.circumstances,
            find=lambda rgb, scale: analyser.analyse(rgb, um_per_px=scale),
            even=frames.calibrated if frames else lambda rgb: rgb,
            um_per_px=um_per_px,
            wanted=wanted,
            told=lambda done, of: _told(bench, progress, done, of),
        )
