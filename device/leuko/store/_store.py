"""The one writer of the sessions."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from leuko.clock import Moment, now
from leuko.errors import SessionError
from leuko.status import Health, SessionState, Target, shown_specimen
from leuko.store import _files as files
from leuko.store import _slimming as slimming
from leuko.store import _writing as writing
from leuko.store._copies import keep_copy
from leuko.store._disk import store_health
from leuko.store._errors import translated
from leuko.store._opening import OpeningReport, prepare
from leuko.store._reader import StoreReader
from leuko.store._records import CellRecord, SessionRecord, SessionSpec
from leuko.store._schema import MIGRATIONS, Migration

STORE_NAME = "sessions.db"
"""The store's file in the state directory."""
_NONE_MERGED: Mapping[int, int] = MappingProxyType({})


class Store(StoreReader):
    """The sessions on disk, for the one process that writes them; used from one thread.

    What a method has written is on the disk when it returns. What raised `StoreError` is not
    written, nor is any part of it, and the store can be used again as soon as its cause is gone.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        lock: int,
        *,
        opening: OpeningReport,
        clock: Callable[[], Moment],
    ) -> None:
        """Write through a connection; see `opened`.

        Args:
            path: the store.
            connection: to it, durable.
            lock: descriptor of its lock, closed in the end.
            opening: how it was found.
            clock: gives the present moment.
        """
        super().__init__(path, connection)
        self._lock: int | None = lock
        self._opening = opening
        self._clock = clock

    @classmethod
    def opened(
        cls,
        path: Path,
        *,
        clock: Callable[[], Moment] = now,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> Self:
        """Open the store and check it; make it, restore it or bring it up to date if need be.

        Args:
            path: where it is; folders are made.
            clock: gives the present moment.
            migrations: all steps from version 0 to the newest.

        Raises:
            StoreError: another process has it open, it is of a newer version, or the disk or its
                permissions forbid it.
        """
        with translated(path), contextlib.ExitStack() as undo:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = files.lock(path)
            undo.callback(os.close, lock)
            report = prepare(path, migrations, clock)
            store = cls(path, files.connect(path), lock, opening=report, clock=clock)
            undo.pop_all()
        return store

    def close(self) -> None:
        """Let go of the store; later calls of this do nothing."""
        super().close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def opening(self) -> OpeningReport:
        """How the store was found at start, and what was done about it."""
        return self._opening

    def start_session(self, spec: SessionSpec, *, asked_by: str = "") -> SessionRecord:
        """Begin a session, counting; its entry in the log says who asked.

        Raises:
            SessionError: another one is still open.
            StoreError: it cannot be kept.
        """
        with self._transaction() as connection:
            if active := self.active_session():
                raise SessionError(
                    f"session {active.id} of specimen {shown_specimen(active.spec.specimen)} is "
                    "still open; finish or discard it first"
                )
            session = writing.insert_session(connection, self._clock(), spec, asked_by=asked_by)
            return self.session(session)

    def set_state(
        self, session_id: int, state: SessionState, *, asked_by: str = ""
    ) -> SessionRecord:
        """Say where a session stands; one that is finished or discarded stays closed.

        Raises:
            ValueError: no session is idle.
            SessionError: there is no such session, or it is closed and would be opened again.
            StoreError: it cannot be kept.
        """
        if state is SessionState.IDLE:
            raise ValueError(f"session {session_id} cannot be {state}")
        with self._transaction() as connection:
            if state.is_open:
                self._require_open(session_id)
            before, moment = self.session(session_id).state, self._clock()
            writing.change_state(
                connection, moment, session_id, before=before, state=state, asked_by=asked_by
            )
            return self.session(session_id)

    def set_target(self, session_id: int, target: Target, *, asked_by: str = "") -> SessionRecord:
        """Say when a session is complete.

        Raises:
            SessionError: there is no such session, or it is closed.
            StoreError: it cannot be kept.
        """
        with self._transaction() as connection:
            self._require_open(session_id)
            moment = self._clock()
            writing.change_target(connection, moment, session_id, target=target, asked_by=asked_by)
            return self.session(session_id)

    def tally_smudge_cell(
        self, session_id: int, *, undo: bool = False, asked_by: str = ""
    ) -> SessionRecord:
        """Take note of a smudge cell that a person has seen, or take the last one back.

        Raises:
            SessionError: there is no such session, it is closed, or none is left to take back.
            StoreError: it cannot be kept.
        """
        with self._transaction() as connection:
            self._require_open(session_id)
            number = self.session(session_id).smudge_cells + (-1 if undo else 1)
            if number < 0:
                raise SessionError("no smudge cell is tallied; there is none to take back")
            moment = self._clock()
            writing.change_smudge_cells(
                connection, moment, session_id, number=number, asked_by=asked_by
            )
            return self.session(session_id)

    def save_cells(
        self,
        session_id: int,
        cells: Sequence[CellRecord],
        *,
        merged: Mapping[int, int] = _NONE_MERGED,
    ) -> None:
        """Keep cells that are new or have changed, and mergers, all of it or nothing.

        Args:
            session_id: an open session.
            cells: new or changed; a picture that is kept stays where a cell brings none.
            merged: number of each cell that turned out to be another one, and that other's,
                which stands. Both are kept already or are among ``cells``.

        Raises:
            ValueError: a cell would be merged into one that does not stand itself.
            SessionError: there is no such session, or it is closed.
            StoreError: they cannot be kept.
        """
        if not cells and not merged:
            return
        moment = self._clock()
        with self._transaction() as connection:
            self._require_open(session_id)
            for cell in cells:
                writing.save_cell(connection, moment, session_id, cell=cell)
            writing.merge_cells(connection, moment, session_id, merged=merged)

    def save_overview(self, session_id: int, picture: bytes) -> None:
        """Keep the picture of an open session's slide, in place of an earlier one.

        Raises:
            SessionError: there is no such session, or it is closed.
            StoreError: it cannot be kept.
        """
        with self._transaction() as connection:
            self._require_open(session_id)
            writing.save_overview(connection, session_id, picture=picture)

    def drop_pictures(self, session_ids: Collection[int], *, asked_by: str = "") -> None:
        """Drop the pictures of closed sessions, of all or none; counts, cells and log stay.

        The room they took is free on the disk afterwards, also that in the kept copy.

        Raises:
            SessionError: there is no such session, or it is open.
            StoreError: it cannot be kept, or there is no room to give the rest back or to copy
                the store; to be asked again.
        """
        for session_id in session_ids:
            if (state := self.session(session_id).state).is_open:
                raise SessionError(f"session {session_id} is {state}; finish or discard it first")
        with translated(self._path):
            slimming.make_room(self._path, self._connection)
        with self._transaction() as connection:
            for session_id in session_ids:
                slimming.drop_pictures(connection, self._clock(), session_id, asked_by=asked_by)
        with translated(self._path):
            slimming.compact(self._connection)
        self.keep_copy()

    def note(self, kind: str, session: int | None = None, **detail: object) -> None:
        """Write into the log that something happened.

        Args:
            kind: what happened, in a few words that stay the same.
            session: id of the session it belongs to.
            **detail: the rest, as JSON can hold it.

        Raises:
            StoreError: it cannot be kept.
        """
        with self._transaction() as connection:
            writing.append(connection, self._clock(), kind=kind, session=session, detail=detail)

    def keep_copy(self) -> None:
        """Have a sound copy of the store as it is now; does nothing if there is one.

        May be called from another thread than the rest: the writer goes on meanwhile.

        Raises:
            StoreError: the disk has no room, or the store is damaged; then the copy that was
                kept before is still there.
        """
        with translated(self._path):
            keep_copy(self._path)

    def disk_health(self) -> Health:
        """Return how much room there is where the store is, and whether its copy finds some."""
        return store_health(self._path)

    @contextlib.contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with translated(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                yield self._connection

    def _require_open(self, session_id: int) -> None:
        state = self.session(session_id).state
        if not state.is_open:
            raise SessionError(f"session {session_id} is {state} for good; start a new one")
