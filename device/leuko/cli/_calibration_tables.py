"""What ``leuko calibrate`` prints for people."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from leuko.calibration import (
    Calibration,
    CalibrationRecord,
    Entry,
    FlatFieldPart,
    FocusPart,
    Part,
    ScalePart,
    SitePart,
    WBCFactorPart,
)
from leuko.clock import Moment
from leuko.counting import exact_interval


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


def site_lines(part: SitePart) -> Iterator[str]:
    """Yield what an adaptation is worth, and which classes it leaves alone."""
    before, after = (_share(right, part.cells) for right in (part.right_before, part.right_after))
    yield f"of {part.cells} confirmed cells, named right before: {before}; adapted: {after}"
    if part.lacking:
        names = ", ".join(part.lacking)
        yield f"too few confirmed cells of: {names}; these stay as the bundle names them"


def _share(right: int, cells: int) -> str:
    low, high = exact_interval(right, cells)
    return f"{right} ({100 * right / cells:.0f} %; 95 %: {low:.0f} to {high:.0f})"


def _lines(record: CalibrationRecord) -> Iterator[str]:
    yield f"calibration {record.number}: {record.cause}, {_when(record.moment)} by {record.by}"
    for name, part in record.parts.items():
        origin = part.origin
        yield f"{name.replace('_', '-')}: {_figures(part)}"
        if isinstance(part, SitePart):
            yield f"  {_when(origin.moment)} by {origin.by}, with {origin.bundle}"
            continue
        yield (
            f"  {_when(origin.moment)} by {origin.by}, {len(origin.frames)} pictures of "
            f"{origin.camera.width} x {origin.camera.height} from {origin.camera.driver}"
        )


def _figures(part: Part) -> str:
    if isinstance(part, ScalePart):
        return (
            f"{part.um_per_px:.5f} µm per pixel within {part.within_percent:.2g} %, {part.method}"
        )
    if isinstance(part, FlatFieldPart):
        return (
            f"light uneven by {part.before_percent:.2f} %, corrected by "
            f"{part.after_percent:.2f} %, {part.method}"
        )
    if isinstance(part, FocusPart):
        return (
            f"sharp from {part.least_sharpness:.2f}, in focus {part.best_sharpness:.2f}, out of "
            f"it {part.softest:.2f}"
        )
    if isinstance(part, WBCFactorPart):
        return (
            f"{part.per_cell:.2f} × 10⁹ a litre for one leukocyte a field, within "
            f"{part.within_percent:.0f} % by chance, an estimate"
        )
    if isinstance(part, SitePart):
        return "; ".join(site_lines(part))
    return "measured"


def _when(moment: Moment) -> str:
    shown = moment.wall.strftime("%Y-%m-%d %H:%M")
    return shown if moment.clock_is_set else f"{shown} (clock not set)"
