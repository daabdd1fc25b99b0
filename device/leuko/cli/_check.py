"""``leuko calibrate check``: the daily quality check on a reference slide."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from collections.abc import Callable
from functools import partial
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._calibration_options import KEEPING, PICTURES, Asked, asking
from leuko.cli._keeping import is_wanted
from leuko.cli._looking import Looking
from leuko.cli._measuring import LONG_S, Measuring, known_scale, measuring
from leuko.cli._options import WrongUseError
from leuko.errors import OutputError

if TYPE_CHECKING:
    from leuko.checks import CheckHistory, CheckMeasurement, CheckRecord
    from leuko.shown import TrendChart

    Draw = Callable[[TrendChart], None]

FAILED = 4
"""Exit code of a quality check that failed."""

_PLOT = (800, 480)

PlotOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw the trends into a PNG file.")
]


@asking(*PICTURES, *KEEPING, "bundle")
def check(
    asked: Asked,
    *,
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
) -> None:
    """Check on a reference slide that leukocytes are located, and follow the trends over days."""
    draw = partial(_draw, file=plot, size=(320, 240) if small else _PLOT)
    history = _history(asked.state_dir)
    if is_list:
        _list(history, draw, json=asked.json)
        return
    _refuse_question(asked, missed)
    with measuring("check", asked, longest_s=LONG_S) as bench:
        looking = Looking(bench, pictures, missed=missed)
        found = _measured(bench, looking, wanted=cells)
        drafted = _drafted(bench, found, history, looking, wanted=cells)
        made = _told_and_kept(bench, drafted, history)
    # Nothing is measured again because a picture could not be written.
    _leave(made, partial(draw, _chart(history, made)))


def _refuse_question(asked: Asked, missed: int | None) -> None:
    """Refuse, before anything is measured, what would end in a question to a script."""
    option = "--json" if asked.json else "--yes"
    if missed is None and not asked.is_open:
        raise WrongUseError(f"{option} asks nothing; say with --missed how many were missed")


def _history(state_dir: Path | None) -> "CheckHistory":
    import os

    from leuko.checks import FOLDER_NAME, CheckHistory
    from leuko.settings import load_settings

    return CheckHistory(load_settings(os.environ, state_dir=state_dir).state_dir / FOLDER_NAME)


def _measured(bench: Measuring, looking: Looking, *, wanted: int) -> "CheckMeasurement":
    from leuko.calibration import quality_limits
    from leuko.checks import measure_check

    um_per_px, analyser = known_scale(bench, "leukocytes are located at"), bench.analyser()
    return measure_check(
        bench.shots,
        find=lambda rgb: analyser.analyse(rgb, um_per_px=um_per_px),
        even=bench.even(),
        um_per_px=um_per_px,
        limits=quality_limits(bench.history.current()),
        wanted=wanted,
        told=looking.told,
        seen=looking.seen,
    )


def _drafted(
    bench: Measuring,
    found: "CheckMeasurement",
    history: "CheckHistory",
    looking: Looking,
    *,
    wanted: int,
) -> "CheckRecord":
    missed = looking.missed_of(found)
    present = bench.history.current()
    return history.drafted(
        found.measured(missed=missed, wanted=wanted),
        found.origin(bench.circumstances),
        calibration=present.record.number if present else None,
        counts=(found.located, missed),
        missed_in=looking.missed_in(found),
    )


def _told_and_kept(
    bench: Measuring, drafted: "CheckRecord", history: "CheckHistory"
) -> "CheckRecord":
    """Say how it went, and keep it if that is wanted."""
    from leuko.cli._check_tables import check_lines

    for line in check_lines(drafted):
        bench.say(line)
    chart, asked = _chart(history, drafted), bench.asked
    bench.wizard.show(chart)
    is_kept = asked.yes or (not asked.json and _is_wanted(bench, chart))
    made = history.keep(drafted) if is_kept else drafted
    if asked.json:
        told = made.model_dump(mode="json")
        typer.echo(dumps({"kept": made.number if is_kept else None, "check": told}))
    return made


def _is_wanted(bench: Measuring, chart: "TrendChart") -> bool:
    """Return whether it is to be kept; a "no" is said, and the outcome stands all the same."""
    try:
        return is_wanted(bench, beside=chart, what="check")
    except typer.Exit:
        return False


def _leave(made: "CheckRecord", draw: "Callable[[], None]") -> None:
    """Draw last of all, and leave with the right exit code whether that can be done or not."""
    try:
        draw()
    except OutputError as error:
        if made.has_passed:
            raise
        typer.echo(f"leuko: {error}", err=True)
    if not made.has_passed:
        raise typer.Exit(FAILED)


def _list(history: "CheckHistory", draw: "Draw", *, json: bool) -> None:
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
    if sound := [one.check for one in entries if one.check]:
        draw(_chart(history, sound[-1]))


def _chart(history: "CheckHistory", check: "CheckRecord") -> "TrendChart":
    from leuko.checks import series_of, trends

    earlier = [one for one in history.checks() if one.number < check.number]
    return trends(series_of(earlier, like=check), check)


def _draw(chart: "TrendChart", *, file: Path | None, size: tuple[int, int]) -> None:
    """Draw a chart into a file, if one is wanted."""
    from leuko.displays import draw

    if file is None:
        return
    try:
        draw(chart, size, is_mono=False).save(file, format="png")
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written ({error.strerror or error}); name another file"
        ) from error
