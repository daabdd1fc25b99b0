"""Figures and tables as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from leuko.cells import CellClass
from leuko_training.metrics import Proportion


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, with an empty line behind."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def relative_words(path: Path) -> str:
    """Return a path as it may stand in a report: never one of this machine alone."""
    return path.name if path.is_absolute() else path.as_posix()


def percent(proportion: Proportion) -> str:
    """Return a share with its sign, or a dash for a share of nothing."""
    return "–" if proportion.percent is None else f"{proportion.percent:.1f} %"


def counted(proportion: Proportion) -> str:
    """Return a share and the numbers it comes from."""
    return f"{percent(proportion)} ({proportion.hits} of {proportion.n})"


def size(width: int, height: int) -> str:
    """Return the sides of a box."""
    return f"{width} × {height}"


def words(name: CellClass) -> str:
    """Return a class as it stands in running text."""
    return name.replace("_", " ")
