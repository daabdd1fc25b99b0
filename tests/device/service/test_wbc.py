"""The leukocytes in blood that a session lets one guess, and when it says why it does not."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leuko.calibration import Circumstances, WBCFactorPart
from leuko.cameras import Frame
from leuko.cells import CellClass, CellStatus
from leuko.clock import Moment
from leuko.control import StatusReply
from leuko.counting import DifferentialCount, Entry
from leuko.service import GroundFile, KeptSessions, LiveService, Parts, WBCNotes, wbc_of_log
from leuko.status import SessionState, Target
from leuko.store import CellRecord, SessionRecord, SessionSpec, Store
from leuko.tracking import Position, SearchedGround

LYMPHOCYTE = Entry(CellClass.LYMPHOCYTE, CellStatus.COUNTED)
COUNT = DifferentialCount.from_entries([LYMPHOCYTE] * 60)
SPEC = SessionSpec("TEST", bundle="leuko-default", bundle_sha256="b" * 64, um_per_px=0.2)


@pytest.fixture
def factor() -> WBCFactorPart:
    moment = Moment("boot", 1.0, datetime(2026, 11, 20, tzinfo=UTC), clock_is_set=True)
    circumstances = Circumstances("Ada", moment, "leuko-default", "b" * 64, "sim")
    origin = circumstances.origin([], shape=(360, 480))
    return WBCFactorPart(
        origin=origin, per_cell=2.0, within_percent=20, cells=96, fields=30, um_per_px=0.2
    )


def note(
    notes: WBCNotes, session: SessionRecord, count: DifferentialCount, *, fields: float | None
) -> None:
    found = notes.estimate(session, count, fields=fields)
    assert found is not None
    notes.note(session, found)


def test_a_session_at_rest_shows_and_exports_the_estimate_with_the_ground_it_rests_on(
    store: Store, factor: WBCFactorPart, tmp_path: Path
) -> None:
    session = store.start_session(SPEC, asked_by="Ada")
    notes = WBCNotes(factor, store)
    note(notes, session, COUNT, fields=24.2)
    store.set_state(session.id, SessionState.FINISHED, asked_by="Ada")
    kept = KeptSessions(store.path)
    told = kept.session(session.id).estimated_wbc
    assert told is not None
    assert (told["per_litre_1e9"], told["fields"], told["is_estimate"]) == (4.96, 24.2, True)
    assert "a mere estimate: 60 in 24 fields" in str(told["text"])
    folder = kept.export(session.id, folder=tmp_path, pictures=False, seen=None)
    summary = json.loads((folder / "differential.json").read_text(encoding="utf-8"))
    assert summary["estimated_wbc"] == dict(told)
    assert "estimated leukocytes a litre" in (folder / "log.csv").read_text(encoding="utf-8")


def test_a_session_at_another_scale_than_the_factors_gives_no_estimate(
    store: Store, factor: WBCFactorPart
) -> None:
    session = store.start_session(replace(SPEC, um_per_px=0.1), asked_by="Ada")
    notes = WBCNotes(factor, store)
    note(notes, session, COUNT, fields=24.2)
    told = wbc_of_log(store.log(session.id), SessionState.PAUSED)
    assert told is not None
    assert told["per_litre_1e9"] is None
    assert "the fields have 0.1 µm per pixel" in str(told["text"])


def test_while_a_session_counts_on_an_older_estimate_is_not_shown(
    store: Store, factor: WBCFactorPart
) -> None:
    session = store.start_session(SPEC, asked_by="Ada")
    notes = WBCNotes(factor, store)
    note(notes, session, COUNT, fields=24.2)
    log = list(store.log(session.id))
    assert wbc_of_log(log, SessionState.COUNTING) is None
    assert wbc_of_log(log, SessionState.PAUSED) is not None


def test_the_ground_of_a_session_that_was_cut_off_is_not_known(
    store: Store, factor: WBCFactorPart
) -> None:
    session = store.start_session(SPEC, asked_by="Ada")
    note(WBCNotes(factor, store), session, COUNT, fields=None)
    told = wbc_of_log(store.log(session.id), SessionState.FINISHED)
    assert told is not None
    assert told["per_litre_1e9"] is None
    assert "the count was interrupted" in str(told["text"])


@pytest.fixture
def noted(store: Store, factor: WBCFactorPart) -> SessionRecord:
    """A session that was paused, with an estimate."""
    session = store.start_session(SPEC, asked_by="Ada")
    notes = WBCNotes(factor, store)
    note(notes, session, COUNT, fields=24.2)
    return store.set_state(session.id, SessionState.PAUSED, asked_by="Ada")


def test_an_estimate_stands_after_a_restart_while_the_session_rests(
    store: Store, factor: WBCFactorPart, noted: SessionRecord
) -> None:
    note(WBCNotes(factor, store), noted, COUNT, fields=None)
    told = wbc_of_log(store.log(noted.id), SessionState.FINISHED)
    assert told is not None
    assert (told["per_litre_1e9"], told["fields"]) == (4.96, 24.2)


@pytest.mark.parametrize("counted", [60, 61])
def test_an_estimate_does_not_stand_when_the_session_went_on_after_it(
    store: Store, factor: WBCFactorPart, noted: SessionRecord, counted: int
) -> None:
    if counted == COUNT.n:
        # Ground was searched on which there was no cell.
        store.set_state(noted.id, SessionState.COUNTING, asked_by="Ada")
    count = DifferentialCount.from_entries([LYMPHOCYTE] * counted)
    note(WBCNotes(factor, store), noted, count, fields=None)
    told = wbc_of_log(store.log(noted.id), SessionState.FINISHED)
    assert told is not None
    assert "the count was interrupted" in str(told["text"])


def test_a_session_that_reached_its_target_keeps_its_estimate_when_it_is_finished_another_day(
    parts: Parts, factor: WBCFactorPart, frames: list[Frame], store: Store
) -> None:
    spec = replace(parts.spec, bundle_sha256="b" * 64)
    parts = replace(parts, spec=spec, wbc_factor=factor)
    service = LiveService(parts)
    service.start("H-12", operator="ana", target=Target(3), asked_by="ana")
    for frame in frames[:6]:
        service.take(frame)
    assert service.status().state is SessionState.REACHED
    told = KeptSessions(store.path).session(1).estimated_wbc
    # The device is switched off, and on again over the slide.
    again = LiveService(parts)
    again.take(frames[6])
    again.finish(asked_by="ana")
    assert told is not None
    assert told["fields"] is not None
    assert KeptSessions(store.path).session(1).estimated_wbc == told


def test_an_estimate_counts_cells_beyond_the_target_for_their_ground_was_searched(
    parts: Parts, factor: WBCFactorPart, frames: list[Frame], store: Store
) -> None:
    spec = replace(parts.spec, bundle_sha256="b" * 64)
    service = LiveService(replace(parts, spec=spec, wbc_factor=factor))
    service.start("H-12", operator="ana", target=Target(1), asked_by="ana")
    for frame in frames[:6]:
        service.take(frame)
    assert service.status().count.n == 1
    told = KeptSessions(store.path).session(1).estimated_wbc
    assert told is not None
    assert told["cells"] == 3


def test_a_session_that_is_resumed_at_its_target_keeps_its_estimate(
    parts: Parts, factor: WBCFactorPart, frames: list[Frame], store: Store
) -> None:
    spec = replace(parts.spec, bundle_sha256="b" * 64)
    parts = replace(parts, spec=spec, wbc_factor=factor)
    service = LiveService(parts)
    service.start("H-12", operator="ana", target=Target(3), asked_by="ana")
    for frame in frames[:6]:
        service.take(frame)
    service.pause(asked_by="ana")
    told = KeptSessions(store.path).session(1).estimated_wbc
    again = LiveService(parts)
    assert again.resume(asked_by="ana").state is SessionState.REACHED
    again.finish(asked_by="ana")
    assert told is not None
    assert told["fields"] is not None
    assert KeptSessions(store.path).session(1).estimated_wbc == told


def fields_of(store: Store, session: int) -> object:
    told = KeptSessions(store.path).session(session).estimated_wbc
    assert told is not None
    return told["fields"]


def test_ground_is_known_after_a_stop_or_a_power_cut_at_rest_but_not_after_one_while_counting(
    *,
    parts: Parts,
    factor: WBCFactorPart,
    frames: list[Frame],
    store: Store,
    tmp_path: Path,
) -> None:
    spec = replace(parts.spec, bundle_sha256="b" * 64)
    parts = replace(parts, spec=spec, wbc_factor=factor, ground=GroundFile(tmp_path / "ground"))
    service = LiveService(parts)
    service.start("H-12", operator="ana", target=None, asked_by="ana")
    for frame in frames[:4]:
        service.take(frame)
    service.pause(asked_by="ana")
    before = fields_of(store, 1)
    assert isinstance(before, float)
    assert before > 0.5
    at_rest = LiveService(parts)
    at_rest.resume(asked_by="ana")
    at_rest.take(frames[4])
    at_rest.stop()
    at_rest.run()
    stopped = LiveService(parts)
    stopped.pause(asked_by="ana")
    assert fields_of(store, 1) == pytest.approx(before, rel=0.1)
    stopped.resume(asked_by="ana")
    cut_off = LiveService(parts)
    cut_off.pause(asked_by="ana")
    assert fields_of(store, 1) is None


def searched(fields: int) -> SearchedGround:
    ground = SearchedGround(width_um=96.0, height_um=72.0, enough=3)
    for number in range(fields):
        ground.add(Position(1, 201.3 * number, 63.7 * number), is_settled=True)
    return ground


@pytest.mark.parametrize("fields", [24, 5])
def test_a_running_count_shows_what_it_lets_one_guess_once_there_is_enough(
    parts: Parts, factor: WBCFactorPart, store: Store, tmp_path: Path, *, fields: int
) -> None:
    session = store.start_session(SPEC)
    seen = CellRecord(0, 1, 0.0, 0.0, CellStatus.COUNTED, CellClass.LYMPHOCYTE, (0.1,) * 8, 3, 9, 9)
    store.save_cells(session.id, [replace(seen, number=number) for number in range(1, 61)])
    file = GroundFile(tmp_path / "ground")
    file.keep(searched(fields), session.id, um_per_px=0.2)
    service = LiveService(replace(parts, wbc_factor=factor, ground=file))
    told = service.status().estimated_wbc
    if fields < 10:
        assert told is None
        return
    assert told is not None
    assert told.per_litre == pytest.approx(2.0 * 60 / 24, rel=0.1)
    assert told.detail["is_estimate"] is True
    assert StatusReply.of(service.status()).estimated_wbc == told.detail
    service.finish(asked_by="ana")
    assert service.status().estimated_wbc == told
    assert KeptSessions(store.path).session(1).estimated_wbc == told.detail


def test_kept_ground_is_of_one_session_and_scale_until_it_is_forgotten(tmp_path: Path) -> None:
    file = GroundFile(tmp_path / "ground")
    ground = SearchedGround(width_um=96.0, height_um=72.0, enough=3)
    ground.add(Position(1, 0.0, 0.0), is_settled=True)
    ground.add(Position(2, -40.0, 0.0), is_settled=False)
    assert file.read(7, um_per_px=0.2) is None
    file.keep(ground, 7, um_per_px=0.2)
    for session, scale in ((8, 0.2), (7, 0.1)):
        assert file.read(session, um_per_px=scale) is None
    again = file.read(7, um_per_px=0.2)
    assert again is not None
    assert again.fields == ground.fields > 0
    assert again.size_um == (96.0, 72.0)
    # What was seen once is searched again: the cells on it are forgotten, too.
    for _ in range(2):
        again.add(Position(2, -40.0, 0.0), is_settled=False)
    assert again.fields == ground.fields
    for _ in range(2):
        file.forget()
        assert file.read(7, um_per_px=0.2) is None


@pytest.mark.parametrize("damage", [slice(0, 0), slice(0, 90), slice(40, None)])
def test_ground_that_cannot_be_read_is_not_known(
    tmp_path: Path, damage: slice, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ground"
    ground = SearchedGround(width_um=96.0, height_um=72.0, enough=3)
    ground.add(Position(1, 0.0, 0.0), is_settled=True)
    GroundFile(path).keep(ground, 7, um_per_px=0.2)
    path.write_bytes(path.read_bytes()[damage])
    assert GroundFile(path).read(7, um_per_px=0.2) is None
    assert "cannot be read" in caplog.text


def test_a_disk_that_takes_no_ground_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ground = SearchedGround(width_um=96.0, height_um=72.0, enough=3)
    GroundFile(tmp_path / "missing" / "ground").keep(ground, 7, um_per_px=0.2)
    assert "cannot be kept" in caplog.text


def test_too_little_ground_of_a_live_count_gives_no_estimate_but_says_so(
    parts: Parts, factor: WBCFactorPart, frames: list[Frame], store: Store
) -> None:
    spec = replace(parts.spec, bundle_sha256="b" * 64)
    service = LiveService(replace(parts, spec=spec, wbc_factor=factor))
    service.start("H-12", operator="ana", target=None, asked_by="ana")
    for frame in frames[:12]:
        service.take(frame)
    service.finish(asked_by="ana")
    told = KeptSessions(store.path).session(1).estimated_wbc
    assert told is not None
    assert told["per_litre_1e9"] is None
    fields = told["fields"]
    assert isinstance(fields, float)
    assert 0.8 < fields < 2.5
    assert "fields are too few, 10 are needed" in str(told["text"])


def test_without_a_factor_nothing_is_said(parts: Parts, store: Store) -> None:
    service = LiveService(parts)
    service.start("H-12", operator="ana", target=None, asked_by="ana")
    service.finish(asked_by="ana")
    assert KeptSessions(store.path).session(1).estimated_wbc is None
