"""What is learnt of how leukocytes lie to each other, and what the report says it is worth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leuko.adaptation import Confirmed, UsualCells
from leuko.errors import OutputError, SettingsError
from leuko.vision.traits import TRAITS
from leuko_training.certainty import Certainty
from leuko_training.left_out_cells import LeftOutCells, are_teaching, mixture_of
from leuko_training.own_cells import (
    MIXES,
    UNCLASSIFIED_BESIDE,
    OwnCells,
    OwnCellsBench,
    after_another,
    drawn,
    known_by_own_cells,
    read_own_cells,
    sessions,
    shipped_own_cells,
    usual_cells,
    write_bench,
    write_own_cells,
)

CLASSES, CELLS = 5, 40
ALIKE = np.full(5, 0.2, np.float32)


def laboratory(name: str, *, shift: float, seed: int, fold: str = "1") -> LeftOutCells:
    """Five classes whose colours tell them, of which a classifier mistakes every fourth cell."""
    rng = np.random.default_rng(seed)
    truths = np.repeat(np.arange(CLASSES), CELLS)
    taken_for = np.where(rng.random(truths.size) < 0.25, 0, truths)
    said = np.exp(rng.normal(0, 0.7, (truths.size, 8)) + 2.0 * np.eye(8)[taken_for])
    said /= said.sum(axis=1, keepdims=True)
    traits = rng.normal(0, 1, (truths.size, TRAITS)) + shift
    traits[np.arange(truths.size), truths] += 6.0
    names = np.array([str(number) for number in range(truths.size)])
    cells = Confirmed(traits, said, truths)
    return LeftOutCells(name, cells, said, names, np.full(truths.size, fold), Certainty(1.0, 0.5))


@pytest.fixture(scope="module")
def found() -> list[LeftOutCells]:
    return [
        laboratory("pale", shift=-3.0, seed=1),
        laboratory("usual", shift=0.0, seed=2),
        laboratory("dark", shift=3.0, seed=3),
    ]


def test_what_a_laboratory_s_cells_have_in_common_is_no_part_of_how_they_lie(
    found: list[LeftOutCells],
) -> None:
    usual = usual_cells([one.cells for one in found])
    towards_own = usual.means[:, :TRAITS] - usual.means[:, :TRAITS].mean(axis=0)
    assert np.argmax(towards_own[:, :CLASSES], axis=1).tolist() == list(range(CLASSES))
    assert np.diag(usual.covariance)[:TRAITS] == pytest.approx(1.0, rel=0.25)


def test_a_class_that_one_laboratory_lacks_is_learnt_from_the_others(
    found: list[LeftOutCells],
) -> None:
    few = found[0].cells.chosen(found[0].cells.classes != 4)
    usual = usual_cells([few, found[1].cells, found[2].cells])
    whole = usual_cells([one.cells for one in found])
    assert usual.means[4] - usual.means[3] == pytest.approx(
        whole.means[4] - whole.means[3], abs=0.6
    )


def test_own_cells_name_what_the_classifier_mistakes_and_the_report_shows_it(
    found: list[LeftOutCells], tmp_path: Path
) -> None:
    known = known_by_own_cells(found)
    for one in known:
        assert (one.before.five_way.percent or 0) < 85
        assert all((after.five_way.percent or 0) > 90 for after in one.after)
        assert all(0 < chance < 0.1 for chance in one.by_chance)
    drawn_sessions = sessions(found)
    assert {one.cells for one in drawn_sessions} == {20, 30, 60, 120}
    followed = after_another(found)
    assert all(one.after > one.before for one in followed)
    bench = OwnCellsBench(1, known, drawn_sessions, followed, ("krd-wbc",))
    write_bench([bench], tmp_path)
    written = (tmp_path / "own-cells.md").read_text("utf-8")
    assert "no long training has left them out yet:\nkrd-wbc." in written
    assert sum(line.startswith("| dark |") for line in written.splitlines()) == 1
    assert "Were each probability right, chance would leave an ECE of " in written
    assert "| a healthy adult's | 60 | 3 |" in written
    assert "| neutrophils alone, then a healthy adult's | 30 | 3 |" in written
    assert (tmp_path / "own-cells.png").stat().st_size > 1000
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder"):
        write_bench([bench], tmp_path / "file")


def test_only_what_is_likeliest_one_of_the_five_makes_a_laboratory_known() -> None:
    rows = np.eye(8)[[0, 4, 5, 6, 7]] * 0.5 + 0.0625
    assert are_teaching(rows).tolist() == [True, True, False, False, False]


def test_names_are_doubted_by_what_cells_are_named_as_they_are(found: list[LeftOutCells]) -> None:
    laboratory = replace(found[0], certainty=Certainty(1.0, 0.5, 0.4))
    usual = usual_cells([one.cells for one in found])
    eosinophils = np.tile(np.eye(8)[3], (len(laboratory.cells), 1))
    doubted = mixture_of(replace(laboratory, as_they_are=eosinophils), usual)
    believed = mixture_of(replace(laboratory, as_they_are=np.roll(eosinophils, -3, 1)), usual)
    assert doubted.few > 0 == believed.few
    assert doubted.factors == pytest.approx(np.ones(5))
    spared = np.array(laboratory.certainty.class_weights[:5]) ** -0.75
    assert believed.factors == pytest.approx(spared)


def test_a_threshold_beside_own_cells_leaves_fewer_without_a_class(
    found: list[LeftOutCells],
) -> None:
    for one in known_by_own_cells(found):
        shares = [after.unclassified.percent or 0 for after in one.after]
        assert pytest.approx(np.mean(shares), abs=4) == 100 * UNCLASSIFIED_BESIDE


def test_a_session_is_drawn_with_the_classes_that_are_wanted(found: list[LeftOutCells]) -> None:
    rng = np.random.default_rng(1)
    by_name = {mix.name: mix for mix in MIXES}
    alone = drawn(found[0], 30, by_name["eosinophils alone"], rng)
    assert found[0].cells.classes[alone].tolist() == [3] * 30
    blood = found[0].cells.classes[drawn(found[0], 60, by_name["a healthy adult's"], rng)]
    assert np.bincount(blood, minlength=5).argmax() == 0
    lacking = found[0].chosen(np.flatnonzero(found[0].cells.classes != 3))
    assert len(drawn(lacking, 30, by_name["eosinophils alone"], rng)) == 0


def test_the_held_out_fold_teaches_a_bundle_nothing(found: list[LeftOutCells]) -> None:
    held_out = laboratory("held out", shift=40.0, seed=4, fold="0")
    with_it = shipped_own_cells([*found, held_out])
    without = shipped_own_cells(found)
    assert (with_it.usual.means == without.usual.means).all()
    assert (with_it.usual.covariance == without.usual.covariance).all()
    assert with_it.unclassified_below == without.unclassified_below


def test_what_was_learnt_comes_back_and_a_file_of_something_else_is_refused(
    tmp_path: Path,
) -> None:
    length = TRAITS + 8
    rng = np.random.default_rng(6)
    usual = UsualCells(
        rng.normal(size=(5, length)).astype(np.float32),
        np.eye(length, dtype=np.float32),
        ALIKE,
    )
    path = tmp_path / "own-cells.npz"
    write_own_cells(OwnCells(usual, 0.75), path)
    again = read_own_cells(path)
    assert again.unclassified_below == pytest.approx(0.75)
    assert (again.usual.means == usual.means).all()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SettingsError, match="write it with leuko-train own-cells"):
        read_own_cells(path)
    path.write_text("nothing")
    with pytest.raises(SettingsError, match="write it with leuko-train own-cells"):
        read_own_cells(path)
    with pytest.raises(SettingsError, match="write it with leuko-train own-cells"):
        read_own_cells(tmp_path / "missing.npz")
    with pytest.raises(OutputError, match="choose another place"):
        write_own_cells(OwnCells(usual, 0.75), tmp_path)
