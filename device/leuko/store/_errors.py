"""What SQLite and the file system say, in one sentence for the person at the device."""

import contextlib
import sqlite3
from collections.abc import Generator
from pathlib import Path

from leuko.errors import StoreError

_SENTENCES = {
    sqlite3.SQLITE_FULL: "the disk is full; free space, then go on: what is kept stays, and cells "
    "wait for room",
    sqlite3.SQLITE_READONLY: "it cannot be written to; look at its permissions, and whether the "
    "disk has become read-only",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; look at the folder and its permissions",
    sqlite3.SQLITE_BUSY: "another program is writing to it; close that one",
    sqlite3.SQLITE_LOCKED: "another program is writing to it; close that one",
    sqlite3.SQLITE_CORRUPT: "it is damaged; start the service again, which restores it",
    sqlite3.SQLITE_NOTADB: "it is damaged; start the service again, which restores it",
    sqlite3.SQLITE_IOERR: "the disk does not read or write; look at its plug, or replace it",
    sqlite3.SQLITE_PERM: "access is denied; look at its permissions",
    sqlite3.SQLITE_AUTH: "access is denied; look at its permissions",
    sqlite3.SQLITE_NOMEM: "memory has run out; start the service again",
    sqlite3.SQLITE_TOOBIG: "something is too large to be kept; keep smaller pictures",
    sqlite3.SQLITE_PROTOCOL: "another program is writing to it; close that one",
    sqlite3.SQLITE_NOLFS: "the disk cannot hold so large a file; use another one",
    sqlite3.SQLITE_INTERRUPT: "the work on it was interrupted; try again",
    sqlite3.SQLITE_ABORT: "the work on it was interrupted; try again",
}
"""What each of SQLite's primary result codes means here (sqlite.org/rescode.html).

The other codes tell of mistakes in the program, and stay what they are.
"""


@contextlib.contextmanager
def translated(path: Path) -> Generator[None]:
    """Turn what SQLite and the file system raise inside into one sentence.

    Args:
        path: the store.

    Raises:
        StoreError: the store cannot be read or written.
        DatabaseError: the program made a mistake, such as breaking a rule of the schema.
    """
    try:
        yield
    except StoreError:
        raise
    except sqlite3.DatabaseError as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise StoreError(f"store {path}: {sentence} ({error})") from error
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(
            f"store {path}: {reason}; look at the disk, the folder and its permissions"
        ) from error


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Return whether an error tells of a damaged file and not of its surroundings."""
    return _primary(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_denied(error: sqlite3.DatabaseError) -> bool:
    """Return whether an error tells that SQLite may not make the files it needs."""
    return _primary(error) in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


def _sentence(error: sqlite3.DatabaseError) -> str | None:
    if isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error):
        # Raised by Python's module, which gives it no code: text in a damaged page.
        return _SENTENCES[sqlite3.SQLITE_CORRUPT]
    return _SENTENCES.get(_primary(error))


def _primary(error: sqlite3.DatabaseError) -> int:
    # The upper bits say more than is needed here, such as SQLITE_IOERR_FSYNC.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
