"""What the demo shows in the terminal: a live view, or plain lines where nobody watches."""

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass

import cv2
import numpy as np
from rich.color import Color
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.style import Style
from rich.table import Table
from rich.text import Text

from leuko.cells import LEUKOCYTES, CellStatus, RGBImage
from leuko.certainty import in_percent
from leuko.counting import STATEMENT, DifferentialCount
from leuko.demo._slide import HEIGHT_PX, WIDTH_PX
from leuko.demo._tally import Sighting
from leuko.demo._truth import Comparison
from leuko.terminal import beside_lines, differential_table

_TABLE_COLUMNS = 76
"""Width of the differential as a table."""
_LEAST_PICTURE, _MOST_PICTURE = 36, 64
"""Columns of the view drawn in characters."""
_VIEWS_PER_LINE = 5
_BAR_COLUMNS = 40

SIMULATED = "This smear is simulated: no patient's blood, and easier than real slides are."


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of the demo after a view.

    Attributes:
        title: what is being looked at with which models.
        view: number of the view.
        count: the differential so far.
        target: leukocytes to count.
        last: the cell met last, if any.
        picture: the view.
    """

    title: str
    view: int
    count: DifferentialCount
    target: int
    last: Sighting | None
    picture: RGBImage


@contextlib.contextmanager
def screen(console: Console) -> Generator[Callable[[Moment], None]]:
    """Follow a run; yields what to call after every view.

    Args:
        console: where to show it; plain lines if it is no terminal.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda moment: _print_moment(console, moment)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda moment: live.update(_frame(console, moment), refresh=True)


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print the true differential beside the counted one, and how each cell fared."""
    console.print(_comparison_table(comparison))
    lines = (
        *beside_lines(comparison.counted),
        *_fate_lines(comparison),
        SIMULATED,
        STATEMENT,
    )
    for line in lines:
        print_line(console, line)


def print_line(console: Console, text: str) -> None:
    """Print a sentence as it is, neither coloured nor broken."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_moment(console: Console, moment: Moment) -> None:
    if moment.view == 1:
        print_line(console, moment.title)
    if moment.view % _VIEWS_PER_LINE and moment.count.n < moment.target:
        return
    percent = moment.count.percent
    shares = ", ".join(f"{name} {percent[name]:.0f} %" for name in LEUKOCYTES)
    print_line(console, f"view {moment.view}: {moment.count.n} of {moment.target}; {shares}")


def _frame(console: Console, moment: Moment) -> RenderableType:
    facts = Group(
        Text(moment.title, style="bold"),
        _progress_line(moment),
        Text(),
        differential_table(moment.count),
        _beside_line(moment.count),
        Text(f"last cell: {_described(moment.last)}"),
        Text(SIMULATED, style="dim"),
    )
    if console.no_color or console.color_system not in {"truecolor", "256"}:
        return facts
    room = console.width - _TABLE_COLUMNS - 2
    if room < _LEAST_PICTURE:
        return facts
    beside = Table.grid(padding=(0, 2, 0, 0))
    beside.add_row(_in_characters(moment.picture, min(room, _MOST_PICTURE)), facts)
    return beside


def _progress_line(moment: Moment) -> Text:
    done = min(_BAR_COLUMNS, _BAR_COLUMNS * moment.count.n // moment.target)
    return Text.assemble(
        ("━" * done, "green"),
        ("━" * (_BAR_COLUMNS - done), "dim"),
        f" {moment.count.n} of {moment.target} leukocytes, view {moment.view}",
    )


def _beside_line(count: DifferentialCount) -> Text:
    rates = [
        f"{name.replace('_', ' ')} {rate:.1f}"
        for name, rate in count.beside_per_100.items()
        if rate is not None
    ]
    beside = ", ".join(rates) or "none yet"
    return Text(f"beside it, per 100: {beside}\nunclassified: {count.unclassified}")


def _described(sighting: Sighting | None) -> str:
    if sighting is None:
        return "none yet"
    cell = sighting.cell
    name = f"{cell.cell_class.replace('_', ' ')} {in_percent(cell.probability)}"
    return f"{name}, unclassified" if cell.status is CellStatus.UNCLASSIFIED else name


def _in_characters(rgb: RGBImage, columns: int) -> Text:
    """Return the picture as upper half blocks, each of two pixels one above the other."""
    rows = columns * HEIGHT_PX // WIDTH_PX // 2
    small = cv2.resize(rgb, (columns, 2 * rows), interpolation=cv2.INTER_AREA).astype(np.uint8)
    text = Text(no_wrap=True)
    for upper, lower in zip(small[::2].tolist(), small[1::2].tolist(), strict=True):
        for above, below in zip(upper, lower, strict=True):
            style = Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
            text.append("▀", style)
        text.append("\n")
    return text


def _comparison_table(comparison: Comparison) -> Table:
    true, counted = comparison.true, comparison.counted
    table = Table(title="True and counted differential", title_justify="left")
    table.add_column("class")
    for heading in ("true n", "true %", "counted n", "counted %", "95 % interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    intervals = counted.interval95
    for name in LEUKOCYTES:
        low, high = intervals[name]
        table.add_row(
            str(name),
            str(true.counts[name]),
            f"{true.percent[name]:.1f}" if true.n else "–",
            str(counted.counts[name]),
            f"{counted.percent[name]:.1f}" if counted.n else "–",
            f"{low:.1f}–{high:.1f}",
        )
    table.add_row("all", str(true.n), "", str(counted.n), "", "")
    return table


def _fate_lines(comparison: Comparison) -> list[str]:
    found, missed = comparison.found, len(comparison.missed)
    shown = f"{comparison.views} views showed {found + missed} nucleated cells"
    named = f"{comparison.named_right} named right, {comparison.unclassified} unclassified"
    otherwise = comparison.false_regions - comparison.seen_through - comparison.miscounted
    false = (
        f"regions that are no leukocyte: {comparison.false_regions}; "
        f"{comparison.miscounted} wrongly counted, {comparison.seen_through} set aside as "
        f"artefacts, {otherwise} set aside otherwise"
    )
    return [
        f"{shown}: {found} found, {missed} missed",
        f"of the {found} found: {named}",
        false,
    ]
