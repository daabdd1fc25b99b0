"""Sessions: begun, changed, closed, found again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leuko.cells import CellClass, CellStatus
from leuko.clock import Moment
from leuko.errors import SessionError
from leuko.status import SessionState, Target
from leuko.store import CellRecord, SessionRecord, SessionSpec, Store

CellMaker = Callable[..., CellRecord]


def test_a_session_is_kept_with_all_it_was_begun_with(
    store: Store, session: SessionRecord, spec: SessionSpec
) -> None:
    assert store.session(session.id) == session
    assert session.spec == spec
    assert session.state is SessionState.COUNTING


def test_a_session_goes_on_after_the_store_was_closed(
    path: Path, store: Store, session: SessionRecord
) -> None:
    store.set_state(session.id, SessionState.PAUSED)
    store.close()
    with Store.opened(path) as again:
        active = again.active_session()
    assert active is not None
    assert (active.id, active.state) == (session.id, SessionState.PAUSED)
    assert active.spec == session.spec


def test_only_one_session_is_open_at_a_time(store: Store, spec: SessionSpec) -> None:
    first = store.start_session(spec)
    with pytest.raises(SessionError, match=r"session 1 of specimen 26-0417 is still open; finish"):
        store.start_session(replace(spec, specimen="26-0418"))
    store.set_state(first.id, SessionState.FINISHED)
    assert store.start_session(replace(spec, specimen="26-0418")).id == 2


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        (SessionState.COUNTING, True),
        (SessionState.PAUSED, True),
        (SessionState.REACHED, True),
        (SessionState.FINISHED, False),
        (SessionState.DISCARDED, False),
    ],
)
def test_a_session_is_active_until_a_person_closes_it(
    store: Store, session: SessionRecord, state: SessionState, *, is_open: bool
) -> None:
    store.set_state(session.id, state)
    active = store.active_session()
    assert (active is not None) is is_open
    assert store.session(session.id).state is state


def test_a_closed_session_stays_as_it_is(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.set_state(session.id, SessionState.FINISHED)
    refused = pytest.raises(SessionError, match="session 1 is finished for good; start a new one")
    with refused:
        store.save_cells(session.id, [cell(1)])
    with refused:
        store.set_state(session.id, SessionState.COUNTING)
    with refused:
        store.set_target(session.id, Target(cells=400))
    assert not list(store.cells(session.id))


def test_a_finished_session_can_still_be_discarded(store: Store, session: SessionRecord) -> None:
    store.set_state(session.id, SessionState.FINISHED)
    store.set_state(session.id, SessionState.DISCARDED)
    assert store.session(session.id).state is SessionState.DISCARDED


def test_no_session_is_idle(store: Store, session: SessionRecord) -> None:
    with pytest.raises(ValueError, match="cannot be idle"):
        store.set_state(session.id, SessionState.IDLE)


@pytest.mark.parametrize("target", [Target(cells=400), Target(cells=None, half_width=5.0)])
def test_a_target_can_be_changed(store: Store, session: SessionRecord, target: Target) -> None:
    store.set_target(session.id, target)
    assert store.session(session.id).spec.target == target


def test_smudge_cells_are_kept_with_the_session_and_not_below_none(
    path: Path, store: Store, session: SessionRecord
) -> None:
    for undo in (False, False, True):
        store.tally_smudge_cell(session.id, undo=undo, asked_by="ana")
    store.close()
    with Store.opened(path) as again:
        assert again.session(session.id).smudge_cells == again.count(session.id).smudge_cells == 1
        told = [one.detail for one in again.log() if one.kind == "smudge cells tallied"]
        assert told == [{"smudge_cells": number, "asked_by": "ana"} for number in (1, 2, 1)]
        again.tally_smudge_cell(session.id, undo=True)
        with pytest.raises(SessionError, match="there is none to take back"):
            again.tally_smudge_cell(session.id, undo=True)
        again.set_state(session.id, SessionState.FINISHED)
        with pytest.raises(SessionError, match="is finished for good"):
            again.tally_smudge_cell(session.id)


def test_a_closed_session_keeps_the_picture_of_its_slide(
    store: Store, session: SessionRecord
) -> None:
    assert not store.overview(session.id)
    for picture in (b"first", b"second"):
        store.save_overview(session.id, picture)
    store.set_state(session.id, SessionState.FINISHED)
    assert store.overview(session.id) == b"second"
    with pytest.raises(SessionError, match="is finished for good"):
        store.save_overview(session.id, b"third")


def test_the_log_says_who_asked_in_the_entry_of_the_change(store: Store, spec: SessionSpec) -> None:
    session = store.start_session(spec, asked_by="ana")
    changed = store.set_target(session.id, Target(cells=400), asked_by="keypad")
    paused = store.set_state(session.id, SessionState.PAUSED, asked_by="ben")
    assert changed.spec.target == Target(cells=400)
    assert paused == store.session(session.id)
    asked = [entry.detail["asked_by"] for entry in store.log(session.id)]
    assert asked == ["ana", "keypad", "ben"]


def test_a_session_that_is_not_there_is_named(store: Store, cell: CellMaker) -> None:
    missing = pytest.raises(SessionError, match="there is no session 7")
    with missing:
        store.session(7)
    with missing:
        store.save_cells(7, [cell(1)])


def test_sessions_are_listed_newest_first_a_page_at_a_time(store: Store, spec: SessionSpec) -> None:
    for _ in range(5):
        store.set_state(store.start_session(spec).id, SessionState.FINISHED)
    assert [session.id for session in store.sessions(limit=2)] == [5, 4]
    assert [session.id for session in store.sessions(limit=9, before=4)] == [3, 2, 1]


def test_sessions_are_in_order_even_when_the_clock_runs_backwards(
    path: Path, spec: SessionSpec
) -> None:
    years = iter([2031, 2030, 1970, 1970])

    def clock() -> Moment:
        return Moment("boot", 5.0, datetime(next(years), 1, 1, tzinfo=UTC), clock_is_set=False)

    with Store.opened(path, clock=clock) as store:
        first = store.start_session(spec)
        store.set_state(first.id, SessionState.FINISHED)
        second = store.start_session(spec)
        store.set_state(second.id, SessionState.FINISHED)
        assert [session.id for session in store.sessions()] == [second.id, first.id]
        assert [session.started.wall.year for session in store.sessions()] == [1970, 2031]
        assert store.session(first.id).changed.wall.year == 2030
        assert not store.session(first.id).changed.clock_is_set


def test_a_session_without_cells_has_an_empty_differential(
    store: Store, session: SessionRecord
) -> None:
    assert store.count(session.id).n == 0
    assert store.last_cell(session.id) is None


def test_the_differential_is_that_of_the_cells(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(
        session.id,
        [
            cell(1),
            cell(2),
            cell(3, cell_class=CellClass.LYMPHOCYTE),
            cell(4, cell_class=CellClass.MONOCYTE, status=CellStatus.UNCLASSIFIED, reason="?"),
            cell(5, cell_class=CellClass.ERYTHROBLAST, status=CellStatus.EXCLUDED),
        ],
    )
    count = store.count(session.id)
    assert count.n == 3
    assert count.counts[CellClass.NEUTROPHIL] == 2
    assert count.unclassified == 1
    assert count.beside[CellClass.ERYTHROBLAST] == 1
