"""What the benchmark of adaptations measures, and that it says where a target is missed."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from leuko.adaptation import Confirmed, UsualCells
from leuko.cells import CellClass
from leuko_training.benchmark import Machine
from leuko_training.certainty import Certainty
from leuko_training.left_out_cells import LeftOutCells
from leuko_training.site_benchmark import SiteBench, bench_cells, write_bench

LENGTH = 5 + len(CellClass)
USUAL = UsualCells(
    np.zeros((5, LENGTH), np.float32), np.eye(LENGTH, dtype=np.float32), np.full(5, 0.2, np.float32)
)
MACHINE = Machine("a processor", 2, "3.13", 0.5)


def cells(*, slides: int, colours: float) -> LeftOutCells:
    """A laboratory of two classes and some erythroblasts, half of whose cells are named wrongly."""
    rng = np.random.default_rng(3)
    truths = np.repeat([0, 1, 6], [60, 60, 20])
    said = np.full((len(truths), 8), 0.02)
    said[:, 0] = 0.86
    said[truths == 6] = np.roll(said[0], 6)
    traits = rng.normal(0, 1, (len(truths), 5))
    traits[:, 0] += colours * truths
    names = np.array([f"slide {one % slides}" for one in range(len(truths))])
    folds = np.full(len(truths), "1")
    plain = Certainty(1.0, 0.5)
    return LeftOutCells("simulated", Confirmed(traits, said, truths), said, names, folds, plain)


def test_an_adaptation_halves_the_error_where_colours_tell_the_classes() -> None:
    many, few = bench_cells(cells(slides=10, colours=5.0), USUAL)
    assert (many.each, few.each) == (20, 5)
    assert {draw.confirmed for draw in many.draws} == {40}
    assert {draw.others for draw in many.draws} == {80}
    assert abs(many.before - 0.5) < 0.01
    assert many.after > 0.9
    assert few.after > 0.8
    assert many.is_met
    assert len(many.other_slides) == len(many.draws)
    assert all(draw.others == 60 and draw.after > 0.8 for draw in many.other_slides)


def test_cells_of_classes_that_nobody_confirmed_are_asked_about_too() -> None:
    many = bench_cells(cells(slides=10, colours=5.0), USUAL)[0]
    assert many.unconfirmed == (20, 1.0, 1.0)


def test_where_nothing_is_to_be_learnt_nothing_is_kept_and_the_report_says_so(
    tmp_path: Path,
) -> None:
    blind = cells(slides=140, colours=0.0)
    known = np.eye(8)[blind.cells.classes] * 0.6 + 0.05
    confirmed = Confirmed(blind.cells.traits, known, blind.cells.classes)
    blind = replace(blind, dataset="blind", cells=confirmed)
    rows = [*bench_cells(cells(slides=10, colours=5.0), USUAL), *bench_cells(blind, USUAL)]
    assert not any(draw.is_kept for row in rows[2:] for draw in row.draws)
    assert not any(row.other_slides for row in rows[2:])
    write_bench(SiteBench(rows, ("krd-wbc",), None, MACHINE), tmp_path)
    written = (tmp_path / "site.md").read_text("utf-8")
    assert "no long training has left them out yet:\nkrd-wbc." in written
    blind_rows = [line for line in written.splitlines() if line.startswith("| blind")]
    assert "0 of 5" in blind_rows[0]
    assert "**short**" in written
