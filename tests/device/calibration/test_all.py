"""``leuko calibrate all``: one part after the other, each kept, left out or refused on its own."""

import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

NO_STAIN = ("--skip", "stain")
FLAT_FIELD_ALONE = (*NO_STAIN, "--skip", "scale")


Leuko = Callable[..., CompletedProcess[str]]
Hand = Callable[[Path, list[int]], AbstractContextManager[None]]
ENTER = 28


@pytest.fixture
def calibrate(leuko: Leuko, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leuko:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "0")
    return partial(leuko, "calibrate", "all")


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
    calibrate: Leuko, fields: Path
) -> None:
    run = calibrate("--from", fields, "--yes", "--json", *NO_STAIN)
    told = [json.loads(line) for line in run.stdout.splitlines()]
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
    assert run.returncode == 1, "a part was refused"


def test_a_person_begins_and_keeps_each_part(
    calibrate: Leuko, fields: Path, type_in: Callable[[str], None]
) -> None:
    type_in("y\ny\n")
    run = calibrate("--from", fields, *FLAT_FIELD_ALONE)
    assert "part 3 of 6, even light: saved pictures; begin? [y/N]" in run.stderr
    assert run.stdout.endswith("leuko count with --calibration\nkept: flat-field\n")
    assert run.returncode == 0


def test_a_part_that_a_person_skips_is_not_measured(
    calibrate: Leuko, fields: Path, type_in: Callable[[str], None], tmp_path: Path
) -> None:
    type_in("n\n")
    run = calibrate("--from", fields, *FLAT_FIELD_ALONE)
    assert (run.returncode, run.stdout) == (1, "kept: nothing; the calibration is as it was\n")
    assert "leuko: left out flat-field: skipped\n" in run.stderr
    assert not (tmp_path / "state" / "calibration").exists()


def test_without_a_terminal_the_keypad_begins_and_keeps_a_part(
    *,
    calibrate: Leuko,
    fields: Path,
    hand: Hand,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_KEYPAD", str(tmp_path / "keypad"))
    with hand(tmp_path / "keypad", [ENTER]), Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        run = calibrate("--from", fields, *FLAT_FIELD_ALONE)
    assert run.stdout.endswith("kept: flat-field\n")


def test_where_nobody_answers_that_is_said_and_nothing_changes(
    calibrate: Leuko, fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        run = calibrate("--camera", "replay", "--camera-source", fields, "--skip", "exposure")
    assert (run.returncode, run.stdout) == (1, "kept: nothing; the calibration is as it was\n")
    skipped, asked, told = run.stderr.splitlines()
    assert skipped == "leuko: left out exposure: skipped"
    assert "begin? [y/N]" in asked
    assert told.startswith("leuko: nobody answered whether to begin with white-balance, so neit")
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
    calibrate: Leuko, fields: Path, typed: Callable[[str], None]
) -> None:
    typed("y\ny\n")
    run = calibrate("--from", fields, "--skip", "scale")
    assert run.stdout.endswith("kept: flat-field\n")
    assert "leuko: nobody answered whether to begin with stain, so neither it nor" in run.stderr
    assert run.returncode == 1


def test_where_nobody_says_whether_to_keep_it_all_is_broken_off_and_the_figures_are_told(
    calibrate: Leuko,
    fields: Path,
    type_in: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leuko.wizard._wizard._PATIENCE_S", 0.3)
    type_in("y\n")
    run = calibrate("--from", fields, "--skip", "scale")
    assert run.returncode == 1
    assert "\nnobody answered: this calibration is not kept\n" in run.stdout
    assert "leuko: dropped, for nobody answered: light uneven by " in run.stderr
    assert "leuko: nobody answered whether to keep flat-field, so neither it nor" in run.stderr
    assert "part 6 of 6" not in run.stderr


def test_what_is_not_read_of_a_folder_is_told_once(calibrate: Leuko, fields: Path) -> None:
    (fields / "13.webp").touch()
    run = calibrate("--from", fields, "--yes", *NO_STAIN)
    assert run.stderr.count("is not read (13.webp)") == 1


def test_what_the_camera_cannot_do_is_left_out(calibrate: Leuko, fields: Path) -> None:
    others = ("white-balance", "flat-field", "scale", "focus", "stain")
    skipped = [word for part in others for word in ("--skip", part)]
    run = calibrate("--camera", "replay", "--camera-source", fields, "--yes", *skipped)
    assert "leuko: left out exposure: replay" in run.stderr
    assert "has no exposure that can be set" in run.stderr


def test_a_part_that_is_none_is_not_understood(calibrate: Leuko) -> None:
    run = calibrate("--skip", "lamp")
    assert run.returncode == 2
    assert "'lamp' is no part; choose among exposure, white-balance" in run.stderr.replace(
        "\n", " "
    )
