"""Giving room on the disk back: the pictures of closed sessions go, their counts stay."""

import sqlite3
from pathlib import Path

from leuko.clock import Moment
from leuko.errors import StoreError
from leuko.store._disk import has_room
from leuko.store._files import beside, finding, remove
from leuko.store._writing import append, asking

_COPIES_FOR_VACUUM = 2
"""SQLite prepares the smaller store in a file of its own, then writes it into the log
(sqlite.org/lang_vacuum.html)."""


def drop_pictures(
    connection: sqlite3.Connection, moment: Moment, session: int, *, asked_by: str
) -> None:
    """Drop the pictures of a session's cells and slide; each cell stays, with its class."""
    cells = connection.execute("DELETE FROM pictures WHERE session = ?", (session,)).rowcount
    slides = connection.execute("DELETE FROM overviews WHERE session = ?", (session,)).rowcount
    detail = {"cells": cells, "slides": slides, **asking(asked_by)}
    append(connection, moment, kind="pictures dropped", session=session, detail=detail)


def compact(path: Path, connection: sqlite3.Connection) -> None:
    """Give what a store no longer needs back to the disk.

    Where there is no room for the work, the kept copy makes room: all that it has is in the store,
    which is checked as a whole first.

    Args:
        path: the store.
        connection: to it, outside a transaction.

    Raises:
        StoreError: the store is damaged.
    """
    _empty_log(connection)
    if not has_room(path.parent, _COPIES_FOR_VACUUM * _bytes_in_use(connection)):
        if problem := finding(connection, whole=True):
            raise StoreError(
                f"store {path}: it is damaged ({problem}); start the service, which restores it"
            )
        remove(beside(path, "kept"))
    connection.execute("VACUUM")
    _empty_log(connection)


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    pages, free, page_bytes = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page_bytes


def _empty_log(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
