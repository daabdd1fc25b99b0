"""The service's start, measured from outside."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from leuko.errors import ServiceError
from leuko_training.benchmark import Machine
from leuko_training.live_benchmark.start import Kind, Start, measure_starts
from leuko_training.live_benchmark.start_report import is_quick, write_starts

TINY_BUNDLE = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
MACHINE = Machine("a processor", 2, "3.11", 0.5)
QUICK = Start(Kind.NEW, ready_s=1.0, frame_s=1.5, counted_s=2.5, cell_s=4.0)
SLOW = Start(Kind.NEW, ready_s=3.0, frame_s=3.5, counted_s=5.5, cell_s=6.0)
RESUMED = Start(Kind.OPEN, ready_s=1.0, frame_s=2.0, counted_s=2.0, cell_s=None)
COLD = Start(Kind.COLD, ready_s=2.0, frame_s=3.5, counted_s=3.5, cell_s=4.0)
LATE = Start(Kind.OPEN, ready_s=1.0, frame_s=9.0, counted_s=9.0, cell_s=None)


@pytest.mark.slow
def test_a_start_goes_from_ready_to_the_first_frame_of_a_new_session_and_of_one_left_open() -> None:
    starts = measure_starts(TINY_BUNDLE, runs=1, size=(320, 240), cells=0, forgets=lambda: True)
    begun, resumed, cold = starts
    assert [start.kind for start in starts] == [Kind.NEW, Kind.OPEN, Kind.COLD]
    assert 0 < cold.ready_s < cold.counted_s
    assert 0 < begun.ready_s < begun.frame_s <= begun.counted_s
    assert 0 < resumed.ready_s < resumed.counted_s == resumed.frame_s


def test_a_service_that_does_not_start_is_told_with_its_exit_code(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"ended with code 1 within \d+ s; try it: leuko run"):
        measure_starts(tmp_path / "no bundle", runs=1)


def test_the_report_has_median_and_longest_and_says_whether_the_target_is_reached(
    tmp_path: Path,
) -> None:
    write_starts([QUICK, QUICK, SLOW, RESUMED], MACHINE, tmp_path, bundle="tiny 1")
    text = (tmp_path / "start.md").read_text(encoding="utf-8")
    assert "| first frame counted | 2.50 / 5.50 | 2.00 / 2.00 |" in text
    assert "| first cell counted | 4.00 / 6.00 |  |" in text
    assert "within 3 s; reached." in text
    record = json.loads((tmp_path / "start.json").read_text(encoding="utf-8"))
    assert record["starts"][2] == asdict(SLOW)


def test_a_cold_start_has_a_column_of_its_own_and_is_judged(tmp_path: Path) -> None:
    write_starts([QUICK, RESUMED, COLD], MACHINE, tmp_path, bundle="tiny 1")
    text = (tmp_path / "start.md").read_text(encoding="utf-8")
    assert "| first frame counted | 2.50 / 2.50 | 2.00 / 2.00 | 3.50 / 3.50 |" in text
    assert "within 3 s; **missed**." in text


def test_a_start_is_quick_if_the_median_of_every_kind_is() -> None:
    assert is_quick([QUICK, QUICK, SLOW, RESUMED, RESUMED, LATE])
    assert not is_quick([SLOW, SLOW, QUICK, RESUMED])
    assert not is_quick([QUICK, LATE, LATE, RESUMED])
