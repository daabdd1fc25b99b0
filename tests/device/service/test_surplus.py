"""Cells beyond the target, when cells that were counted turn out otherwise."""

import pytest

from leuko.cells import CellClass, CellStatus
from leuko.service import OpenSession
from leuko.status import Target
from leuko.store import SessionSpec, Store
from leuko.tracking import LedgerChange, TrackedCell

TARGET = 3


def cell(number: int, status: CellStatus = CellStatus.COUNTED) -> TrackedCell:
    sure = (0.93, *[0.01] * 7)
    name = CellClass.NEUTROPHIL
    return TrackedCell(number, 1, 30.0 * number, 0.0, status, name, sure, 3, 100.0, 50.0)


def numbers(session: OpenSession, store: Store) -> list[int]:
    kept = store.cells(session.record.id)
    return [one.number for one in kept if one.merged_into is None]


@pytest.fixture
def session(store: Store) -> OpenSession:
    """Cells 1 to 3 are counted and fill the target, 4 and 5 were seen in the same frame."""
    record = store.start_session(SessionSpec("H-12", target=Target(TARGET)))
    session = OpenSession(store, record)
    session.keep(LedgerChange(new=tuple(map(cell, range(1, 6)))))
    assert (session.count.n, session.is_reached) == (TARGET, True)
    assert numbers(session, store) == [1, 2, 3]
    return session


def test_a_cell_that_turns_out_to_be_another_makes_room(session: OpenSession, store: Store) -> None:
    session.keep(LedgerChange(changed=(cell(1),), merged={2: 1}))
    assert session.count.n == TARGET
    assert numbers(session, store) == [1, 3, 4]


def test_a_cell_that_turns_out_to_be_one_beyond_the_target_gives_way_to_it(
    session: OpenSession, store: Store
) -> None:
    session.keep(LedgerChange(changed=(cell(5),), merged={2: 5}))
    assert session.count.n == TARGET
    assert numbers(session, store) == [1, 3, 5]


def test_a_cell_beyond_the_target_that_turns_out_to_be_a_counted_one_is_gone(
    session: OpenSession, store: Store
) -> None:
    session.keep(LedgerChange(changed=(cell(1),), merged={4: 1}))
    session.set_target(Target(100), asked_by="ana")
    session.keep(LedgerChange())
    assert numbers(session, store) == [1, 2, 3, 5]


def test_a_cell_that_turns_out_not_to_count_makes_room(session: OpenSession, store: Store) -> None:
    session.keep(LedgerChange(changed=(cell(2, CellStatus.UNCLASSIFIED),)))
    assert (session.count.n, session.count.unclassified) == (TARGET, 1)
    assert numbers(session, store) == [1, 2, 3, 4]


def test_a_cell_that_turns_out_to_count_after_all_waits_for_room(
    session: OpenSession, store: Store
) -> None:
    session.keep(LedgerChange(new=(cell(6, CellStatus.UNCLASSIFIED),)))
    session.keep(LedgerChange(changed=(cell(6),)))
    assert (session.count.n, session.count.unclassified) == (TARGET, 1)
    session.set_target(Target(100), asked_by="ana")
    session.keep(LedgerChange())
    assert (session.count.n, session.count.unclassified) == (6, 0)
    assert store.count(1) == session.count


def test_what_was_seen_is_known_whether_there_is_room_for_it_or_not(session: OpenSession) -> None:
    assert (session.seen().n, session.has_surplus) == (5, True)
    session.keep(LedgerChange(changed=(cell(4, CellStatus.UNCLASSIFIED),)))
    held = (cell(0), cell(0))
    assert (session.seen(held).n, session.seen(held).unclassified) == (6, 1)
    assert session.count.n == TARGET


def test_an_interval_as_a_target_takes_every_cell(store: Store) -> None:
    record = store.start_session(SessionSpec("H-12", target=Target(None, 5.0)))
    session = OpenSession(store, record)
    session.keep(LedgerChange(new=tuple(map(cell, range(1, 200)))))
    assert (session.count.n, session.is_reached) == (199, True)
