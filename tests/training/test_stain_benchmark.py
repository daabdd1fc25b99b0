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


def laboratory(name: str, nucleus: tuple[float, float, float]) -> Laboratory:
    """Six slides that differ in density by a hundredth from one to the next."""
    slides = []
    for index in range(6):
        red, green, blue = (value * (1 + index / 100) for value in nucleus)
        stain = CellStain((red, green, blue), (0.1, 0.25, 0.15))
        slides.append(((CellClass.NEUTROPHIL, stain),) * 10)
    return Laboratory(name, tuple(slides), has_slides=True)


def test_own_slides_are_left_alone_and_foreign_ones_found() -> None:
    labs = [laboratory("raabin", (0.4, 0.8, 0.3)), laboratory("bccd", (0.2, 0.3, 0.02))]
    trials = {(one.calibrated, one.seen): one for one in tried(labs, draws=4, seed=1)}
    own, foreign = trials["raabin", "raabin"], trials["raabin", "bccd"]
    assert (len(own.values), len(foreign.values)) == (4 * 3, 4 * 6)
    assert own.alarms(3.3) == 0
    assert foreign.alarms(3.3) == 1


def test_the_report_says_what_falls_short(tmp_path: Path) -> None:
    labs = [laboratory("raabin", (0.4, 0.8, 0.3)), laboratory("bccd", (0.4, 0.8, 0.3))]
    trials = tuple(tried(labs, draws=2, seed=1))
    write_bench(StainBench(trials, 2, 1, Machine("none", 2, "3.11", 0.0)), tmp_path)
    text = (tmp_path / "stain.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    marks = [row[5] for row in rows if row and row[0] == "raabin"]
    assert "0.0 %" in text
    assert marks[1:] == ["pass", "**short**"]


def test_without_any_set_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no data set with named cells"):
        bench_and_report(tmp_path, tmp_path / "results", draws=1, seed=0)
