"""One frame after another through the service, and what a person asks of it in between."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leuko.cameras import CameraOptions, Frame
from leuko.cells import CellClass, CellStatus
from leuko.errors import SessionError
from leuko.service import KEYFRAMES_NAME, KeptSessions, LiveService, OpenSession, Parts
from leuko.sim.camera import SimCamera
from leuko.status import LiveStatus, SessionState, Target
from leuko.store import SessionSpec, Store
from leuko.tracking import LedgerChange, TrackedCell

AT_ONCE = 3
"""Leukocytes of the first view; they are counted in one frame."""
AT_LEAST, IN_ALL = 4, 5
"""Leukocytes of the first `STROKE` frames: seen long enough in them, and at all."""
STROKE = 24


def start(service: LiveService, cells: int = 100) -> LiveStatus:
    return service.start("H-12", operator="ana", target=Target(cells), asked_by="ana")


def take(service: LiveService, frames: Iterable[Frame]) -> LiveStatus:
    for frame in frames:
        service.take(frame)
    return service.status()


def views_at(um_per_px: float, *, number: int) -> list[Frame]:
    """The first views of a smear through an objective of another magnification."""
    options = CameraOptions("smear:24:40", 480, 360, frames_per_s=0, um_per_px=um_per_px)
    with closing(SimCamera.opened(options)) as camera:
        return [frame for _ in range(number) if (frame := camera.read())]


def kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.log()]


def test_what_is_shown_is_kept(service: LiveService, store: Store, frames: list[Frame]) -> None:
    assert start(service).state is SessionState.COUNTING
    status = take(service, frames[:STROKE])
    assert AT_LEAST <= status.count.n <= IN_ALL
    assert store.count(1) == status.count
    assert status.last_cell is not None
    assert status.last_cell.picture.shape == (96, 96, 3)
    assert all(cell.picture for cell in store.cells(1))


def test_ground_that_is_seen_again_counts_once(service: LiveService, frames: list[Frame]) -> None:
    start(service)
    there_and_back = [*frames[:STROKE], *frames[STROKE::-1], *frames[:STROKE]]
    assert take(service, there_and_back).count.n == IN_ALL


def test_without_a_session_nothing_is_counted(
    service: LiveService, store: Store, frames: list[Frame]
) -> None:
    status = take(service, frames[:6])
    assert (status.state, status.count.n) == (SessionState.IDLE, 0)
    assert not store.sessions()


def test_the_count_stops_exactly_at_its_target(
    service: LiveService, store: Store, frames: list[Frame]
) -> None:
    start(service, AT_ONCE - 1)
    status = take(service, frames[:STROKE])
    assert (status.state, status.count.n) == (SessionState.REACHED, AT_ONCE - 1)
    assert status.guidance == "target reached"
    assert len(list(store.cells(1))) == AT_ONCE - 1


def test_a_raised_target_takes_what_was_seen_beyond_the_old_one(
    service: LiveService, store: Store, frames: list[Frame]
) -> None:
    start(service, 1)
    take(service, frames[:6])
    for cells in (2, 3):
        status = service.set_target(Target(cells), asked_by="ana")
        assert (status.state, status.count.n) == (SessionState.REACHED, cells)
    status = service.set_target(Target(4), asked_by="ana")
    assert (status.state, status.count.n) == (SessionState.COUNTING, AT_ONCE)
    status = take(service, frames[6:STROKE])
    assert (status.state, status.count.n) == (SessionState.REACHED, 4)
    assert store.count(1) == status.count


def test_what_was_seen_beyond_the_target_is_no_part_of_a_finished_session(
    service: LiveService, store: Store, frames: list[Frame]
) -> None:
    start(service, 1)
    take(service, frames[:6])
    assert service.finish(asked_by="ana").state is SessionState.FINISHED
    take(service, frames[6:8])
    assert store.count(1).n == len(list(store.cells(1))) == 1


def test_a_target_below_the_count_stops_it(service: LiveService, frames: list[Frame]) -> None:
    start(service)
    take(service, frames[:6])
    status = service.set_target(Target(2), asked_by="ana")
    assert (status.state, status.count.n) == (SessionState.REACHED, AT_ONCE)
    assert service.resume(asked_by="ana").state is SessionState.REACHED


def test_a_pause_counts_nothing_and_the_count_goes_on_after_it(
    service: LiveService, frames: list[Frame]
) -> None:
    start(service)
    take(service, frames[:6])
    assert service.pause(asked_by="ana").state is SessionState.PAUSED
    assert take(service, frames[6:STROKE]).count.n == AT_ONCE
    assert service.resume(asked_by="ana").state is SessionState.COUNTING
    assert AT_LEAST <= take(service, frames[STROKE::-1]).count.n <= IN_ALL


@pytest.mark.parametrize("command", ["finish", "discard"])
def test_a_closed_session_stays_as_it_is(
    service: LiveService, store: Store, frames: list[Frame], command: str
) -> None:
    start(service)
    take(service, frames[:6])
    # A second stretch begins; that it is part of the first shows after the session is closed.
    apart = take(service, frames[64:])
    closed = getattr(service, command)(asked_by="ana")
    status = take(service, frames[64:12:-1])
    assert (apart.segment, status.segment) == (2, 1)
    assert status.count == closed.count == store.count(1)
    assert status.state == store.session(1).state
    assert not status.state.startswith("co")
    with pytest.raises(SessionError, match=r"^no session is open; start one$"):
        service.pause(asked_by="ana")


def test_the_slide_is_shown_as_the_session_left_it_until_the_next_begins(
    service: LiveService, store: Store, frames: list[Frame], tmp_path: Path
) -> None:
    with pytest.raises(SessionError, match="nothing of the slide has been seen yet; focus"):
        service.seen_slide()
    take(service, frames[:6])
    assert service.seen_slide().session is None
    start(service)
    take(service, frames[:6])
    service.finish(asked_by="ana")
    seen = service.seen_slide()
    take(service, frames[64:])
    assert service.seen_slide() is seen
    made = KeptSessions(store.path).export(1, folder=tmp_path, pictures=False, seen=seen)
    written = (made / "overview.png").read_bytes()
    assert written == KeptSessions(store.path).overview(seen)
    # After a restart nobody has seen it any more.
    later = KeptSessions(store.path).export(1, folder=tmp_path, pictures=False, seen=None)
    assert (later / "overview.png").read_bytes() == written
    assert written != KeptSessions(store.path).overview(replace(seen, session=None))
    start(service)
    take(service, frames[:6])
    assert service.seen_slide().session == 2


def test_what_is_seen_after_a_session_that_saw_nothing_is_not_of_that_session(
    service: LiveService, frames: list[Frame]
) -> None:
    start(service)
    service.finish(asked_by="ana")
    take(service, frames[:2])
    assert service.seen_slide().session is None


def test_a_second_session_is_refused_until_the_first_is_closed(service: LiveService) -> None:
    start(service)
    with pytest.raises(SessionError, match=r"^session 1 \(H-12\) is open; finish or discard it"):
        start(service)
    service.discard(asked_by="ana")
    assert start(service).state is SessionState.COUNTING


def test_a_new_session_counts_the_same_ground_anew(
    service: LiveService, store: Store, frames: list[Frame]
) -> None:
    start(service)
    take(service, frames[:6])
    service.finish(asked_by="ana")
    assert start(service).count.n == 0
    assert take(service, frames[:6]).count.n == AT_ONCE
    assert [store.count(session).n for session in (1, 2)] == [AT_ONCE, AT_ONCE]


def test_a_new_service_takes_up_the_session_with_all_that_was_shown(
    service: LiveService, store: Store, frames: list[Frame], make_parts: Callable[..., Parts]
) -> None:
    start(service)
    shown = take(service, frames[:STROKE])
    status = LiveService(make_parts(store)).status()
    assert (status.state, status.specimen) == (SessionState.COUNTING, "H-12")
    assert status.count == shown.count
    assert status.last_cell is not None
    assert shown.last_cell is not None
    assert (status.last_cell.picture == shown.last_cell.picture).all()


def test_smudge_cells_are_tallied_at_any_time_and_outlive_the_service(
    service: LiveService, store: Store, frames: list[Frame], make_parts: Callable[..., Parts]
) -> None:
    start(service, 1)
    assert service.tally_smudge_cell(asked_by="ana").count.smudge_per_100 is None
    assert take(service, frames[:6]).state is SessionState.REACHED
    status = service.tally_smudge_cell(asked_by="ana")
    assert (status.count.n, status.count.smudge_per_100) == (1, 200.0)
    again = LiveService(make_parts(store))
    assert again.status().count == status.count
    assert again.tally_smudge_cell(undo=True, asked_by="ana").count.smudge_cells == 1


def test_a_new_service_knows_the_ground_again_that_was_counted(
    service: LiveService, store: Store, frames: list[Frame], make_parts: Callable[..., Parts]
) -> None:
    start(service)
    shown = take(service, frames[:STROKE])
    # The hand has moved on meanwhile, or back.
    for again in (frames[:STROKE], frames[STROKE::-1]):
        status = take(LiveService(make_parts(store)), again)
        assert (status.count.n, status.segment) == (shown.count.n, 1)


def test_keyframes_that_a_power_cut_has_spoilt_begin_a_new_stretch(
    service: LiveService, store: Store, frames: list[Frame], make_parts: Callable[..., Parts]
) -> None:
    start(service)
    take(service, frames[:6])
    store.path.with_name(KEYFRAMES_NAME).write_bytes(bytes(60_000))
    status = take(LiveService(make_parts(store)), frames[:6])
    assert (status.count.n, status.segment) == (2 * AT_ONCE, 2)


def test_the_scale_is_found_before_a_session_can_begin(
    store: Store, frames: list[Frame], make_parts: Callable[..., Parts]
) -> None:
    service = LiveService(make_parts(store, um_per_px=None))
    status = take(service, frames[:1])
    assert status.notice == "finding the scale from the red cells"
    with pytest.raises(SessionError, match="the scale of the pictures is not known yet; move"):
        start(service)
    assert not take(service, frames[1:]).notice
    start(service)
    assert AT_LEAST <= take(service, frames[:STROKE]).count.n <= IN_ALL
    found = store.session(1).spec.um_per_px
    assert found == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize(("stated", "used"), [(None, None), (0.25, 0.25)])
def test_the_scale_of_a_session_that_was_taken_up_ends_with_it(
    store: Store,
    frames: list[Frame],
    make_parts: Callable[..., Parts],
    *,
    stated: float | None,
    used: float | None,
) -> None:
    start(LiveService(make_parts(store)))
    service = LiveService(make_parts(store, um_per_px=stated))
    assert take(service, frames[:6]).count.n == AT_ONCE
    service.finish(asked_by="ana")
    if used is None:
        with pytest.raises(SessionError, match="the scale of the pictures is not known yet"):
            start(service)
    else:
        start(service)
        assert store.session(2).spec.um_per_px == used


def test_a_scale_that_was_found_is_found_anew_after_a_session(
    store: Store, frames: list[Frame], make_parts: Callable[..., Parts]
) -> None:
    service = LiveService(make_parts(store, um_per_px=None))
    take(service, frames)
    start(service)
    service.finish(asked_by="ana")
    with pytest.raises(SessionError, match="the scale of the pictures is not known yet"):
        start(service)
    take(service, views_at(0.25, number=31))
    start(service)
    assert store.session(1).spec.um_per_px == pytest.approx(0.2, rel=0.05)
    assert store.session(2).spec.um_per_px == pytest.approx(0.25, rel=0.05)


def seen(number: int, name: CellClass, **changes: object) -> TrackedCell:
    sure = tuple(0.93 if each is name else 0.01 for each in CellClass)
    status = CellStatus.COUNTED
    cell = TrackedCell(number, 1, 30.0 * number, 0.0, status, name, sure, 3, 100.0, 50.0)
    picture = np.full((96, 96, 3), number, np.uint8)
    return replace(cell, **{"picture": picture, **changes})  # type: ignore[arg-type]


@pytest.fixture
def session(store: Store) -> OpenSession:
    """Its last cell is number 2, a neutrophil."""
    session = OpenSession(store, store.start_session(SessionSpec("H-12")))
    cells = (seen(1, CellClass.MONOCYTE), seen(2, CellClass.NEUTROPHIL))
    session.keep(LedgerChange(new=cells))
    return session


def test_the_last_cell_has_its_new_class_with_the_picture_it_had(session: OpenSession) -> None:
    session.keep(LedgerChange(changed=(seen(2, CellClass.EOSINOPHIL, picture=None),)))
    assert session.last_cell is not None
    assert session.last_cell.cell_class is CellClass.EOSINOPHIL
    assert session.last_cell.probability == pytest.approx(0.93)
    assert (session.last_cell.picture == 2).all()


def test_another_cell_than_the_last_changes_unseen(session: OpenSession) -> None:
    session.keep(LedgerChange(changed=(seen(1, CellClass.EOSINOPHIL, picture=None),)))
    assert session.last_cell is not None
    assert session.last_cell.cell_class is CellClass.NEUTROPHIL


def test_a_last_cell_that_turns_out_to_be_another_is_shown_no_more(session: OpenSession) -> None:
    kept = seen(1, CellClass.MONOCYTE, picture=None)
    session.keep(LedgerChange(changed=(kept,), merged={2: 1}))
    assert session.last_cell is None


def test_what_is_set_aside_is_never_the_last_cell(session: OpenSession) -> None:
    other = seen(3, CellClass.ERYTHROBLAST, status=CellStatus.EXCLUDED)
    session.keep(LedgerChange(new=(other,)))
    assert session.last_cell is not None
    assert session.last_cell.cell_class is CellClass.NEUTROPHIL
    session.keep(
        LedgerChange(changed=(seen(2, CellClass.ERYTHROBLAST, status=CellStatus.EXCLUDED),))
    )
    assert session.last_cell is None
