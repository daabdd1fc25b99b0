"""What ``leuko calibrate`` prints for people."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leuko.calibration import (
    Calibration,
    CalibrationRecord,
    Entry,
    SitePart,
)
from leuko.cli._part_figures import part_figures
from leuko.clock import Moment
from leuko.plurals import counted


def print_calibration(calibration: Calibration | None) -> None:
    """Print the calibration in use, part by part."""
    console = Console(highlight=False)
    if calibration is None or not calibration.record.parts:
        console.print("this device is not calibrated")
        return
    for line in _lines(calibration.record):
        console.print(line, markup=False, soft_wrap=True)


def print_history(entries: Sequence[Entry]) -> None:
    """Print every calibration in one line each."""
    console = Console(highlight=False)
    if not entries:
        console.print("no calibration was ever kept")
        return
    table = Table("number", "what", "by", "kept (UTC)", "holds")
    for entry in entries:
        if entry.calibration is None:
            table.add_row(str(entry.number), Text(entry.problem), "", "", "")
            continue
        record = entry.calibration.record
        holds = ", ".join(name.replace("_", "-") for name in record.parts) or "nothing"
        table.add_row(
            str(entry.number), Text(record.cause), Text(record.by), _when(record.moment), holds
        )
    console.print(table)


def _lines(record: CalibrationRecord) -> Iterator[str]:
    yield f"calibration {record.number}: {record.cause}, {_when(record.moment)} by {record.by}"
    for name, part in record.parts.items():
        origin = part.origin
        yield f"{name.replace('_', '-')}: {part_figures(part)}"
        if isinstance(part, SitePart):
            yield f"  {_when(origin.moment)} by {origin.by}, with {origin.bundle}"
            continue
        yield (
            f"  {_when(origin.moment)} by {origin.by}, {counted(len(origin.frames), 'picture')} of "
            f"{origin.camera.width} x {origin.camera.height} from {origin.camera.driver}"
        )


def _when(moment: Moment) -> str:
    shown = moment.wall.strftime("%Y-%m-%d %H:%M")
    return shown if moment.clock_is_set else f"{shown} (clock not set)"
