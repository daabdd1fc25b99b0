"""From the command line to a finished demo, with real models that are too small to be right."""

import csv
import json
from pathlib import Path

import pytest

from leuko.cli import main

TINY_BUNDLE = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"


def demo(out: Path, *options: str) -> int:
    arguments = ["demo", "--out", str(out), "--bundle", str(TINY_BUNDLE), *options]
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    return int(exited.value.code or 0)


def test_the_demo_ends_well_with_whole_results(
    out_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert demo(out_dir, "--cells", "1", "--seed", "3") == 0
    differential = json.loads((out_dir / "differential.json").read_text(encoding="utf-8"))
    rows = list(csv.DictReader((out_dir / "cells.csv").read_text(encoding="utf-8").splitlines()))
    assert differential["n"] == sum(row["status"] == "counted" for row in rows) <= 1
    assert differential["bundle"]["id"] == "leuko-tiny"
    assert "True and counted differential" in capfd.readouterr().out


def test_an_output_folder_that_is_a_file_is_one_line_and_exit_code_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "file"
    out.write_text("", encoding="utf-8")
    assert demo(out, "--cells", "1") == 1
    errors = capfd.readouterr().err
    assert errors.count("leuko: cannot write results to") == 1
    assert "Traceback" not in errors


@pytest.mark.parametrize("cells", ["0", "1001", "some"])
def test_an_impossible_number_of_cells_is_a_usage_error(cells: str, out_dir: Path) -> None:
    assert demo(out_dir, "--cells", cells) == 2
    assert not out_dir.exists()
