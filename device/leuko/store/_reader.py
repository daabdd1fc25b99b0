"""Reading the sessions, also while another process writes."""

import contextlib
import sqlite3
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from leuko.cells import CellClass, CellStatus
from leuko.counting import DifferentialCount, Entry
from leuko.errors import SessionError, StoreError
from leuko.store import _files as files
from leuko.store._errors import translated
from leuko.store._opening import refuse_foreign
from leuko.store._records import (
    CellRecord,
    LogEntry,
    SessionRecord,
    read_cell,
    read_entry,
    read_session,
)
from leuko.store._schema import MIGRATIONS, version

_BATCH = 200
_LAST = 2**63 - 1
_LOG_OF_SESSION = """
    SELECT * FROM log WHERE session = ?3 AND sequence > ?1 ORDER BY sequence LIMIT ?2"""
_CELL_WITHOUT_PICTURE = "SELECT *, NULL AS picture FROM cells"
_CELL_WITH_PICTURE = """
    SELECT cells.*, content AS picture FROM cells LEFT JOIN pictures USING (session, number)"""


class StoreReader:
    """The sessions as they are on the disk; a context manager, used from one thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Read through a connection, which is closed in the end.

        Args:
            path: the store.
            connection: to it.
        """
        self._path = path
        self._connection = connection

    @staticmethod
    def reading(path: Path) -> "StoreReader":
        """Open the store to read only, from any process, while another may write.

        Raises:
            StoreError: there is none, it is of another version, or it cannot be read.
        """
        with translated(path), contextlib.ExitStack() as undo:
            if not path.exists():
                raise StoreError(f"there is no store {path}; start the service, which makes it")
            connection = files.connect_reading(path)
            undo.callback(connection.close)
            refuse_foreign(connection, path, newest=len(MIGRATIONS))
            if (found := version(connection)) < len(MIGRATIONS):
                raise StoreError(
                    f"store {path} has version {found} and this leuko writes {len(MIGRATIONS)}; "
                    "start the service, which brings it up to date"
                )
            undo.pop_all()
        return StoreReader(path, connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """Where the store is."""
        return self._path

    def close(self) -> None:
        """Let go of the store; later calls of this do nothing."""
        with translated(self._path):
            self._connection.close()

    @contextlib.contextmanager
    def snapshot(self) -> Generator[None]:
        """See the store inside as it is now, whatever is written meanwhile.

        Raises:
            StoreError: it cannot be read.
        """
        with translated(self._path):
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            with translated(self._path):
                self._connection.execute("ROLLBACK")

    def sessions(self, *, limit: int = 50, before: int | None = None) -> list[SessionRecord]:
        """Return sessions, newest first.

        Args:
            limit: how many at most.
            before: only sessions with a smaller id than this.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._rows(
            "SELECT * FROM sessions WHERE id < ? ORDER BY id DESC LIMIT ?",
            _LAST if before is None else before,
            limit,
        )
        return [read_session(row) for row in rows]

    def session(self, session_id: int) -> SessionRecord:
        """Return one session.

        Raises:
            SessionError: there is none with this id.
            StoreError: the store cannot be read.
        """
        rows = self._rows("SELECT * FROM sessions WHERE id = ?", session_id)
        if not rows:
            raise SessionError(
                f"there is no session {session_id} in {self._path}; leuko session list names those "
                "that are there"
            )
        return read_session(rows[0])

    def active_session(self) -> SessionRecord | None:
        """Return the one session that is counting, paused or at its target; None without one.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._rows("SELECT * FROM sessions WHERE state IN ('counting', 'paused', 'reached')")
        return read_session(rows[0]) if rows else None

    def cells(self, session_id: int, *, pictures: bool = True) -> Iterator[CellRecord]:
        """Yield the cells of a session by number, those merged into others too.

        Args:
            session_id: which session.
            pictures: whether the pictures are wanted.

        Raises:
            StoreError: the store cannot be read.
        """
        query = _CELL_WITH_PICTURE if pictures else _CELL_WITHOUT_PICTURE
        number = -1
        # In batches: a query left open would keep the write-ahead log from being emptied.
        while rows := self._rows(
            f"{query} WHERE session = ? AND number > ? ORDER BY number LIMIT ?",
            session_id,
            number,
            _BATCH,
        ):
            yield from map(read_cell, rows)
            number = rows[-1]["number"]

    def cell(self, session_id: int, number: int) -> CellRecord | None:
        """Return one cell with its picture; None if there is no such cell.

        Raises:
            StoreError: the store cannot be read.
        """
        query = f"{_CELL_WITH_PICTURE} WHERE session = ? AND number = ?"
        rows = self._rows(query, session_id, number)
        return read_cell(rows[0]) if rows else None

    def last_cell(self, session_id: int) -> CellRecord | None:
        """Return the leukocyte counted last, classified or not; None before the first.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._rows(
            f"{_CELL_WITH_PICTURE} WHERE session = ? AND merged_into IS NULL AND status <> ?"
            " ORDER BY number DESC LIMIT 1",
            session_id,
            CellStatus.EXCLUDED,
        )
        return read_cell(rows[0]) if rows else None

    def newest_cells(
        self, session_id: int, *, classes: Collection[CellClass], limit: int
    ) -> list[CellRecord]:
        """Return the cells of some classes that were counted last, newest first, with pictures.

        Args:
            session_id: which session.
            classes: which cells.
            limit: how many at most.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._rows(
            f"{_CELL_WITH_PICTURE} WHERE session = ? AND merged_into IS NULL AND status = ?"
            f" AND class IN ({', '.join('?' * len(classes))}) ORDER BY number DESC LIMIT ?",
            session_id,
            CellStatus.COUNTED,
            *classes,
            limit,
        )
        return [read_cell(row) for row in rows]

    def count(self, session_id: int) -> DifferentialCount:
        """Return the differential of a session's cells, each once, with its smudge cells.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._rows(
            "SELECT class, status, count(*) AS cells FROM cells"
            " WHERE session = ? AND merged_into IS NULL GROUP BY status, class",
            session_id,
        )
        tally = {
            Entry(CellClass(row["class"]), CellStatus(row["status"])): row["cells"] for row in rows
        }
        by_eye = self._rows("SELECT smudge_cells FROM sessions WHERE id = ?", session_id)
        return DifferentialCount.from_tally(tally, smudge_cells=by_eye[0][0] if by_eye else 0)

    def pictures(self, session_id: int) -> tuple[int, int]:
        """Return how many cells of a session have a picture, and the bytes of these pictures.

        Raises:
            StoreError: the store cannot be read.
        """
        query = "SELECT count(*), coalesce(sum(length(content)), 0) FROM pictures WHERE session = ?"
        ((cells, size),) = self._rows(query, session_id)
        return int(cells), int(size)

    def overview(self, session_id: int) -> bytes:
        """Return the picture of a session's slide, a PNG; empty if none is kept.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._rows("SELECT content FROM overviews WHERE session = ?", session_id)
        return bytes(rows[0]["content"]) if rows else b""

    def log(self, session_id: int | None = None, *, after: int = 0) -> Iterator[LogEntry]:
        """Yield what happened, oldest first.

        Args:
            session_id: which session; None for everything that ever happened.
            after: only entries with a larger sequence number than this.

        Raises:
            StoreError: the store cannot be read.
        """
        query = "SELECT * FROM log WHERE sequence > ?1 ORDER BY sequence LIMIT ?2"
        session: tuple[int, ...] = ()
        if session_id is not None:
            query = _LOG_OF_SESSION
            session = (session_id,)
        while rows := self._rows(query, after, _BATCH, *session):
            yield from map(read_entry, rows)
            after = rows[-1]["sequence"]

    def _rows(self, query: str, *values: int | str) -> list[sqlite3.Row]:
        with translated(self._path):
            return self._connection.execute(query, values).fetchall()
