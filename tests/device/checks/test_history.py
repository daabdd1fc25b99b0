"""The history of checks: numbered, only added to, and whole after a power cut."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from leuko.calibration import Origin
from leuko.checks import CheckHistory, CheckRecord, InUse, Measured, lockout
from leuko.clock import Moment
from leuko.errors import OutputError

Check = Callable[..., CheckRecord]
Later = Callable[..., Moment]

IN_USE = InUse(bundle_sha256="b" * 64, calibration=1, driver="files")
OTHERS = ({"driver": "sim"}, {"calibration": 2}, {"calibration": None}, {"bundle": "c"})


def test_checks_are_numbered_in_order_whatever_the_clock_says(
    check: Check, later: Later, tmp_path: Path
) -> None:
    moments = iter([later(5), later(-900, boot="other", clock_is_set=False)])
    history = CheckHistory(tmp_path / "checks", clock=lambda: next(moments))
    assert [history.keep(check()).number for _ in range(2)] == [1, 2]
    kept = history.checks()
    assert [one.moment.clock_is_set for one in kept] == [True, False]
    assert kept[1].moment.wall < kept[0].moment.wall


def test_what_a_power_cut_left_half_written_is_no_check(check: Check, tmp_path: Path) -> None:
    history = CheckHistory(tmp_path)
    history.keep(check())
    (tmp_path / ".check-000002.json.new").write_bytes(b'{"format": 1, "num')
    assert [one.number for one in history.checks()] == [1]
    assert history.keep(check()).number == 2


def test_a_damaged_check_is_named_and_its_number_never_given_again(
    check: Check, tmp_path: Path
) -> None:
    history = CheckHistory(tmp_path)
    history.keep(check())
    (tmp_path / "check-000002.json").write_text("{}")
    entry = history.last()
    assert entry is not None
    assert entry.check is None
    assert "check-000002.json is no sound check" in entry.problem
    assert history.keep(check()).number == 3
    assert [one.number for one in history.checks()] == [1, 3]


def test_an_older_check_that_does_not_tell_missed_cells_by_field_is_sound(
    check: Check, tmp_path: Path
) -> None:
    older = check().model_dump_json(exclude={"missed_in"})
    (tmp_path / "check-000001.json").write_text(older, "utf-8")
    (found,) = CheckHistory(tmp_path).checks()
    assert (found.missed, found.missed_in) == (0, ())


def test_a_check_is_judged_against_those_of_its_own_series(
    check: Check, origin: Origin, tmp_path: Path
) -> None:
    history = CheckHistory(tmp_path)
    for _ in range(10):
        history.keep(check(calibration=1))

    def drafted(measured: Measured, calibration: int) -> CheckRecord:
        return history.drafted(measured, origin, calibration=calibration, counts=(20, 0))

    pale = check(nuclei_density=0.5).measured
    assert "1-3s" in drafted(pale, 1).failures[0]
    assert drafted(pale, 2).has_passed


def test_a_folder_that_takes_no_files_is_a_sentence(check: Check, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written: .*; free space"):
        CheckHistory(tmp_path / "file" / "checks").keep(check())


@pytest.mark.parametrize(
    ("rule", "then", "now", "words"),
    [
        ("off", None, (0.0,), ""),
        ("failed", None, (0.0,), ""),
        ("due", None, (0.0,), "none was ever made"),
        ("failed", (0.0,), (900.0,), ""),
        ("due", (0.0,), (23.0,), ""),
        ("due", (0.0,), (25.0,), "the last is 25 hours old"),
    ],
)
def test_a_check_that_is_due_locks_out_if_the_setting_says_so(
    *,
    check: Check,
    later: Later,
    tmp_path: Path,
    rule: Literal["off", "failed", "due"],
    then: tuple[float] | None,
    now: tuple[float],
    words: str,
) -> None:
    if then:
        CheckHistory(tmp_path, clock=lambda: later(*then)).keep(check())
    said = lockout(
        CheckHistory(tmp_path), rule, in_use=IN_USE, every_h=24, clock=lambda: later(*now)
    )
    assert (words in said) if words else not said


@pytest.mark.parametrize(
    ("hours", "clock_is_set", "words"),
    [(20, True, ""), (25, True, "25 hours old"), (20, False, "clock"), (-3, True, "clock")],
)
def test_across_starts_only_a_clock_that_was_set_says_how_old_a_check_is(
    *, check: Check, later: Later, tmp_path: Path, hours: float, clock_is_set: bool, words: str
) -> None:
    CheckHistory(tmp_path, clock=lambda: later(0)).keep(check())
    present = later(hours, boot="other", clock_is_set=clock_is_set)
    said = lockout(CheckHistory(tmp_path), "due", in_use=IN_USE, every_h=24, clock=lambda: present)
    assert (words in said) if words else not said


def test_a_failed_check_locks_out_until_one_has_passed(check: Check, tmp_path: Path) -> None:
    history = CheckHistory(tmp_path)
    history.keep(check(failures=("located % 80 is below 90, which is needed",)))
    said = lockout(history, "failed", in_use=IN_USE, every_h=24)
    assert said.startswith("quality check 1 failed (located % 80 is below 90")
    assert said.endswith("repeat leuko calibrate check")
    assert not lockout(history, "off", in_use=IN_USE, every_h=24)
    history.keep(check())
    assert not lockout(history, "failed", in_use=IN_USE, every_h=24)


@pytest.mark.parametrize("other", OTHERS)
def test_a_check_with_anything_but_what_is_in_use_leaves_the_check_due(
    *, check: Check, later: Later, tmp_path: Path, other: dict[str, str | int | None]
) -> None:
    history = CheckHistory(tmp_path, clock=lambda: later(0))

    def said(rule: Literal["failed", "due"]) -> str:
        return lockout(history, rule, in_use=IN_USE, every_h=24, clock=lambda: later(1))

    history.keep(check(**other))
    assert said("due").startswith("a quality check is due, the last was made with ")
    assert not said("failed")
    history.keep(check())
    assert not said("due")
    history.keep(check(**other))
    assert not said("due")


@pytest.mark.parametrize("other", OTHERS)
def test_no_check_with_anything_but_what_is_in_use_takes_a_failed_one_back(
    *, check: Check, tmp_path: Path, other: dict[str, str | int | None]
) -> None:
    history = CheckHistory(tmp_path)
    history.keep(check(failures=("located % 80 is below 90, which is needed",)))
    history.keep(check(**other))
    said = lockout(history, "failed", in_use=IN_USE, every_h=24)
    assert said.startswith("quality check 1 failed")
    history.keep(check())
    assert not lockout(history, "failed", in_use=IN_USE, every_h=24)
