"""A terminal as the display: the same words and bars, in text."""

import contextlib
import os
import sys
from collections.abc import Generator, Iterator
from typing import Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from leuko.certainty import in_percent
from leuko.displays import _words
from leuko.displays._base import DisplayOptions
from leuko.displays._review_text import review_text
from leuko.displays._trends import newest
from leuko.displays._words import Share, Urgency
from leuko.errors import DisplayError
from leuko.shown import CalibrationStep, ReviewStep, Shown, TrendChart
from leuko.status import Level, LiveStatus

_BAR_COLUMNS = 40
_OPEN, _HOME, _CLOSE = "\x1b[?1049h\x1b[?25l", "\x1b[H", "\x1b[?25h\x1b[?1049l"
_TO_LINE_END, _TO_SCREEN_END = "\x1b[K", "\x1b[J"
_STYLES = {
    Urgency.CALM: "bold green",
    Urgency.DONE: "bold black on green",
    Urgency.PAUSED: "bold white on blue",
    Urgency.RESTING: "bold reverse",
    Urgency.ACT: "bold black on yellow",
    Urgency.FAULT: "bold white on red",
}
_MARKS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.FAULT: ("✗", "red")}


class TerminalDisplay:
    """A terminal that is written anew from its top; what it showed before comes back at the end."""

    def __init__(self, stream: TextIO, name: str, *, owns_stream: bool) -> None:
        self.name = name
        self._stream = stream
        self._owns_stream = owns_stream
        self._is_open = True
        self._write(_OPEN)

    @classmethod
    def opened(cls, options: DisplayOptions) -> Self:
        """Take the terminal that the options name, or the one the program was started in.

        Raises:
            DisplayError: it is missing, or no terminal.
        """
        name = f"terminal {options.device}".strip()
        with _translated(name):
            if not options.device:
                return cls._on_terminal(sys.stdout, name, owns_stream=False)
            file = os.open(options.device, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
            return cls._on_terminal(os.fdopen(file, "w", encoding="utf-8"), name, owns_stream=True)

    @classmethod
    def _on_terminal(cls, stream: TextIO, name: str, *, owns_stream: bool) -> Self:
        if stream.isatty():
            return cls(stream, name, owns_stream=owns_stream)
        if owns_stream:
            stream.close()
        raise DisplayError(f"{name} is no terminal; start leuko in one, or choose another display")

    def show(self, shown: Shown) -> None:
        """Write it over what was there.

        Raises:
            DisplayError: the terminal is gone.
        """
        with _translated(self.name):
            # rich itself would ask the terminal that the program was started in.
            columns, rows = os.get_terminal_size(self._stream.fileno())
            # A serial line does not know its size.
            console = Console(file=self._stream, highlight=False, width=columns or 80)
            with console.capture() as captured:
                console.print(_drawn(shown, columns=columns or 80, rows=rows or 24))
        lines = captured.get().splitlines()[: (rows or 24) - 1]
        text = "".join(f"{line}{_TO_LINE_END}\n" for line in lines)
        self._write(_HOME + text + _TO_SCREEN_END)

    def close(self) -> None:
        """Bring back what the terminal showed before."""
        if not self._is_open:
            return
        self._is_open = False
        with contextlib.suppress(DisplayError):
            self._write(_CLOSE)
        if self._owns_stream:
            with contextlib.suppress(OSError):
                self._stream.close()

    def _write(self, text: str) -> None:
        with _translated(self.name):
            self._stream.write(text)
            self._stream.flush()


def print_review(step: ReviewStep, stream: TextIO) -> None:
    """Print a cell below what a terminal shows already; a stream that is none gets one line.

    Args:
        step: the cell.
        stream: of the program's own terminal.
    """
    console = Console(file=stream, highlight=False)
    if not console.is_terminal:
        proposed = step.proposed.replace("_", " ")
        stream.write(f"{step.progress}: {proposed}? {step.remark} ({step.answers})\n")
        return
    console.print(review_text(step, columns=console.width, rows=console.height))


def _drawn(shown: Shown, *, columns: int, rows: int) -> RenderableType:
    if isinstance(shown, ReviewStep):
        return review_text(shown, columns=columns, rows=rows)
    if isinstance(shown, TrendChart):
        return Group(Text(shown.title), "", *map(Text, newest(shown)))
    return _step(shown) if isinstance(shown, CalibrationStep) else _layout(shown)


def _layout(status: LiveStatus) -> RenderableType:
    headline = _words.headline(status)
    return Group(
        _parts(status),
        "",
        Text(_words.specimen_text(status), style="dim"),
        Text.assemble((f"{status.count.n}", "bold"), f" {_words.target_text(status)}"),
        "",
        _bars(status),
        "",
        *_last_cell(status),
        Text(_words.tallies(status.count), style="dim"),
        *(Text(line, style="dim") for line in [_words.wbc_text(status)] if line),
        "",
        Text(f" {headline.text} ", style=_STYLES[headline.urgency]),
        *(Text(remark) for remark in _words.remarks(status)),
        "",
        Text(_words.SHORT_STATEMENT, style="dim"),
    )


def _step(step: CalibrationStep) -> RenderableType:
    urgency = _words.step_urgency(step)
    return Group(
        Text.assemble((step.title, "bold"), f"  {step.number}"),
        "",
        *(Text(figure) for figure in step.figures),
        *([Text(step.refusal)] if step.refusal else []),
        "",
        Text(f" {step.instruction} ", style=_STYLES[urgency]),
        Text(step.answers, style="dim"),
    )


def _parts(status: LiveStatus) -> Text:
    line = Text()
    for name, health in _words.parts(status).items():
        mark, style = _MARKS[health.level]
        line.append(f"{mark} {name}  ", style=style)
    return line


def _bars(status: LiveStatus) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for share in _words.shares(status.count):
        figure = "" if share.percent is None else f"{share.text} %"
        name = _words.SHORT_NAMES[share.cell_class]
        table.add_row(name, _bar(share), Text(figure, style="bold"), share.interval_text)
    return table


def _bar(share: Share) -> Text:
    if share.percent is None:
        return Text("·" * _BAR_COLUMNS, style="dim")
    low, high, at = (
        min(_BAR_COLUMNS - 1, int(percent / 100 * _BAR_COLUMNS))
        for percent in (*share.interval, share.percent)
    )
    marks = ["─" if low <= column <= high else "·" for column in range(_BAR_COLUMNS)]
    return Text("".join([*marks[:at], "●", *marks[at + 1 :]]))


def _last_cell(status: LiveStatus) -> Iterator[Text]:
    if (last := status.last_cell) is None:
        return
    certainty = "" if last.cell_class is None else f", {in_percent(last.probability)}"
    yield Text(f"last cell: {_words.last_name(last, is_short=False)}{certainty}")


@contextlib.contextmanager
def _translated(name: str) -> Generator[None]:
    try:
        yield
    except DisplayError:
        raise
    # A closed file is a ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DisplayError(
            f"{name} cannot be written to ({reason}); start leuko in a terminal again"
        ) from error
