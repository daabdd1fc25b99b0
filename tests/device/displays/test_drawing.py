"""What displays show, compared with pictures that people have looked at."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from leuko.cells import CellClass
from leuko.displays import draw
from leuko.errors import DisplayError
from leuko.shown import CalibrationStep, Shown
from leuko.status import Guidance, Health, Level, LiveStatus

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "displays"
STEPS = ["calibrating", "keep", "missed", "refused"]
STATES = [
    "counting",
    "thick",
    "focus",
    "paused",
    "reached",
    "estimated",
    "fault",
    "faults",
    "idle",
    "long",
]
COLOUR_SIZES = [(160, 128), (240, 240), (320, 240), (480, 320), (800, 480)]
SIZES = [((128, 64), True), *((size, False) for size in COLOUR_SIZES)]


@pytest.mark.parametrize("state", [*STATES, *STEPS])
@pytest.mark.parametrize(("size", "is_mono"), SIZES, ids=lambda value: str(value).strip("()"))
def test_every_layout_looks_as_agreed(
    statuses: Mapping[str, LiveStatus],
    steps: Mapping[str, CalibrationStep],
    state: str,
    size: tuple[int, int],
    *,
    is_mono: bool,
    update_golden: bool,
) -> None:
    shown: Shown = steps[state] if state in steps else statuses[state]
    picture = draw(shown, size, is_mono=is_mono)
    path = GOLDEN / f"{size[0]}x{size[1]}-{state}.png"
    if update_golden:
        picture.save(path, optimize=True)
    with Image.open(path) as agreed:
        assert picture.mode == agreed.mode
        difference = np.abs(np.asarray(picture, int) - np.asarray(agreed, int))
    # Letters on mono displays are our own pixels. Elsewhere another FreeType may shade an edge
    # differently; a letter moved by one pixel is more than this allows.
    assert np.mean(difference > (0 if is_mono else 64)) <= (0 if is_mono else 0.002)


def test_there_is_an_agreed_picture_for_every_state(
    statuses: Mapping[str, LiveStatus], steps: Mapping[str, CalibrationStep]
) -> None:
    states = [*statuses, *steps]
    names = {f"{w}x{h}-{state}.png" for (w, h), _ in SIZES for state in states}
    assert {path.name for path in GOLDEN.glob("*.png")} == names


@hypothesis.settings(max_examples=25)
@hypothesis.given(width=st.integers(128, 1300), height=st.integers(64, 800), is_mono=st.booleans())
def test_a_display_of_any_larger_size_is_drawn_on(
    statuses: Mapping[str, LiveStatus], width: int, height: int, *, is_mono: bool
) -> None:
    picture = draw(statuses["long"], (width, height), is_mono=is_mono)
    assert picture.size == (width, height)
    assert picture.mode == ("1" if is_mono else "RGB")
    assert picture.getbbox() is not None


@pytest.mark.parametrize("size", [(127, 64), (128, 63), (128, 32)])
@pytest.mark.parametrize("is_mono", [True, False])
def test_a_display_too_small_to_read_is_refused(
    status: LiveStatus, size: tuple[int, int], *, is_mono: bool
) -> None:
    with pytest.raises(DisplayError, match=r"too small to read; choose .* at least 128x64"):
        draw(status, size, is_mono=is_mono)


@pytest.mark.parametrize(("size", "is_mono"), SIZES, ids=lambda value: str(value).strip("()"))
@hypothesis.settings(
    max_examples=15, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(text=st.text(max_size=80))
def test_any_text_at_all_is_drawn(
    status: LiveStatus, size: tuple[int, int], text: str, *, is_mono: bool
) -> None:
    broken = Health(Level.FAULT, text)
    draw(replace(status, specimen=text, notice=text, camera=broken), size, is_mono=is_mono)


@pytest.mark.parametrize(
    ("size", "beside"),
    [
        ((240, 240), (164, 0, 240, 240)),
        ((320, 240), (116, 0, 320, 240)),
        ((480, 320), (170, 0, 480, 320)),
        ((800, 480), (320, 0, 800, 480)),
    ],
)
def test_a_long_specimen_id_leaves_what_is_beside_it_alone(
    status: LiveStatus, size: tuple[int, int], beside: tuple[int, int, int, int]
) -> None:
    short = draw(replace(status, specimen="S"), size, is_mono=False)
    long = draw(replace(status, specimen="S" * 100), size, is_mono=False)
    assert short != long
    assert short.crop(beside) == long.crop(beside)


@pytest.mark.parametrize(("size", "is_mono"), SIZES, ids=lambda value: str(value).strip("()"))
def test_every_instruction_looks_different(
    status: LiveStatus, size: tuple[int, int], *, is_mono: bool
) -> None:
    drawn = {
        draw(replace(status, guidance=guidance), size, is_mono=is_mono).tobytes()
        for guidance in Guidance
    }
    assert len(drawn) == len(Guidance)


OK = Health(Level.OK, "ok")
BANNERS = {(128, 64): 36, (160, 128): 102, (240, 240): 184, (320, 240): 176, (480, 320): 234}
"""First row of the banner."""


@pytest.mark.parametrize(("size", "is_mono"), SIZES, ids=lambda value: str(value).strip("()"))
def test_each_fault_is_named_however_long_the_first_ones_sentence(
    status: LiveStatus, size: tuple[int, int], *, is_mono: bool
) -> None:
    long = Health(Level.FAULT, "no picture for a while; look at its cable and its plug " * 3)
    gone = Health(Level.FAULT, "gone")
    below = (0, BANNERS.get(size, 362), *size)
    broken = [(disk, stick) for disk in (OK, gone) for stick in (OK, gone)]
    drawn = {
        draw(replace(status, camera=long, disk=disk, accelerator=stick), size, is_mono=is_mono)
        .crop(below)
        .tobytes()
        for disk, stick in broken
    }
    assert len(drawn) == len(broken)


@pytest.mark.parametrize("size", COLOUR_SIZES[1:])
def test_each_fault_has_a_line_of_its_own(status: LiveStatus, size: tuple[int, int]) -> None:
    long = Health(Level.FAULT, "no picture for a while; look at its cable and its plug " * 3)
    base = replace(status, camera=long, accelerator=long, disk=long)
    gone = Health(Level.FAULT, "unplugged")
    others = (replace(base, camera=gone), replace(base, accelerator=gone), replace(base, disk=gone))
    drawn = {draw(shown, size, is_mono=False).tobytes() for shown in (base, *others)}
    assert len(drawn) == 1 + len(others)


def test_the_smallest_display_keeps_its_bars_under_every_instruction(status: LiveStatus) -> None:
    shares = (0, 15, 128, BANNERS[128, 64])
    drawn = {
        draw(replace(status, guidance=guidance), (128, 64), is_mono=True).crop(shares).tobytes()
        for guidance in Guidance
    }
    assert len(drawn) == 1


@pytest.mark.parametrize(("size", "is_mono"), SIZES, ids=lambda value: str(value).strip("()"))
@hypothesis.settings(max_examples=10)
@hypothesis.given(text=st.text(max_size=200))
def test_any_text_of_a_calibration_is_drawn(
    steps: Mapping[str, CalibrationStep], size: tuple[int, int], text: str, *, is_mono: bool
) -> None:
    for step in steps.values():
        told = replace(step, title=text, instruction=text, figures=(text,), refusal=text)
        assert draw(told, size, is_mono=is_mono).size == size


@pytest.mark.parametrize("size", COLOUR_SIZES)
def test_an_unclassified_last_cell_is_not_named(status: LiveStatus, size: tuple[int, int]) -> None:
    assert status.last_cell
    drawn = {
        draw(
            replace(status, last_cell=replace(status.last_cell, cell_class=name)),
            size,
            is_mono=False,
        ).tobytes()
        for name in (None, *CellClass)
    }
    assert len(drawn) == 1 + len(CellClass)


@pytest.mark.parametrize(("size", "limit_ms"), [((320, 240), 10), ((800, 480), 30)])
def test_a_drawing_takes_little_of_the_processor(
    statuses: Mapping[str, LiveStatus], size: tuple[int, int], limit_ms: float
) -> None:
    taken = []
    for _ in range(5):
        began = time.process_time()
        for status in statuses.values():
            draw(status, size, is_mono=False)
        taken.append((time.process_time() - began) / len(statuses))
    # The first time letters are rendered and intervals computed; both are kept.
    assert 1000 * min(taken) <= limit_ms
