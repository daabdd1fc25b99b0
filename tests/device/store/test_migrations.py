"""A store of an earlier version is brought up to date, and one of a later version refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from leuko.cells import CellClass
from leuko.errors import StoreError
from leuko.store import MIGRATIONS, Migration, Outcome, Store

VERSION_1 = Path(__file__).with_name("version-1.sql")


def add_note(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE sessions ADD COLUMN note TEXT NOT NULL DEFAULT ''")
    connection.execute("UPDATE sessions SET note = 'from version ' || 1")


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE sessions SET note = 'half done'")
    connection.execute("INSERT INTO no_such_table VALUES (1)")


NEWEST = len(MIGRATIONS)
NEXT: tuple[Migration, ...] = (*MIGRATIONS, add_note)


@pytest.fixture
def stored(path: Path) -> Path:
    """A store that the first version of the schema left behind."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    return path


def test_a_store_of_version_1_is_opened_with_its_cells(stored: Path) -> None:
    with Store.opened(stored) as store:
        assert store.opening.outcome is Outcome.SOUND
        active = store.active_session()
        assert active is not None
        assert active.spec.specimen == "26-0417"
        assert store.count(active.id).counts[CellClass.NEUTROPHIL] == 2
        assert [each.merged_into for each in store.cells(active.id)] == [None, None, None, 1]
        assert [entry.sequence for entry in store.log()] == list(range(1, 7))


def test_a_migration_changes_the_schema_and_leaves_a_copy(stored: Path) -> None:
    with Store.opened(stored, migrations=NEXT) as store:
        assert store.opening.migrated_from == 1
        assert not store.opening.notice
        assert store.count(1).n == 3
    with closing(sqlite3.connect(stored)) as connection:
        assert connection.execute("SELECT note FROM sessions").fetchall() == [("from version 1",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST + 1,)
    with closing(sqlite3.connect(stored.with_name("leuko.db.version-1"))) as copy:
        assert copy.execute("SELECT count(*) FROM cells").fetchone() == (4,)


def test_a_migration_is_done_once(stored: Path) -> None:
    for _ in range(2):
        with Store.opened(stored, migrations=NEXT) as store:
            migrated_from = store.opening.migrated_from
    assert migrated_from is None


def test_a_migration_that_fails_leaves_the_store_as_it_was(stored: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        Store.opened(stored, migrations=(*NEXT, fail))
    with Store.opened(stored) as store:
        assert store.opening.migrated_from == 1
        assert store.count(1).n == 3


def test_a_damaged_store_is_brought_up_to_date_with_what_could_be_saved(stored: Path) -> None:
    with Store.opened(stored) as store:
        store.keep_copy()
        store.note("service stopped")
    stored.write_bytes(stored.read_bytes()[:-4096])
    with Store.opened(stored, migrations=NEXT) as store:
        assert store.opening.outcome is Outcome.RECOVERED
        assert store.count(1).n == 3
    with closing(sqlite3.connect(stored)) as connection:
        assert connection.execute("SELECT note FROM sessions").fetchall() == [("from version 1",)]


def test_a_store_of_a_later_version_is_refused_and_left_alone(stored: Path) -> None:
    with Store.opened(stored, migrations=NEXT):
        pass
    before = stored.read_bytes()
    refusal = f"has version {NEWEST + 1} and this leuko knows {NEWEST} at most; update"
    with pytest.raises(StoreError, match=refusal):
        Store.opened(stored)
    with pytest.raises(StoreError, match=refusal):
        Store.reading(stored)
    assert stored.read_bytes() == before
