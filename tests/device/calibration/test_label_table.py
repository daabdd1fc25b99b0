"""Confirmed classes from a table: read as spreadsheets write it, refused with the line."""

import csv
from pathlib import Path

import pytest

from leuko.calibration import class_named, read_labels
from leuko.cells import CellClass
from leuko.errors import CalibrationError


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_that_a_spreadsheet_of_any_language_wrote_is_read(
    tmp_path: Path, separator: str
) -> None:
    table = tmp_path / "cells.csv"
    rows = [["cell", "cell_class", "reason"], ["7", "Monocyte", "a, b; c"], ["8", "", ""]]
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    assert read_labels(table) == {7: CellClass.MONOCYTE}


def test_what_is_no_class_and_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="did you mean basophil"):
        class_named("Basophill")
    table = tmp_path / "labels.csv"
    table.write_text("a,b\n1,2", "utf-8")
    with pytest.raises(CalibrationError, match="lacks the columns"):
        read_labels(table)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("", r"labels\.csv has no rows below line 1"),
        (
            "1,neutrophil\n2,basophil\n1,lymphocyte",
            "line 4: cell 1 is named lymphocyte here and neutrophil in line 2",
        ),
        ("1,neutrophil\n2", "line 3: it has fewer columns than line 1 names"),
        ("1,neutrophil,zzz", "line 2: it has more columns than line 1 names"),
        ("1,\n2,neutrofil", r"labels\.csv, line 3: no class is called 'neutrofil'; did you mean"),
        ("1,\nx,neutrophil", "line 3: 'x' is no cell's number"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_the_line(
    tmp_path: Path, rows: str, sentence: str
) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(f"number,class\n{rows}", "utf-8")
    with pytest.raises(CalibrationError, match=sentence):
        read_labels(table)


def test_rows_that_agree_and_empty_columns_beyond_the_last_are_read(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("number,class\n1,monocyte,\n1,monocyte\n2,\n", "utf-8")
    assert read_labels(table) == {1: CellClass.MONOCYTE}
    with pytest.raises(CalibrationError, match=r"there is no .*none\.csv; check the path"):
        read_labels(tmp_path / "none.csv")
