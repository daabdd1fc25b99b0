"""The live count with the shipped models on frames of the simulated camera."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from leuko.bundle import default_bundle_path, load_bundle
from leuko.cameras import CameraOptions
from leuko.cells import RGBImage
from leuko.inference import LiteRTEngine
from leuko.live import LiveCounter
from leuko.pipeline import FieldAnalyser
from leuko.sim.camera import HandHabits, Scene, SimCamera
from leuko.status import Guidance
from leuko.tracking import CellLedger, SlideTracker, Track

UM_PER_PX = 0.2
AT_REST = HandHabits(
    speed_um_s=0.01, tremor_um=0, drift_um=0, knocks_per_min=0, blurs_per_min=0, dropped_share=0
)
IN_VIEW = 3
"""Leukocytes that are whole in the view."""
SETTLED = 8
"""Frames after which nothing new can be learned of a view at rest."""


@pytest.fixture(scope="module")
def analyser() -> FieldAnalyser:
    """The shipped models; they know no laboratory, for tests share them."""
    bundle = load_bundle(default_bundle_path())
    classifier = bundle.manifest.classifier.model_copy(update={"evens_laboratory": False})
    manifest = bundle.manifest.model_copy(update={"classifier": classifier})
    return FieldAnalyser(replace(bundle, manifest=manifest), LiteRTEngine(threads=1))


@pytest.fixture(scope="module")
def rest() -> list[RGBImage]:
    """A view at rest, twelve times, each with noise of its own."""
    options = CameraOptions("smear:24:40", 480, 360, frames_per_s=0, um_per_px=UM_PER_PX)
    camera = SimCamera(Scene.set_up(options, habits=AT_REST))
    frames = [camera.read() for _ in range(12)]
    camera.close()
    return [frame.rgb for frame in frames if frame]


@pytest.fixture
def counter(analyser: FieldAnalyser) -> LiveCounter:
    ledger = CellLedger(um_per_px=UM_PER_PX, decide=analyser.decide)
    tracker = SlideTracker(um_per_px=UM_PER_PX)
    return LiveCounter(analyser, ledger, tracker, um_per_px=UM_PER_PX)


def blurred(rgb: RGBImage) -> RGBImage:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 6), np.uint8)


def test_a_cell_that_is_seen_in_many_frames_counts_once(
    counter: LiveCounter, rest: list[RGBImage]
) -> None:
    updates = [counter.see(rgb, is_counting=True) for rgb in rest]
    new = [cell.number for update in updates for cell in update.change.new]
    assert new == [1, 2, 3]
    assert [bool(update.change.new) for update in updates[:4]] == [False, False, True, False]
    assert updates[0].guidance is Guidance.HOLD


def test_a_view_that_is_settled_is_not_searched_again(
    counter: LiveCounter, rest: list[RGBImage]
) -> None:
    updates = [counter.see(rgb, is_counting=True) for rgb in rest]
    assert updates[0].was_analysed
    assert not any(update.was_analysed for update in updates[SETTLED:])
    assert all(update.guidance is Guidance.NONE for update in updates[SETTLED:])


def test_a_paused_count_keeps_its_place(counter: LiveCounter, rest: list[RGBImage]) -> None:
    paused = [counter.see(rgb, is_counting=False) for rgb in rest[:4]]
    assert not any(update.was_analysed or update.change for update in paused)
    updates = [counter.see(rgb, is_counting=True) for rgb in rest[4:8]]
    assert [update.located.track for update in updates] == [Track.FOLLOWED] * 4
    assert sum(len(update.change.new) for update in updates) == IN_VIEW


def test_a_frame_that_is_not_sharp_is_not_searched(
    counter: LiveCounter, rest: list[RGBImage]
) -> None:
    counter.see(rest[0], is_counting=True)
    update = counter.see(blurred(rest[1]), is_counting=True)
    assert (update.guidance, update.was_analysed) == (Guidance.FOCUS, False)
    assert counter.see(rest[2], is_counting=True).was_analysed


def test_views_of_blurred_frames_do_not_make_a_cell_count(
    counter: LiveCounter, rest: list[RGBImage]
) -> None:
    sharp_or_not: list[Callable[[RGBImage], RGBImage]] = [np.copy, np.copy, blurred, blurred]
    updates = [
        counter.see(look(rgb), is_counting=True)
        for look, rgb in zip(sharp_or_not, rest[:4], strict=True)
    ]
    assert not any(update.change for update in updates)
    assert len(counter.see(rest[4], is_counting=True).change.new) == IN_VIEW
