"""What the stain benchmark measures, and that it says where a target is missed."""

from pathlib import Path

import pytest

from leuko.cells import CellClass
from leuko.vision.stain import CellStain
from leuko_training.benchmark import Machine
from leuko_training.errors import DatasetError
from leuko_training.stain_benchmark import (
    Laboratory,
    StainBench,
    bench_and_report,
    tried,
    write_bench,
)


def laboratory(name: str, nucleus: tuple[float, float, float], *, step: float = 0.01) -> Laboratory:
    """Six slides that differ by a hundredth, or more, from one to the next."""
    slides = []
    for index in range(6):
        more, (red, green, blue) = 1 + index * step, nucleus
        stain = CellStain((red * more, green * more, blue), (0.1 * more, 0.25, 0.15))
        slides.append(((CellClass.NEUTROPHIL, stain),) * 10)
    return Laboratory(name, tuple(slides), has_slides=True)


def test_own_slides_are_left_alone_and_foreign_ones_found() -> None:
    labs = [laboratory("raabin", (0.4, 0.8, 0.3)), laboratory("bccd", (0.2, 0.3, 0.02))]
    trials = {(one.calibrated, one.seen): one for one in tried(labs, draws=4, seed=1)}
    own, foreign = trials["raabin", "raabin"], trials["raabin", "bccd"]
    assert (len(own.values), len(foreign.values)) == (4 * 3, 4 * 6)
    assert own.alarms(3.3) == 0
    assert foreign.alarms(3.3) == 1


def reported(labs: list[Laboratory], folder: Path) -> list[list[list[str]]]:
    """Return the rows of the three tables: spreads, false alarms, foreign slides."""
    trials = tuple(tried(labs, draws=2, seed=1))
    write_bench(StainBench(trials, 2, 1, Machine("none", 2, "3.11", 0.0)), folder)
    sections = (folder / "stain.md").read_text(encoding="utf-8").split("## ")[1:]
    return [
        [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[:1] == "|"]
        for lines in map(str.splitlines, sections)
    ]


def test_the_report_says_what_falls_short(tmp_path: Path) -> None:
    labs = [laboratory("raabin", (0.4, 0.8, 0.3)), laboratory("bccd", (0.4, 0.8, 0.3))]
    _, false, found = reported(labs, tmp_path)
    assert {row[0]: row[3:] for row in false[2:]} == {
        "raabin": ["0.0 %", "", "5 %", "not judged"],
        "bccd": ["0.0 %", "", "5 %", "pass"],
    }
    assert found[2][3:6] == ["0.0 %", "90 %", "**short**"]


def test_who_the_limit_was_chosen_on_is_judged_by_the_spreads_of_the_other(tmp_path: Path) -> None:
    even = laboratory("raabin", (0.4, 0.8, 0.3))
    uneven = laboratory("bcisc_crops", (0.4, 0.8, 0.3), step=0.06)
    _, false, _ = reported([even, uneven], tmp_path)
    rows = {row[0]: row for row in false[2:]}
    assert rows["raabin"][3:] == ["0.0 %", "0.0 %", "5 %", "pass"]
    assert rows["bcisc_crops"][3] == "0.0 %"
    assert float(rows["bcisc_crops"][4].split()[0]) > 5
    assert rows["bcisc_crops"][6] == "**short**"


def test_without_any_set_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no data set with named cells"):
        bench_and_report(tmp_path, tmp_path / "results", draws=1, seed=0)
