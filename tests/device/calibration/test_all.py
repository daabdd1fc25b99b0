"""``leuko calibrate all``: one part after the other, each kept, left out or refused on its own."""

import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from leuko.cli import main

NO_STAIN = ("--skip", "stain")
FLAT_FIELD_ALONE = (*NO_STAIN, "--skip", "scale")


@dataclass(frozen=True)
class Run:
    code: int | str | None
    out: str
    err: str


Calibrate = Callable[..., Run]
Hand = Callable[[Path, list[int]], AbstractContextManager[None]]
ENTER = 28


@pytest.fixture
def calibrate(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Calibrate:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "0")

    def run(*arguments: object) -> Run:
        with pytest.raises(SystemExit) as left:
            main(["calibrate", "all", *map(str, arguments)])
        printed = capfd.readouterr()
        return Run(left.value.code or 0, printed.out, printed.err)

    return run


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[str], None]]:
    """Types lines into the terminal."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as terminal, os.fdopen(writing, "w") as hand:
        monkeypatch.setattr("sys.stdin", terminal)

        def typed(lines: str) -> None:
            hand.write(lines)
            hand.flush()

        yield typed


def test_a_script_reads_of_each_part_whether_it_was_kept_left_out_or_refused(
    calibrate: Calibrate, fields: Path
) -> None:
    run = calibrate("--from", fields, "--yes", "--json", *NO_STAIN)
    told = [json.loads(line) for line in run.out.splitlines()]
    assert [(next(name for name in one if name != "kept"), one["kept"]) for one in told] == [
        ("exposure", None),
        ("white_balance", None),
        ("flat_field", 1),
        ("scale", None),
        ("focus", None),
        ("stain", None),
    ]
    assert told[0]["left_out"] == "saved pictures set no camera"
    assert "red cells" in told[3]["refused"]
    assert told[5]["left_out"] == "skipped"
    assert run.code == 1, "a part was refused"


def test_a_person_begins_and_keeps_each_part(
    calibrate: Calibrate, fields: Path, type_in: Callable[[str], None]
) -> None:
    type_in("y\ny\n")
    run = calibrate("--from", fields, *FLAT_FIELD_ALONE)
    assert "part 3 of 6, even light: saved pictures; begin? [y/N]" in run.err
    assert run.out.endswith("to count with it\nkept: flat-field\n")
    assert run.code == 0


def test_a_part_that_a_person_skips_is_not_measured(
    calibrate: Calibrate, fields: Path, type_in: Callable[[str], None], tmp_path: Path
) -> None:
    type_in("n\n")
    run = calibrate("--from", fields, *FLAT_FIELD_ALONE)
    assert (run.code, run.out) == (1, "kept: nothing; the calibration is as it was\n")
    assert "leuko: left out flat-field: skipped\n" in run.err
    assert not (tmp_path / "state" / "calibration").exists()


def test_without_a_terminal_the_keypad_begins_and_keeps_a_part(
    *,
    calibrate: Calibrate,
    fields: Path,
    hand: Hand,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_KEYPAD", str(tmp_path / "keypad"))
    with hand(tmp_path / "keypad", [ENTER]), Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        run = calibrate("--from", fields, *FLAT_FIELD_ALONE)
    assert run.out.endswith("kept: flat-field\n")


def test_where_nobody_answers_that_is_said_and_nothing_changes(
    calibrate: Calibrate, fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        run = calibrate("--camera", "replay", "--camera-source", fields, "--skip", "exposure")
    assert (run.code, run.out) == (1, "kept: nothing; the calibration is as it was\n")
    skipped, asked, told = run.err.splitlines()
    assert skipped == "leuko: left out exposure: skipped"
    assert "begin? [y/N]" in asked
    assert told.startswith("leuko: nobody answered whether to begin with white-balance, so it and")
    assert not (tmp_path / "state" / "calibration").exists()


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Takes what a person types before they leave."""
    file = tmp_path / "answers"
    file.touch()
    with file.open(encoding="utf-8") as person:
        monkeypatch.setattr("sys.stdin", person)

        def written(text: str) -> None:
            file.write_text(text, encoding="utf-8")

        yield written


def test_where_nobody_answers_any_more_what_was_kept_stays_and_that_is_no_success(
    calibrate: Calibrate, fields: Path, typed: Callable[[str], None]
) -> None:
    typed("y\ny\n")
    run = calibrate("--from", fields, "--skip", "scale")
    assert run.out.endswith("kept: flat-field\n")
    assert "leuko: nobody answered whether to begin with stain, so it and the parts" in run.err
    assert run.code == 1


def test_what_nobody_wants_to_keep_or_not_is_told_as_such(
    calibrate: Calibrate, fields: Path, typed: Callable[[str], None]
) -> None:
    typed("y\n")
    run = calibrate("--from", fields, *FLAT_FIELD_ALONE)
    assert run.code == 1
    assert "\nnobody answered: this calibration is not kept\n" in run.out


def test_what_the_camera_cannot_do_is_left_out(calibrate: Calibrate, fields: Path) -> None:
    others = ("white-balance", "flat-field", "scale", "focus", "stain")
    skipped = [word for part in others for word in ("--skip", part)]
    run = calibrate("--camera", "replay", "--camera-source", fields, "--yes", *skipped)
    assert "leuko: left out exposure: replay" in run.err
    assert "has no exposure that can be set" in run.err


def test_a_part_that_is_none_is_not_understood(calibrate: Calibrate) -> None:
    run = calibrate("--skip", "lamp")
    assert run.code == 2
    assert "'lamp' is no part; choose among exposure, white-balance" in run.err.replace("\n", " ")
