"""Copies of the store that are known to be sound."""

import sqlite3
from pathlib import Path

from leuko.durable import flush, put
from leuko.errors import StoreError
from leuko.store._disk import refuse_without_room
from leuko.store._errors import is_damage
from leuko.store._files import (
    beside,
    closing_connection,
    connect_reading,
    finding,
    remove,
)


def keep_copy(store: Path) -> None:
    """Have ``NAME.kept`` be a sound copy of the store as it is now.

    Raises:
        StoreError: the store is damaged, or there is no room; the copy that was kept before is
            still there.
    """
    kept, prepared = beside(store, "kept"), beside(store, "kept-new")
    if _is_same(store, kept):
        return
    # One that an end cut off takes room as well.
    remove(prepared)
    refuse_without_room(store)
    try:
        problem = copy_checked(store, prepared)
        if not problem:
            put(prepared, kept)
    finally:
        remove(prepared)
    if problem:
        # The check at start leaves the pictures of a large store out unless it sees this.
        beside(store, "unsound").touch()
        raise StoreError(
            f"store {store}: it is damaged ({problem}); start the service again, which restores it"
        )


def copy_checked(source: Path, copy: Path) -> str:
    """Copy a store while it may be written to; flushed, and one file without any beside it.

    Args:
        source: a store.
        copy: where to; what is there goes.

    Returns:
        What is wrong with the copy, and so with its source; empty if it is sound.

    Raises:
        DatabaseError: something else than damage keeps it from being copied.
    """
    remove(copy)
    with (
        closing_connection(connect_reading(source)) as original,
        closing_connection(sqlite3.connect(copy, isolation_level=None)) as copied,
    ):
        copied.execute("PRAGMA synchronous = OFF")
        try:
            original.backup(copied)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return str(error)
            raise
        problem = finding(copied, whole=True)
        if not problem:
            # A lone file that anybody can read from a read-only disk.
            copied.execute("PRAGMA journal_mode = DELETE")
    # Only when SQLite has let go of it: closing any descriptor of a file drops SQLite's locks.
    flush(copy)
    return problem


def _is_same(store: Path, copy: Path) -> bool:
    """Return whether a copy has every change of the store: each has its entry in the log."""
    if not copy.exists():
        return False
    try:
        return _last_entry(store) == _last_entry(copy)
    except sqlite3.DatabaseError:
        # Whichever cannot be read: copying will tell.
        return False


def _last_entry(path: Path) -> int | None:
    with closing_connection(connect_reading(path)) as connection:
        (last,) = connection.execute("SELECT max(sequence) FROM log").fetchone()
    return None if last is None else int(last)
