"""A cell to be reviewed as displays show it, compared with pictures that people have looked at."""

import io
from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from leuko.cells import CellClass, RGBImage
from leuko.displays import draw
from leuko.displays.terminal import print_review
from leuko.shown import ReviewStep
from leuko.status import LiveStatus

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "reviews"
SIZES = [(128, 64), (160, 128), (240, 240), (320, 240), (480, 320), (800, 480), (240, 320)]


@pytest.fixture
def picture(status: LiveStatus) -> RGBImage:
    assert status.last_cell is not None
    return status.last_cell.picture


@pytest.fixture
def step(picture: RGBImage) -> ReviewStep:
    confirmed = {name: 6 - number for number, name in enumerate(CellClass) if number < 5}
    return ReviewStep(
        picture=picture,
        number=17,
        of=100,
        proposed=CellClass.NEUTROPHIL,
        remark="41 %, unsure",
        confirmed=confirmed,
        wanted=20,
        answers="[Enter] yes · [0] skip · [-] back · hold [/] stop",
    )


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("proposed", [CellClass.NEUTROPHIL, CellClass.PLATELET_OR_ARTEFACT])
def test_a_cell_to_be_reviewed_looks_as_agreed(
    step: ReviewStep, size: tuple[int, int], proposed: CellClass, *, update_golden: bool
) -> None:
    is_mono = size == (128, 64)
    picture = draw(replace(step, proposed=proposed), size, is_mono=is_mono)
    path = GOLDEN / f"{size[0]}x{size[1]}-{proposed.split('_')[0]}.png"
    if update_golden:
        picture.save(path, optimize=True)
    with Image.open(path) as agreed:
        assert picture.mode == agreed.mode
        difference = np.abs(np.asarray(picture, int) - np.asarray(agreed, int))
    assert np.mean(difference > 64) <= (0 if is_mono else 0.002)


@pytest.mark.parametrize("size", SIZES[:4], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_class_that_is_proposed_looks_different(
    step: ReviewStep, size: tuple[int, int]
) -> None:
    drawn = {
        draw(replace(step, proposed=name), size, is_mono=size == (128, 64)).tobytes()
        for name in CellClass
    }
    assert len(drawn) == len(CellClass)


@pytest.mark.parametrize(
    ("size", "side"), [((320, 240), 210), ((480, 320), 280), ((800, 480), 420), ((240, 240), 160)]
)
def test_the_picture_of_the_cell_takes_most_of_the_display(
    step: ReviewStep, size: tuple[int, int], side: int
) -> None:
    white = replace(step, picture=np.full_like(step.picture, 255))
    drawn = np.asarray(draw(white, size, is_mono=False)).min(axis=2) == 255
    columns = np.flatnonzero(drawn.mean(axis=0) > side / size[1] * 0.99)
    assert len(columns) >= side


@hypothesis.settings(
    max_examples=10, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(width=st.integers(128, 900), height=st.integers(64, 900), text=st.text())
def test_any_text_on_a_display_of_any_size_is_drawn(
    step: ReviewStep, width: int, height: int, text: str
) -> None:
    told = replace(step, remark=text, answers=text, number=123456)
    assert draw(told, (width, height), is_mono=False).size == (width, height)


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_picture_in_half_blocks_of_its_colours(
    step: ReviewStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TERM": "xterm-256color", "COLORTERM": "truecolor"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    terminal = Terminal()
    print_review(step, terminal)
    shown = terminal.getvalue()
    assert shown.count("▀") == 42 * 21
    red, green, blue = step.picture[48, 48]
    assert f"38;2;{red};{green};{blue}" in shown or "38;2;96;52;132" in shown
    assert "17 of 100" in shown
    assert "8 PLT/ART" in shown


@pytest.mark.parametrize("columns", ["40", "80"])
def test_keys_in_brackets_are_told_in_a_terminal_of_any_width(
    step: ReviewStep, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    for name, value in {"TERM": "xterm", "COLUMNS": columns, "LINES": "24"}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    print_review(replace(step, answers="[a] yes · hold [/] stop"), terminal)
    assert "[a] yes · hold [/] stop" in terminal.getvalue()


def test_what_is_no_terminal_gets_one_line(step: ReviewStep) -> None:
    stream = io.StringIO()
    print_review(step, stream)
    told = "17 of 100: neutrophil? 41 %, unsure ([Enter] yes · [0] skip · [-] back · "
    told += "hold [/] stop)\n"
    assert stream.getvalue() == told
