"""Room for the copy of the store, and room that is given back."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from leuko.errors import SessionError, StoreError
from leuko.status import Level, SessionState
from leuko.store import CellRecord, Outcome, SessionRecord, Store

CellMaker = Callable[..., CellRecord]
PICTURE = b"\x89PNG" * 5000
CELLS = 40


@pytest.fixture
def closed(store: Store, session: SessionRecord, cell: CellMaker) -> SessionRecord:
    """A finished session whose cells and slide have pictures, in the store and in its copy."""
    cells = [cell(number, picture=PICTURE) for number in range(1, CELLS + 1)]
    store.save_cells(session.id, cells, merged={2: 1})
    store.save_overview(session.id, PICTURE)
    store.set_state(session.id, SessionState.FINISHED)
    store.keep_copy()
    return session


def fill_disk(path: Path) -> None:
    """Make a store look larger than the disk's free room, with a hole in a file."""
    wal = path.with_name(f"{path.name}-wal")
    os.truncate(wal, wal.stat().st_size + shutil.disk_usage(path.parent).free)


def taken(path: Path) -> int:
    """What a database takes of the disk, with the log that SQLite writes first."""
    wal = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)


def test_a_copy_that_would_fill_the_disk_is_not_made(path: Path, store: Store) -> None:
    store.note("before")
    store.keep_copy()
    kept = path.with_name(f"{path.name}.kept")
    before = kept.read_bytes()
    store.note("after")
    assert store.disk_health().text.endswith("free")
    assert not store.disk_health().text.startswith("no room")
    fill_disk(path)
    with pytest.raises(StoreError, match=r"no room for a copy of its .*: leuko session slim"):
        store.keep_copy()
    assert kept.read_bytes() == before
    assert not path.with_name(f"{path.name}.kept-new").exists()
    assert store.disk_health().level is Level.WARNING
    assert store.disk_health().text.startswith("no room for a copy: ")


def test_dropped_pictures_are_room_on_the_disk_in_the_store_and_in_its_copy(
    path: Path, store: Store, closed: SessionRecord
) -> None:
    kept = path.with_name(f"{path.name}.kept")
    assert min(taken(path), taken(kept)) > CELLS * len(PICTURE)
    before = store.count(closed.id)
    cells = list(store.cells(closed.id, pictures=False))
    store.drop_pictures([closed.id], asked_by="ana")
    assert max(taken(path), taken(kept)) < 5 * len(PICTURE)
    assert store.count(closed.id) == before
    assert list(store.cells(closed.id)) == cells
    assert not store.overview(closed.id)
    *_, last = store.log(closed.id)
    assert last.kind == "pictures dropped"
    assert last.detail == {"cells": CELLS, "slides": 1, "asked_by": "ana"}


def test_a_store_without_its_pictures_is_sound(
    path: Path, store: Store, closed: SessionRecord, cell: CellMaker
) -> None:
    store.drop_pictures([closed.id])
    count = store.count(closed.id)
    store.close()
    with Store.opened(path) as again:
        assert again.opening.outcome is Outcome.SOUND
        assert again.count(closed.id) == count
        following = again.start_session(closed.spec)
        again.save_cells(following.id, [cell(1, picture=PICTURE)])
        assert again.pictures(following.id) == (1, len(PICTURE))
    path.unlink()
    with Store.opened(path) as restored:
        assert restored.count(closed.id) == count


def test_a_session_that_is_open_keeps_its_pictures_and_so_do_those_named_with_it(
    store: Store, closed: SessionRecord
) -> None:
    open_one = store.start_session(closed.spec)
    for number, words in ((open_one.id, "counting; finish or discard it"), (9, "no session 9")):
        with pytest.raises(SessionError, match=words):
            store.drop_pictures([closed.id, number])
    assert store.pictures(closed.id) == (CELLS, CELLS * len(PICTURE))


def test_without_room_for_the_work_the_copy_makes_some(
    path: Path, store: Store, closed: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(path.parent)
    kept = path.with_name(f"{path.name}.kept")
    was_there: list[bool] = []

    def nearly_full(folder: Path) -> object:
        del folder
        was_there.append(kept.exists())
        return usage._replace(free=0 if kept.exists() else usage.free)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    store.drop_pictures([closed.id])
    # Asked before the work, and before the new copy.
    assert was_there == [True, False]
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT count(*) FROM cells").fetchone() == (CELLS,)
        assert copy.execute("SELECT count(*) FROM pictures").fetchone() == (0,)
