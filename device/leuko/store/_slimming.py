"""Giving room on the disk back: the pictures of closed sessions go, their counts stay."""

import sqlite3
from pathlib import Path

from leuko.clock import Moment
from leuko.errors import StoreError
from leuko.store._disk import has_room, size
from leuko.store._files import beside, finding, remove
from leuko.store._writing import append, asking

_STORES_FOR_VACUUM = 2
"""SQLite prepares the smaller store in a file of its own, then writes it into the log
(sqlite.org/lang_vacuum.html)."""


def make_room(path: Path, connection: sqlite3.Connection) -> None:
    """Have room for the work: where the disk has too little, the kept copy goes first.

    All that the copy has is in the store, which is checked as a whole before.

    Args:
        path: the store.
        connection: to it, outside a transaction.

    Raises:
        StoreError: the store is damaged.
    """
    kept = beside(path, "kept")
    if not kept.exists() or has_room(path.parent, _STORES_FOR_VACUUM * size(path)):
        return
    if problem := finding(connection, whole=True):
        raise StoreError(
            f"store {path}: it is damaged ({problem}); start the service, which restores it"
        )
    remove(kept)


def drop_pictures(
    connection: sqlite3.Connection, moment: Moment, session: int, *, asked_by: str
) -> None:
    """Drop the pictures of a session's cells and slide; each cell stays, with its class."""
    cells = connection.execute("DELETE FROM pictures WHERE session = ?", (session,)).rowcount
    slides = connection.execute("DELETE FROM overviews WHERE session = ?", (session,)).rowcount
    detail = {"cells": cells, "slides": slides, **asking(asked_by)}
    append(connection, moment, kind="pictures dropped", session=session, detail=detail)


def compact(connection: sqlite3.Connection) -> None:
    """Give what a store no longer needs back to the disk.

    Args:
        connection: to it, outside a transaction.
    """
    empty_log = "PRAGMA wal_checkpoint(TRUNCATE)"
    for statement in (empty_log, "VACUUM", empty_log):
        connection.execute(statement)
