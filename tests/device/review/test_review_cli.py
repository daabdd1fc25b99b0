"""``leuko calibrate review`` at keypad and terminal, and what ``site`` makes of it."""

import json
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO

import numpy as np
import pytest
from PIL import Image

from leuko.cells import LEUKOCYTES, CellClass, RGBImage
from leuko.review import FOLDER_NAME, load_review
from leuko.service import STORE_NAME

N, L, M, E, B = LEUKOCYTES
KP_1 = 79
EACH = 6

Seen = tuple[CellClass, float, RGBImage | None]
Session = Callable[[Sequence[Seen]], int]

Hand = Callable[[Path, list[int]], AbstractContextManager[None]]


Leuko = Callable[..., CompletedProcess[str]]


@pytest.fixture
def calibrate(
    leuko: Leuko,
    state: Path,
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Leuko:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(state))
    monkeypatch.setenv("LEUKO_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("LEUKO_KEYPAD", "none")
    return partial(leuko, "calibrate")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Generator[IO[str]]:
    """Takes what a person, or a script, types in the terminal."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as terminal, os.fdopen(writing, "w") as hand:
        monkeypatch.setattr("sys.stdin", terminal)
        yield hand


def test_cells_are_confirmed_corrected_and_skipped_in_the_terminal(
    calibrate: Leuko, typed: IO[str], state: Path, five: int
) -> None:
    typed.write("\n6\nband\nback\nmonocyte\n0\nq\n")
    typed.close()
    run = calibrate("review", five, "--by", "Ada")
    assert run.returncode == 0, run.stderr
    assert "1 of 5: neutrophil? 30 %, unsure ([Enter] yes · [0] skip · [-]" in run.stderr
    assert "· [q] stop)" in run.stderr
    assert "no class is called 'band'" in run.stderr
    assert "confirmed of session 1: 2 cells, 2 left" in run.stdout
    assert "lacks: 19 neutrophils, 20 lymphocytes" in run.stdout
    kept = load_review(state / FOLDER_NAME, five).answers
    said = {number: (one.cell_class, one.by) for number, one in kept.items()}
    assert said == {1: (N, "Ada"), 2: (M, "Ada"), 4: (None, "Ada")}


def test_a_script_is_told_how_a_review_stands_and_nothing_is_asked(
    calibrate: Leuko, typed: IO[str], state: Path, five: int
) -> None:
    typed.write("1\n0\n")
    typed.close()
    assert calibrate("review", five).returncode == 0
    told = json.loads(calibrate("review", five, "--json").stdout)
    assert told == {
        "session": five,
        "file": str(state / FOLDER_NAME / "session-000001.csv"),
        "confirmed": {"neutrophil": 1},
        "skipped": 1,
        "left": 3,
        "lacking": {N: 19, L: 20, M: 20, E: 20, B: 20},
    }


def test_one_press_on_a_keypad_says_what_a_cell_is(
    *,
    calibrate: Leuko,
    hand: Hand,
    state: Path,
    five: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = {
        "KEYPAD": str(tmp_path / "keypad"),
        "DISPLAY": "png",
        "DISPLAY_DEVICE": str(tmp_path / "shown"),
        "DISPLAY_WIDTH": "320",
        "DISPLAY_HEIGHT": "240",
    }
    for name, value in shown.items():
        monkeypatch.setenv(f"LEUKO_{name}", value)
    with hand(tmp_path / "keypad", [KP_1]):
        run = calibrate("review", five)
    assert run.returncode == 0, run.stderr
    assert "confirmed of session 1: 5 cells, 0 left" in run.stdout
    assert load_review(state / FOLDER_NAME, five).confirmed == {N: 5}
    with Image.open(tmp_path / "shown" / "display.png") as picture:
        assert picture.size == (320, 240)


def test_the_classes_of_a_table_are_taken_and_replaced_only_if_that_is_wanted(
    *,
    calibrate: Leuko,
    typed: IO[str],
    state: Path,
    five: int,
    tmp_path: Path,
) -> None:
    table = tmp_path / "cells.csv"
    table.write_text("cell,cell_class\n1,basophil\n2,lymphocyte\n3,\n", "utf-8")
    refused = calibrate("review", five, "--labels", table, "--json")
    assert refused.returncode == 2
    assert "nothing was kept: --json asks nothing; say --yes as well" in refused.stderr
    run = calibrate("review", five, "--labels", table, "--json", "--yes", "--by", "Eva\udcff")
    assert json.loads(run.stdout)["confirmed"] == {"basophil": 1, "lymphocyte": 1}
    table.write_text("cell,cell_class\n1,neutrophil\n2,lymphocyte\n", "utf-8")
    typed.write("n\n")
    typed.flush()
    asked = calibrate("review", five, "--labels", table)
    assert asked.returncode == 1
    assert "classes that are new or differ: 1, 1 of them answered before" in asked.stdout
    kept = load_review(state / FOLDER_NAME, five).answers
    assert (kept[1].cell_class, kept[1].by) == (B, "Eva\N{REPLACEMENT CHARACTER}")
    table.write_text("cell,cell_class\n9,neutrophil\n", "utf-8")
    missing = calibrate("review", five, "--labels", table, "--yes")
    assert "session 1 has no cell 9 with a picture" in missing.stderr


def test_what_cannot_be_reviewed_is_said(calibrate: Leuko, session: Session, state: Path) -> None:
    bare = session([(N, 0.9, None)])
    assert "has no cell to be shown" in calibrate("review", bare).stderr
    assert "there is no session 7" in calibrate("review", 7).stderr
    assert not (state / FOLDER_NAME).exists()


@pytest.fixture
def discs(disc_field: RGBImage) -> list[tuple[CellClass, RGBImage]]:
    """Pictures of single discs with what the tiny bundle calls them."""
    rng = np.random.default_rng(4)
    found = []
    for index in range(2 * EACH):
        x, y = 70 + 130 * (index % 2) + rng.integers(-4, 5), 100 + rng.integers(-4, 5)
        cut = disc_field[y - 60 : y + 60, x - 60 : x + 60].astype(float)
        noisy = np.clip(cut + rng.normal(0, 3, cut.shape), 0, 255).astype(np.uint8)
        found.append(((N, L)[index % 2], noisy))
    return found


def test_the_classifier_is_adapted_to_the_reviewed_cells_of_all_sessions(
    *,
    calibrate: Leuko,
    session: Session,
    discs: list[tuple[CellClass, RGBImage]],
    state: Path,
) -> None:
    halves = (discs[:EACH], discs[EACH:])
    swapped = {N: L, L: N}
    for half in halves:
        number = session([(name, 0.9, rgb) for name, rgb in half])
        with (state / "labels.csv").open("w", encoding="utf-8") as table:
            rows = [f"{n},{swapped[name]}\n" for n, (name, _) in enumerate(half, start=1)]
            table.writelines(["number,class\n", *rows])
        labels = state / "labels.csv"
        assert calibrate("review", number, "--labels", labels, "--yes").returncode == 0
    run = calibrate("site", "--reviewed", "--yes", "--json")
    assert run.returncode == 0, run.stderr
    site = json.loads(run.stdout)["site"]
    assert (site["right_before"], site["right_after"]) == (0, 2 * EACH)
    assert {one["name"].split(",")[0] for one in site["origin"]["frames"]} == {
        "session 1",
        "session 2",
    }


def test_a_session_that_is_not_the_one_reviewed_is_left_out(
    *,
    calibrate: Leuko,
    session: Session,
    grey: Callable[[int], RGBImage],
    discs: list[tuple[CellClass, RGBImage]],
    state: Path,
) -> None:
    session([(N, 0.9, grey(40)), (L, 0.9, discs[1][1])])
    table = state / "labels.csv"
    table.write_text("number,class\n1,neutrophil\n2,lymphocyte\n", "utf-8")
    assert calibrate("review", 1, "--labels", table, "--yes").returncode == 0
    for file in state.glob(f"{STORE_NAME}*"):
        file.unlink()
    session([(N, 0.9, grey(90)), (L, 0.9, discs[1][1])])
    run = calibrate("site", "--reviewed", "--yes")
    assert run.returncode == 1
    told = "left out: session 1, cell 1: the store has another picture than the one reviewed"
    assert told in run.stderr
    assert "session 1, cell 2" not in run.stderr
    assert "1 confirmed cells are too few" in run.stderr


def test_without_a_review_there_is_nothing_to_adapt_to(calibrate: Leuko, five: int) -> None:
    run = calibrate("site", "--reviewed", "--session", five)
    assert run.returncode == 1
    assert "no cell of a session that is kept has been confirmed" in run.stderr
    assert calibrate("site", "--session", five).returncode == 2
    both = calibrate("site", "--reviewed", "crops")
    assert both.returncode == 2
    assert "--reviewed takes no FOLDER" in both.stderr
