"""The store's files: connections, the lock, and names that survive a power cut."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Generator
from pathlib import Path
from urllib.parse import quote

from leuko.durable import put
from leuko.errors import StoreError
from leuko.store._errors import is_damage, is_denied

_BUSY_S = 2.0
"""How long to wait for another program that writes, such as a person's ``sqlite3``."""
_CHECKED_WHOLE_BYTES = 64 * 2**20
"""Larger stores are checked at start without their pictures.

An SD card reads some 40 MB/s, and the service has to be ready in three seconds; the pictures are
checked with each kept copy.
"""
_ON_DISK = ("-wal", "-shm", "")
"""What SQLite appends to a store's name; the store itself last."""


def beside(path: Path, suffix: str) -> Path:
    """Return the path of a file that lies beside the store, ``NAME.suffix``."""
    return path.with_name(f"{path.name}.{suffix}")


def connect(path: Path, *, is_durable: bool = True) -> sqlite3.Connection:
    """Return a connection that writes; transactions are begun by hand.

    Args:
        path: the store; made if it is not there.
        is_durable: whether a commit is on the disk when it returns; else the caller flushes.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    with contextlib.ExitStack() as undo:
        undo.callback(connection.close)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA journal_mode = {'WAL' if is_durable else 'MEMORY'}")
        connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'OFF'}")
        undo.pop_all()
    return connection


def connect_reading(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, and leaves every byte as it is."""
    uri = f"file:{quote(str(path.absolute()))}"
    connection = _open_uri(f"{uri}?mode=ro")
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        connection.close()
        if not is_denied(error) or path.with_name(f"{path.name}-wal").exists():
            raise
        # Who may not write to the folder cannot share a log with a writer; there is no writer.
        return _open_uri(f"{uri}?immutable=1")
    return connection


@contextlib.contextmanager
def closing_connection(connection: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    """Close a connection on leaving, whatever happens."""
    try:
        yield connection
    finally:
        connection.close()


def lock(path: Path) -> int:
    """Return the descriptor of the lock that only one writing process can hold.

    The kernel lets go of it when the process ends, however that happens.

    Raises:
        StoreError: another process holds it.
    """
    # O_CLOEXEC is Python's default: a child that outlives this process must not hold the lock.
    descriptor = os.open(beside(path, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StoreError(
            f"store {path}: another leuko process has it open; stop that one first"
        ) from error
    return descriptor


def finding(connection: sqlite3.Connection, *, whole: bool) -> str:
    """Return what is wrong with a store, in SQLite's words; empty if it is sound.

    Args:
        connection: to the store.
        whole: whether to check the pictures too.

    Raises:
        DatabaseError: something else than damage keeps it from being read.
    """
    try:
        if whole:
            return _first_finding(connection, "PRAGMA integrity_check(1)")
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'pictures'"
        ).fetchall()
        checks = (f"PRAGMA integrity_check('{name}')" for (name,) in tables)
        return next(filter(None, (_first_finding(connection, check) for check in checks)), "")
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return str(error)
        raise


def is_small(path: Path) -> bool:
    """Return whether a store can be checked as a whole at start."""
    return path.stat().st_size <= _CHECKED_WHOLE_BYTES


def remove(path: Path) -> None:
    """Remove a database of our own making with what SQLite keeps beside it."""
    for suffix in _ON_DISK:
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def set_aside(path: Path) -> Path | None:
    """Rename a store and what SQLite keeps beside it, and return its new name.

    The store itself goes last: cut off in between, the same call finishes the work.
    """
    number = 1
    while beside(path, f"damaged-{number}").exists():
        number += 1
    aside = beside(path, f"damaged-{number}")
    was_there = path.exists()
    for suffix in _ON_DISK:
        part = path.with_name(f"{path.name}{suffix}")
        if part.exists():
            put(part, aside.with_name(f"{aside.name}{suffix}"))
    return aside if was_there else None


def _open_uri(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, timeout=_BUSY_S, isolation_level=None, uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def _first_finding(connection: sqlite3.Connection, check: str) -> str:
    (found,) = connection.execute(check).fetchone()
    # The first line only names the database.
    return "" if found == "ok" else str(found).splitlines()[-1]
