"""The log: everything that happened, in order, for good."""

import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from leuko.cells import CellStatus
from leuko.clock import boot_id
from leuko.status import SessionState, Target
from leuko.store import CellRecord, SessionRecord, Store

CellMaker = Callable[..., CellRecord]


@pytest.fixture
def by_hand(path: Path, store: Store) -> Generator[sqlite3.Connection]:
    """A connection that a person with an editor for databases has."""
    store.note("service started")
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def test_every_change_has_its_entry(store: Store, session: SessionRecord, cell: CellMaker) -> None:
    store.save_cells(session.id, [cell(1), cell(2, status=CellStatus.EXCLUDED)])
    store.save_cells(session.id, [cell(1, views=6)], merged={2: 1})
    store.set_target(session.id, Target(cells=100))
    store.set_state(session.id, SessionState.FINISHED)
    assert [entry.kind for entry in store.log(session.id)] == [
        "session started",
        "cell counted",
        "cell set aside",
        "cell changed",
        "cell merged",
        "session target",
        "session state",
    ]


def test_an_entry_says_when_and_what(store: Store, session: SessionRecord) -> None:
    store.note("camera lost", session=session.id, reason="no picture for 2 s", tries=3)
    *_, entry = store.log()
    assert (entry.kind, entry.session) == ("camera lost", session.id)
    assert entry.detail == {"reason": "no picture for 2 s", "tries": 3}
    assert entry.moment.boot_id == boot_id()


def test_entries_are_numbered_without_gaps_also_after_a_failure(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    with pytest.raises(ValueError, match="not kept"):
        store.save_cells(session.id, [cell(1)], merged={1: 5})
    store.note("service stopped")
    assert [entry.sequence for entry in store.log()] == [1, 2]


def test_the_log_of_a_session_has_only_its_own_entries(
    store: Store, session: SessionRecord
) -> None:
    store.note("service started")
    assert [entry.kind for entry in store.log(session.id)] == ["session started"]
    assert [entry.kind for entry in store.log()] == ["session started", "service started"]


def test_a_long_log_comes_in_order_from_any_place(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(number, picture=None) for number in range(1, 450)])
    assert [entry.sequence for entry in store.log()] == list(range(1, 451))
    assert [entry.sequence for entry in store.log(after=440)] == list(range(441, 451))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET kind = 'nothing'",
        "DELETE FROM log",
        "INSERT OR REPLACE INTO log SELECT * FROM log",
        "REPLACE INTO log SELECT sequence, 'x', 0, 'x', 0, NULL, 'nothing', '{}' FROM log",
    ],
)
def test_the_log_cannot_be_changed_even_by_hand(
    by_hand: sqlite3.Connection, store: Store, change: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="the log is only added to"):
        by_hand.execute(change)
    assert [entry.kind for entry in store.log()] == ["service started"]
