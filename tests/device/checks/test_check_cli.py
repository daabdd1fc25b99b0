"""``leuko calibrate check``: from fields of a reference slide to a record, a picture, a code."""

import json
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO

import numpy as np
import pytest
from PIL import Image, ImageFilter

from leuko.cells import RGBImage

Leuko = Callable[..., CompletedProcess[str]]


@pytest.fixture
def check(
    leuko: Leuko,
    tmp_path: Path,
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Leuko:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_UM_PER_PX", "0.2")
    monkeypatch.setenv("LEUKO_BUNDLE", str(tiny_bundle))
    return partial(leuko, "calibrate", "check")


FIELDS = ((0, 0), (400, 0), (0, 320))
"""Corners of three fields with two leukocytes each, x and y."""
NAMES = ["00.png", "01.png", "02.png"]
ONE, ENTER = 2, 28
NOTE = (190, 0, 30)
"""Colour behind what is written into a field's corner."""

Hand = Callable[[Path, list[int]], AbstractContextManager[None]]


@pytest.fixture
def slide(smear: RGBImage, tmp_path: Path) -> Path:
    """A folder with these fields."""
    folder = tmp_path / "slide"
    folder.mkdir()
    for number, (x, y) in enumerate(FIELDS):
        Image.fromarray(smear[y : y + 320, x : x + 400]).save(folder / f"{number:02}.png")
    return folder


def blurred(picture: Path) -> Image.Image:
    with Image.open(picture) as opened:
        return opened.filter(ImageFilter.GaussianBlur(4))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Generator[IO[str]]:
    """Takes what a person types in the terminal."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as terminal, os.fdopen(writing, "w") as hand:
        monkeypatch.setattr("sys.stdin", terminal)
        yield hand


def test_a_script_checks_keeps_lists_and_draws(
    check: Leuko, slide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--from", slide, "--cells", 6, "--missed", 0, "--yes", "--json", "--by", "Ada")
    run = check(*asked, "--pictures", tmp_path / "seen", "--plot", tmp_path / "p.png", "--small")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["kept"] == 1
    assert (told["check"]["located"], told["check"]["failures"]) == (6, [])
    assert told["check"]["measured"]["located_percent"] == 100
    assert told["check"]["origin"]["frames"][0]["name"] == "00.png"
    assert len(list((tmp_path / "seen").iterdir())) == 3
    with Image.open(tmp_path / "seen" / "checked-003.png") as picture:
        assert picture.getpixel((1, 1)) != NOTE, "nothing was missed"
    with Image.open(tmp_path / "p.png") as plot:
        assert plot.size == (320, 240)
    assert [one["by"] for one in json.loads(check("--list", "--json").stdout)] == ["Ada"]
    monkeypatch.setenv("COLUMNS", "80")
    listed = check("--list").stdout
    for words in ("check", "located", "background", "outcome", "passed"):
        assert words in listed


@pytest.mark.parametrize(("missed", "code"), [(0, 1), (2, 4)])
def test_a_plot_that_cannot_be_written_hides_nothing(
    *, check: Leuko, slide: Path, tmp_path: Path, missed: int, code: int
) -> None:
    plot = tmp_path / "missing" / "p.png"
    asked = ("--from", slide, "--cells", 6, "--missed", missed, "--yes", "--json")
    run = check(*asked, "--plot", plot)
    assert run.returncode == code
    assert json.loads(run.stdout)["kept"] == 1
    assert f"leuko: {plot} cannot be written" in run.stderr


def test_missed_leukocytes_are_asked_for_and_a_failed_check_is_kept_with_its_own_code(
    check: Leuko, slide: Path, typed: IO[str], tmp_path: Path
) -> None:
    typed.write("2\ny\n")
    typed.flush()
    run = check("--from", slide, "--cells", 6)
    assert run.returncode == 4
    assert "6 leukocytes located in 3 fields" in run.stdout
    used, asked = "fields used: 00.png, 01.png, 02.png\n", "leave out cells that the border of a"
    assert run.stdout.index(used) < run.stdout.index(asked)
    assert run.stdout.count("fields used") == 1
    assert "failed: located % 75 is below 90" in run.stdout
    assert (tmp_path / "state" / "checks" / "check-000001.json").exists()


def test_whoever_is_asked_what_was_missed_knows_the_fields(
    check: Leuko, slide: Path, typed: IO[str]
) -> None:
    typed.close()
    run = check("--from", slide, "--cells", 5)
    assert run.returncode == 1
    assert run.stderr.endswith("nobody answered; say with --missed how many were missed\n")
    assert run.stdout.startswith("fields used: 00.png, 01.png, 02.png\n")


def test_which_fields_are_used_can_be_asked_before_anything_is_said_of_them(
    check: Leuko, slide: Path
) -> None:
    run = check("--from", slide, "--cells", 5, "--missed", 0, "--json")
    told = json.loads(run.stdout)
    assert told["kept"] is None
    assert [one["name"] for one in told["check"]["origin"]["frames"]] == NAMES


def test_on_a_keypad_each_field_is_asked_for_what_was_missed_in_it(
    *, check: Leuko, slide: Path, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_KEYPAD", str(tmp_path / "keypad"))
    with hand(tmp_path / "keypad", [ONE, ENTER]):
        run = check("--from", slide, "--cells", 6, "--pictures", tmp_path / "seen")
    assert "6 of 9 leukocytes located (67 %)" in run.stdout
    assert "how many" not in run.stdout
    kept = json.loads((tmp_path / "state" / "checks" / "check-000001.json").read_text())
    assert (kept["located"], kept["missed"], kept["missed_in"]) == (6, 3, [1, 1, 1])
    assert "missed: 1 in field 1, 1 in field 2, 1 in field 3\n" in run.stdout
    with Image.open(tmp_path / "seen" / "checked-003.png") as picture:
        assert picture.getpixel((1, 1)) == NOTE


def test_where_nobody_says_at_the_keypad_what_was_missed_no_further_field_is_asked_for(
    *, check: Leuko, slide: Path, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_KEYPAD", str(tmp_path / "keypad"))
    monkeypatch.setattr("leuko.wizard._wizard._PATIENCE_S", 0.3)
    with hand(tmp_path / "keypad", []):
        run = check("--from", slide, "--cells", 6)
    assert run.returncode == 1
    assert run.stderr.count("how many were missed?") == 1
    assert run.stderr.endswith("nobody answered; say with --missed how many were missed\n")


def test_a_blurred_picture_is_left_out_with_the_instruction_of_the_live_gate(
    check: Leuko, slide: Path
) -> None:
    blurred(slide / "01.png").save(slide / "01.png")
    run = check("--from", slide, "--cells", 6, "--missed", 0)
    assert run.returncode == 1
    assert "leuko: left out 01.png: focus\n" in run.stderr
    assert "4 leukocytes in 2 fields (1 picture left out: focus) are too few" in run.stderr


def test_a_person_at_the_camera_is_told_once_what_to_do_about_blurred_pictures(
    check: Leuko, slide: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "2")
    shown = tmp_path / "shown"
    shown.mkdir()
    for number in range(3):
        blurred(slide / "00.png").save(shown / f"{number}.png")
    run = check("--camera", "replay", "--camera-source", shown, "--missed", 0)
    told, refused = run.stderr.splitlines()
    assert told == "leuko: focus"
    assert "there is no picture to check (" in refused


@pytest.mark.parametrize("option", ["--json", "--yes"])
def test_a_script_that_does_not_say_what_was_missed_is_not_understood(
    check: Leuko, slide: Path, tmp_path: Path, option: str
) -> None:
    run = check("--from", slide, option)
    assert run.returncode == 2
    assert f"{option} asks nothing; say with --missed how many were missed" in run.stderr
    assert not (tmp_path / "state" / "checks").exists()


def test_what_cannot_be_checked_is_one_sentence_and_nothing_is_kept(
    check: Leuko, slide: Path, tmp_path: Path
) -> None:
    run = check("--from", slide, "--cells", 30, "--missed", 1)
    assert run.returncode == 1
    assert "7 leukocytes in 3 fields are too few for a check, 30" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not (tmp_path / "state" / "checks").exists()
    assert check("--list").stdout == "no quality check was ever made\n"


def test_a_field_that_is_come_back_to_is_not_counted_again(check: Leuko, slide: Path) -> None:
    Image.open(slide / "00.png").save(slide / "03.png")
    run = check("--from", slide, "--cells", 8, "--missed", 0, "--yes")
    assert run.returncode == 1
    assert "6 leukocytes in 3 fields are too few for a check, 8 are needed" in run.stderr


PLOT = (24, 58, 52)
"""Colour that only trends have."""


def answer_once_trends_are_shown(display: Path, typed: IO[str], seen: list[bool]) -> None:
    """Say that none was missed, and keep the check once the display shows the trends."""
    typed.write("0\n")
    typed.flush()
    deadline = time.monotonic() + 20
    while not any(seen) and time.monotonic() < deadline:
        time.sleep(0.02)
        if display.exists():
            with Image.open(display) as picture:
                seen.append(bool((np.asarray(picture) == PLOT).all(axis=2).any()))
    typed.write("y\n")
    typed.flush()


def test_the_display_shows_the_trends_until_the_person_has_answered(
    *,
    check: Leuko,
    slide: Path,
    typed: IO[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_DISPLAY", "png")
    monkeypatch.setenv("LEUKO_DISPLAY_DEVICE", str(tmp_path))
    monkeypatch.setenv("LEUKO_DISPLAY_WIDTH", "320")
    monkeypatch.setenv("LEUKO_DISPLAY_HEIGHT", "240")
    seen: list[bool] = []
    display = tmp_path / "display.png"
    person = threading.Thread(target=answer_once_trends_are_shown, args=(display, typed, seen))
    person.start()
    assert check("--from", slide, "--cells", 6).returncode == 0
    person.join()
    assert any(seen)
    assert (tmp_path / "state" / "checks" / "check-000001.json").exists()
