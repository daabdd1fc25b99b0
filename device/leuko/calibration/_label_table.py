"""Confirmed classes of cells from a table that a person has written or corrected."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from leuko.calibration._labels import class_named
from leuko.cells import CellClass
from leuko.errors import CalibrationError

_NUMBER_COLUMNS = ("number", "cell")
_CLASS_COLUMNS = ("class", "cell_class")
_SEPARATORS = ",;\t"
"""Spreadsheets of languages with a decimal comma write semicolons; copied tables have tabs."""

_Row = dict[str | None, str | list[str] | None]
"""What `csv.DictReader` makes of a row: surplus columns as a list under None, missing ones None."""


def read_labels(path: Path) -> dict[int, CellClass]:
    """Return the confirmed classes in a table, by the cell's number.

    Args:
        path: CSV with the columns ``number`` (or ``cell``) and ``class``, such as a session's
            corrected ``cells.csv``; rows without a class are passed over. Commas, semicolons or
            tabs separate the columns, as line 1 has them.

    Raises:
        CalibrationError: it cannot be read, a row is none, or two contradict each other.
    """
    columns, rows = _table(path)
    number = next((name for name in _NUMBER_COLUMNS if name in columns), "")
    named = next((name for name in _CLASS_COLUMNS if name in columns), "")
    if not number or not named:
        raise CalibrationError(f"{path} lacks the columns number and class; name them in line 1")
    if not rows:
        raise CalibrationError(f"{path} has no rows below line 1; add one for each confirmed cell")
    labels: dict[int, CellClass] = {}
    lines: dict[int, int] = {}
    for line, row in rows:
        try:
            label = _label(row, number, named)
            if label:
                cell, cell_class = label
                _refuse_contradiction(labels, lines, cell, cell_class)
                labels[cell], lines[cell] = cell_class, line
        except CalibrationError as error:
            raise CalibrationError(f"{path}, line {line}: {error}") from error
    return labels


def _table(path: Path) -> tuple[Sequence[str], list[tuple[int, _Row]]]:
    """Return the names of the columns, and each row with the number of its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as table:
            separator = max(_SEPARATORS, key=table.readline().count)
            table.seek(0)
            reader = csv.DictReader(table, delimiter=separator)
            columns = reader.fieldnames or ()
            return columns, [(reader.line_num, dict(row)) for row in _rows(reader)]
    except FileNotFoundError as error:
        raise CalibrationError(f"there is no {path}; check the path") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CalibrationError(f"{path} cannot be read ({reason}); give a CSV table") from error


def _rows(reader: "csv.DictReader[str]") -> Iterable[_Row]:
    # What the types of the library call str may be a list or None.
    for row in reader:
        yield {**row}


def _label(row: _Row, number: str, named: str) -> tuple[int, CellClass] | None:
    """Return a row's cell and class; None without a class."""
    surplus, told, cell_class = row.get(None), row[number], row[named]
    if any(surplus or ()):
        raise CalibrationError("it has more columns than line 1 names; correct the row")
    if not isinstance(told, str) or not isinstance(cell_class, str):
        raise CalibrationError("it has fewer columns than line 1 names; correct the row")
    return (_number(told), class_named(cell_class)) if cell_class.strip() else None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise CalibrationError(f"{text!r} is no cell's number; correct the row") from error


def _refuse_contradiction(
    labels: dict[int, CellClass], lines: dict[int, int], cell: int, cell_class: CellClass
) -> None:
    if labels.get(cell, cell_class) is not cell_class:
        raise CalibrationError(
            f"cell {cell} is named {cell_class} here and {labels[cell]} in line {lines[cell]}; "
            "leave one of them out"
        )
