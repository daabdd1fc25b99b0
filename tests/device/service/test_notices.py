"""What a person is told when the stain drifts, or an adaptation no longer fits, while it counts."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import cv2
import pytest

from leuko.bundle import load_bundle
from leuko.calibration import (
    FOLDER_NAME,
    STAIN_DIFFERS,
    CalibrationHistory,
    Circumstances,
    StainPart,
)
from leuko.cameras import Frame
from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.clock import Moment
from leuko.service import Chosen, KeptSessions, LiveService, Parts, stain_of_log
from leuko.settings import Settings
from leuko.store import CellRecord

MOMENT = Moment("boot", 1.0, datetime(2026, 11, 20, tzinfo=UTC), clock_is_set=True)
PALE = (160, 130, 185)
ONE_TOO_FEW = 7
"""Cells that are kept before; the stain is judged from eight on."""


class Reel(Protocol):
    """The camera of these tests; see conftest.py."""

    def end(self) -> None: ...


def circumstances(bundle_sha256: str) -> Circumstances:
    return Circumstances("Ada", MOMENT, "tiny 1", bundle_sha256, "sim")


def start(service: LiveService) -> None:
    service.start("H-12", operator="Ada", target=None, asked_by="Ada")


def neutrophil(number: int, picture: RGBImage) -> CellRecord:
    """A cell far from what the frames show."""
    sure = tuple(float(name is CellClass.NEUTROPHIL) for name in CellClass)
    png = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    x_um, counted = 5000.0 + 50 * number, CellStatus.COUNTED
    return CellRecord(
        number, 1, x_um, 0.0, counted, CellClass.NEUTROPHIL, sure, 6, 120.0, 50.0, "", png
    )


def test_a_stain_that_drifts_is_said_as_soon_as_enough_cells_are_counted(
    parts: Parts, frames: list[Frame], stain: StainPart, stained: Callable[..., RGBImage]
) -> None:
    start(LiveService(parts))
    cells = [neutrophil(number, stained(PALE)) for number in range(1, ONE_TOO_FEW + 1)]
    parts.store.save_cells(1, cells)
    service = LiveService(replace(parts, stain=stain))
    assert not service.status().stain
    for frame in frames[:6]:
        service.take(frame)
    assert service.status().count.n > ONE_TOO_FEW
    assert service.status().stain == STAIN_DIFFERS
    told = stain_of_log(parts.store.log(1))
    assert told is not None
    assert (told["differs"], [e.kind for e in parts.store.log(1)].count("stain differs")) == (
        True,
        1,
    )


def test_the_stain_of_a_closed_session_is_not_said_of_the_next(
    parts: Parts, stain: StainPart, stained: Callable[..., RGBImage]
) -> None:
    start(LiveService(parts))
    cells = [neutrophil(number, stained(PALE)) for number in range(1, 2 * ONE_TOO_FEW)]
    parts.store.save_cells(1, cells)
    service = LiveService(replace(parts, stain=stain))
    assert service.status().stain == STAIN_DIFFERS
    service.finish(asked_by="Ada")
    start(service)
    assert not service.status().stain


@pytest.fixture
def settings(tiny_bundle: Path, tmp_path: Path) -> Settings:
    return Settings(bundle=tiny_bundle, state_dir=tmp_path, camera="sim", um_per_px=0.2)


@pytest.fixture
def keep(settings: Settings, keep_site: Callable[..., None]) -> Callable[[str], None]:
    """Keep an adaptation that was made for a bundle."""
    history = CalibrationHistory(settings.state_dir / FOLDER_NAME)
    shape = (settings.frame_height, settings.frame_width)
    return lambda sha256: keep_site(history, circumstances(sha256).origin([], shape=shape))


def test_an_adaptation_that_was_made_for_another_bundle_is_left_aside_and_said(
    keep: Callable[[str], None],
    settings: Settings,
    parts: Parts,
    caplog: pytest.LogCaptureFixture,
) -> None:
    keep("c" * 64)
    chosen = Chosen.by(settings)
    assert (chosen.adapter, "site" in chosen.spec.calibration) == (None, False)
    notice = (
        "the adaptation to this laboratory was made for the bundle tiny 1 and is not used with "
        "another; run leuko calibrate site again"
    )
    assert chosen.notice == notice
    assert caplog.messages.count(notice) == 1
    service = LiveService(replace(parts, spec=chosen.spec, bundle_notice=chosen.notice))
    assert service.status().notice == notice
    start(service)
    assert service.status().notice == notice


def test_a_session_that_goes_on_with_another_adaptation_says_so_until_the_next_begins(
    keep: Callable[[str], None], settings: Settings, parts: Parts, tiny_bundle: Path
) -> None:
    sha256 = load_bundle(tiny_bundle).sha256
    keep(sha256)
    begun = Chosen.by(settings)
    assert (begun.adapter is None, begun.notice) == (False, "")
    start(LiveService(replace(parts, spec=begun.spec)))
    keep(sha256)
    service = LiveService(replace(parts, spec=Chosen.by(settings).spec))
    assert service.status().notice == (
        "session 1 was begun with another calibration than now; "
        "finish or discard it to count with the present one"
    )
    assert parts.store.session(1).spec.calibration == begun.spec.calibration
    service.finish(asked_by="Ada")
    start(service)
    assert not service.status().notice


BEGUN_AT = 0.2
KEEPS_ITS_SCALE = (
    "session 1 was begun at 0.2000 µm per pixel and keeps that scale, "
    "though 0.1000 was set or calibrated later"
)


def test_a_session_that_goes_on_at_another_scale_than_is_set_says_so_in_status_log_and_results(
    parts: Parts, reel: Reel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(LiveService(parts))
    reel.end()
    remedy = "finish or discard it to count at 0.1000"
    for _ in range(2):
        service = LiveService(replace(parts, um_per_px=0.1))
        assert service.status().notice == f"{KEEPS_ITS_SCALE}; {remedy}"
        service.run()
    assert caplog.messages.count(f"{KEEPS_ITS_SCALE}; {remedy}") == 2
    assert service.finish(asked_by="Ada").notice == KEEPS_ITS_SCALE
    kept = KeptSessions(parts.store.path)
    assert (kept.session(1).um_per_px, kept.session(1).changes) == (BEGUN_AT, (KEEPS_ITS_SCALE,))
    made = kept.export(1, folder=tmp_path, pictures=False, seen=None)
    summary = json.loads((made / "differential.json").read_text(encoding="utf-8"))
    assert (summary["um_per_px"], summary["changes"]) == (BEGUN_AT, [KEEPS_ITS_SCALE])
    start(service)
    assert not service.status().notice


@pytest.mark.parametrize("um_per_px", [BEGUN_AT, None])
def test_a_scale_that_is_the_same_or_neither_set_nor_calibrated_is_no_change(
    parts: Parts, reel: Reel, um_per_px: float | None
) -> None:
    start(LiveService(parts))
    reel.end()
    service = LiveService(replace(parts, um_per_px=um_per_px))
    service.run()
    assert not service.status().notice
    assert KeptSessions(parts.store.path).session(1).changes == ()
