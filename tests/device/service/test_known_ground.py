"""The picture of the slide is there again when a session goes on after a kill or a power cut."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.cameras import Frame
from leuko.service import KeyframeFile, LiveService, Parts
from leuko.status import Target
from leuko.store import Store
from leuko.tracking import Overview, SlideTracker

UM_PER_PX = 0.2
HEADER_BYTES = 32
RECORD_BYTES = 160 * 120 + 3072 + 40
KEYFRAMES, NEW_GROUND = 4, 60
"""How many the frames give, and how many frames there are before the last of them."""
JPEG_LEVELS = 6.0
"""Mean difference that coding thumbnails as JPEG may make; 5.3 on the simulated smear."""


def opened(path: Path) -> SlideTracker:
    archive = KeyframeFile(path, session=1, um_per_px=UM_PER_PX)
    return SlideTracker(um_per_px=UM_PER_PX, archive=archive)


def followed(tracker: SlideTracker, frames: list[Frame]) -> SlideTracker:
    for frame in frames:
        tracker.locate(frame.rgb)
    return tracker


def shown(tracker: SlideTracker) -> Overview:
    overview = tracker.overview()
    assert overview is not None
    return overview


def seen(overview: Overview) -> NDArray[np.bool_]:
    return np.asarray((overview.picture != Overview.BARE).any(axis=2))


def assert_same_ground(again: Overview, before: Overview) -> None:
    assert (again.segment, again.um_per_px) == (before.segment, before.um_per_px)
    assert (again.left_um, again.top_um) == (before.left_um, before.top_um)
    assert (seen(again) == seen(before)).all()
    apart = np.abs(again.picture.astype(int) - before.picture.astype(int))
    assert apart[seen(before)].mean() < JPEG_LEVELS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyframes"


def test_the_picture_is_there_again_whenever_the_service_is_killed(
    path: Path, tmp_path: Path, frames: list[Frame]
) -> None:
    tracker, left = opened(path), tmp_path / "left"
    for number, frame in enumerate(frames):
        tracker.locate(frame.rgb)
        if number % 10 == 1:
            # Nothing is closed or flushed: a killed process leaves its files just like that.
            again = opened(Path(shutil.copyfile(path, left)))
            again.locate(frame.rgb)
            assert_same_ground(shown(again), shown(tracker))


@pytest.mark.parametrize("lost_bytes", [1, 3072, RECORD_BYTES - 1])
def test_a_keyframe_that_a_power_cut_tore_takes_no_other_from_the_picture(
    path: Path, frames: list[Frame], *, lost_bytes: int
) -> None:
    tracker = followed(opened(path), frames[:NEW_GROUND])
    earlier = shown(tracker)
    followed(tracker, frames[NEW_GROUND:])
    size = path.stat().st_size
    assert size == HEADER_BYTES + KEYFRAMES * RECORD_BYTES
    os.truncate(path, size - lost_bytes)
    assert_same_ground(shown(followed(opened(path), frames[:1])), earlier)


def test_a_session_that_goes_on_shows_the_ground_that_was_covered_before(
    make_parts: Callable[..., Parts], store: Store, frames: list[Frame]
) -> None:
    service = LiveService(make_parts(store))
    service.start("H-12", operator="ana", target=Target(100), asked_by="ana")
    # The slide is followed all the same, and no cell needs to be looked for.
    service.pause(asked_by="ana")
    for frame in frames:
        service.take(frame)
    # It is neither stopped nor closed.
    again = LiveService(make_parts(store))
    again.take(frames[-1])
    assert_same_ground(again.seen_slide().overview, service.seen_slide().overview)
