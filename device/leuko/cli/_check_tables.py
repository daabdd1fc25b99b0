"""What ``leuko calibrate check`` prints for people."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from leuko.checks import CheckEntry, CheckRecord
from leuko.clock import Moment

_VALUES = ("located", "sharp", "background", "stain", "scale")


def check_lines(check: CheckRecord) -> Iterator[str]:
    """Yield what is said of one check, line by line."""
    measured = check.measured
    there = check.located + check.missed
    figures = [
        f"{check.located} of {there} leukocytes located ({measured.located_percent:.0f} %)",
        f"sharpness {measured.sharpness:.2f}",
        f"background {measured.background:.0f}",
    ]
    if measured.nuclei_density is not None:
        figures.append(f"stain density {measured.nuclei_density:.2f}")
    if measured.scale_percent is not None:
        figures.append(f"scale {measured.scale_percent:.1f} %")
    yield ", ".join(figures)
    if any(check.missed_in):
        where = enumerate(check.missed_in, start=1)
        yield "missed: " + ", ".join(f"{missed} in field {at}" for at, missed in where if missed)
    yield from (f"warning: {sentence}" for sentence in check.warnings)
    yield from (f"failed: {sentence}" for sentence in check.failures)
    if check.has_passed:
        yield "the check has passed"


def print_checks(entries: Sequence[CheckEntry]) -> None:
    """Print every check in one line each, the newest last."""
    console = Console(highlight=False)
    if not entries:
        console.print("no quality check was ever made")
        return
    # Without lines between the columns, a name and a time may fold: 80 columns are enough.
    table = Table(
        Column("check", no_wrap=True),
        "by",
        Column("made (UTC)", min_width=10),
        *(Column(name, no_wrap=True) for name in _VALUES),
        Column("outcome", no_wrap=True),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for entry in entries:
        row = _row(entry.check) if entry.check else ("",) * (len(table.columns) - 2) + ("damaged",)
        table.add_row(str(entry.number), *row)
    console.print(table)
    for entry in entries:
        for sentence in entry.check.failures if entry.check else (entry.problem,):
            console.print(Text(f"check {entry.number}: {sentence}"))
    if any(entry.check and not entry.check.moment.clock_is_set for entry in entries):
        console.print("*: the clock was not set")


def _row(check: CheckRecord) -> tuple[str | Text, ...]:
    measured = check.measured
    density, scale = measured.nuclei_density, measured.scale_percent
    return (
        Text(check.by),
        _when(check.moment),
        f"{measured.located_percent:.0f} %",
        f"{measured.sharpness:.2f}",
        f"{measured.background:.0f}",
        "-" if density is None else f"{density:.2f}",
        "-" if scale is None else f"{scale:.1f} %",
        "passed" if check.has_passed else "failed",
    )


def _when(moment: Moment) -> str:
    shown = moment.wall.strftime("%Y-%m-%d %H:%M")
    return shown if moment.clock_is_set else f"{shown} *"
