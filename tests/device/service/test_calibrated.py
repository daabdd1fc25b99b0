"""The camera behind its calibration: every frame corrected, everything else passed on."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from leuko.calibration import (
    Calibration,
    CalibrationRecord,
    Circumstances,
    FlatFieldPart,
    coded_gain,
    packed,
    unpacked,
)
from leuko.cameras import Frame
from leuko.clock import Moment
from leuko.errors import ImageError
from leuko.pipeline import FieldAnalyser
from leuko.service import CalibratedSource, FrameSource, make_counter
from leuko.status import Guidance
from leuko.vision.flat_field import FlatField
from leuko.vision.quality import QualityLimits

SHAPE = (60, 80)


@pytest.fixture
def calibration() -> Calibration:
    """Twice the light on the left half."""
    gain = np.ones((*SHAPE, 3), np.float32)
    gain[:, :40] = 2
    png = coded_gain(FlatField(gain, SHAPE))
    moment = Moment("boot", 1.0, datetime(2026, 11, 20, tzinfo=UTC), clock_is_set=True)
    circumstances = Circumstances("Ada", moment, "leuko-default", "b" * 64, "sim")
    part = FlatFieldPart(
        origin=circumstances.origin([], shape=SHAPE),
        sha256=hashlib.sha256(png).hexdigest(),
        rows=SHAPE[0],
        columns=SHAPE[1],
        method="empty glass",
        before_percent=30,
        after_percent=1,
    )
    record = CalibrationRecord(number=1, cause="x", moment=moment, by="Ada", flat_field=part)
    return unpacked(packed(record, png), "calibration.zip")


def test_what_the_service_reads_is_corrected(
    reel: FrameSource, feed: Callable[..., None], calibration: Calibration
) -> None:
    feed([Frame(np.full((*SHAPE, 3), 100, np.uint8), 7, 1.5), None])
    source = CalibratedSource(reel, calibration)
    frame = source.read(1.0)
    assert frame is not None
    assert (frame.number, frame.captured_s) == (7, 1.5)
    assert (frame.rgb[5, 5, 1], frame.rgb[5, 75, 1]) == (200, 100)
    assert source.read(1.0) is None
    assert (source.name, source.health) == (reel.name, reel.health)
    assert not source.has_ended


def test_a_frame_of_another_size_is_never_passed_on(
    reel: FrameSource, feed: Callable[..., None], calibration: Calibration
) -> None:
    feed([Frame(np.full((30, 80, 3), 100, np.uint8), 0, 0.0)])
    with pytest.raises(ImageError, match="80 x 30 pixels, the calibration is for 80 x 60"):
        CalibratedSource(reel, calibration).read(1.0)


def test_the_gate_asks_for_the_sharpness_that_was_measured(
    analyser: FieldAnalyser, frames: list[Frame], tmp_path: Path
) -> None:
    def guidance(limits: QualityLimits) -> Guidance:
        counter = make_counter(analyser, tmp_path / "keyframes", 0.2, None, limits=limits)
        return counter.see(frames[0].rgb, is_counting=False).quality.guidance

    assert guidance(QualityLimits()) is Guidance.NONE
    assert guidance(QualityLimits(least_sharpness=9.0)) is Guidance.FOCUS
