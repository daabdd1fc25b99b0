"""``leuko calibrate check``: the daily quality check on a reference slide."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import ByOption, FromOption, JSONOption, StateOption, YesOption
from leuko.cli._live import CameraOption, SourceOption
from leuko.cli._measuring import Measuring, known_scale, measuring
from leuko.cli._options import BundleOption
from leuko.errors import CalibrationError, OutputError

if TYPE_CHECKING:
    from leuko.calibration import Calibration
    from leuko.cells import Cell, RGBImage
    from leuko.checks import CheckHistory, CheckMeasurement, CheckRecord
    from leuko.status import TrendChart

FAILED = 4
"""Exit code of a quality check that failed."""

_LONGEST_S = 900.0
_PLOT = (800, 480)

PlotOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw the trends into a PNG file.")
]


def check(
    *,
    folder: FromOption = None,
    cells: Annotated[int, typer.Option(min=5, max=1000, help="Leukocytes to be located.")] = 20,
    missed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1000,
            help="Leukocytes that were missed, but for those the border cuts; else asked.",
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write each field with what was located outlined."),
    ] = None,
    plot: PlotOption = None,
    small: Annotated[
        bool, typer.Option("--small", help="Draw for a display of 320 x 240 pixels.")
    ] = False,
    is_list: Annotated[bool, typer.Option("--list", help="Print all checks; makes none.")] = False,
    camera: CameraOption = None,
    camera_source: SourceOption = None,
    by: ByOption = None,
    yes: YesOption = False,
    json: JSONOption = False,
    bundle: BundleOption = None,
    state_dir: StateOption = None,
) -> None:
    """Check on a reference slide that leukocytes are located, and follow the trends over days."""
    size = (320, 240) if small else _PLOT
    if is_list:
        _list(_history(state_dir), plot, size, json=json)
        return
    if json and missed is None:
        raise CalibrationError("--json asks nothing; say with --missed how many were missed")
    with measuring(
        folder,
        state_dir,
        by,
        bundle=bundle,
        guide="check",
        longest_s=_LONGEST_S,
        camera=camera,
        camera_source=camera_source,
    ) as bench:
        present = bench.history.current()
        found = _measured(bench, present, cells, pictures)
        if missed is None:
            missed = _asked(found, pictures)
        drafted = _drafted(bench, present, found, _history(state_dir), missed=missed, wanted=cells)
        # It stays on the display until the person has answered.
        bench.wizard.show(_chart(_history(state_dir), drafted))
        _finish(drafted, _history(state_dir), plot, size, yes=yes, json=json)


def _history(state_dir: Path | None) -> "CheckHistory":
    import os

    from leuko.checks import FOLDER_NAME, CheckHistory
    from leuko.settings import load_settings

    return CheckHistory(load_settings(os.environ, state_dir=state_dir).state_dir / FOLDER_NAME)


def _measured(
    bench: Measuring, present: "Calibration | None", wanted: int, pictures: Path | None
) -> "CheckMeasurement":
    from leuko.calibration import CalibratedFrames
    from leuko.checks import measure_check
    from leuko.inference import LiteRTEngine
    from leuko.pipeline import FieldAnalyser

    um_per_px, analyser = known_scale(bench), FieldAnalyser(bench.bundle, LiteRTEngine())
    return measure_check(
        bench.shots,
        find=lambda rgb: analyser.analyse(rgb, um_per_px=um_per_px),
        even=CalibratedFrames(present).calibrated if present else lambda rgb: rgb,
        um_per_px=um_per_px,
        wanted=wanted,
        seen=_shower(bench, pictures),
    )


def _shower(
    bench: Measuring, folder: Path | None
) -> "Callable[[RGBImage, tuple[Cell, ...]], None]":
    """Return what shows each field with its cells outlined, and writes it, numbered from 1."""
    from leuko.vision.overlay import draw_overlay

    located: list[int] = []

    def show(rgb: "RGBImage", cells: "tuple[Cell, ...]") -> None:
        located.append(len(cells))
        outlined = draw_overlay(rgb, cells)
        bench.wizard.see(outlined, f"located {sum(located)}", f"fields {len(located)}")
        if folder:
            _write(outlined, folder / f"field-{len(located):03}.png")

    return show


def _write(rgb: "RGBImage", file: Path) -> None:
    from leuko.images import result_png

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(result_png(rgb))
    except OSError as error:
        raise OutputError(
            f"{file.parent} takes no pictures ({error.strerror or error}); name another folder"
        ) from error


def _asked(found: "CheckMeasurement", pictures: Path | None) -> int:
    where = f"; see {pictures}" if pictures else ""
    typer.echo(f"{found.located} leukocytes located in {found.fields} fields{where}")
    missed = int(typer.prompt("how many were missed, but for those the border cuts?", type=int))
    if missed < 0:
        raise CalibrationError(f"{missed} leukocytes cannot be missed; give 0 or more")
    return missed


def _drafted(
    bench: Measuring,
    present: "Calibration | None",
    found: "CheckMeasurement",
    history: "CheckHistory",
    *,
    missed: int,
    wanted: int,
) -> "CheckRecord":
    from leuko.vision.quality import DEFAULT_LIMITS

    focus = present.record.focus if present else None
    return history.drafted(
        found.measured(missed=missed, wanted=wanted),
        found.origin(bench.circumstances),
        calibration=present.record.number if present else None,
        counts=(found.located, missed),
        least_sharpness=focus.least_sharpness if focus else DEFAULT_LIMITS.least_sharpness,
    )


def _finish(
    drafted: "CheckRecord",
    history: "CheckHistory",
    plot: Path | None,
    size: tuple[int, int],
    *,
    yes: bool,
    json: bool,
) -> None:
    """Say how it went, keep it if that is wanted, and leave with the right exit code."""
    from leuko.cli._check_tables import check_lines

    if not json:
        for line in check_lines(drafted):
            typer.echo(line)
    is_wanted = yes or (not json and typer.confirm("keep this check?", abort=True))
    kept = history.keep(drafted) if is_wanted else None
    if plot:
        _draw(_chart(history, kept or drafted), plot, size)
    if json:
        told = (kept or drafted).model_dump(mode="json")
        typer.echo(dumps({"kept": kept.number if kept else None, "check": told}))
    if not drafted.has_passed:
        raise typer.Exit(FAILED)


def _list(history: "CheckHistory", plot: Path | None, size: tuple[int, int], *, json: bool) -> None:
    from leuko.cli._check_tables import print_checks

    entries = history.entries()
    if json:
        typer.echo(
            dumps([
                one.check.model_dump(mode="json")
                if one.check
                else {"number": one.number, "problem": one.problem}
                for one in entries
            ])
        )
    else:
        print_checks(entries)
    sound = [one.check for one in entries if one.check]
    if plot and sound:
        _draw(_chart(history, sound[-1]), plot, size)


def _chart(history: "CheckHistory", check: "CheckRecord") -> "TrendChart":
    from leuko.checks import series_of, trends

    earlier = [one for one in history.checks() if one.number < check.number]
    return trends(series_of(earlier, like=check), check)


def _draw(chart: "TrendChart", file: Path, size: tuple[int, int]) -> None:
    from leuko.displays import draw

    try:
        draw(chart, size, is_mono=False).save(file, format="png")
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written ({error.strerror or error}); name another file"
        ) from error
