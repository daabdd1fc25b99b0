"""A camera's own process, as the process that started it sees it."""

import os
import time
from collections.abc import Generator
from contextlib import suppress
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from leuko.cameras._base import CameraOptions, Frame
from leuko.cameras._board import PictureBoard
from leuko.cameras._controls import Locks
from leuko.cameras._messages import Message, Order
from leuko.cameras._worker import serve
from leuko.processes import SPAWN, exit_text, send, starting

_FAREWELL_S = 1.0
"""How long a camera may take to close in an orderly way."""


class CameraChild:
    """One process with one open camera; a hung one is killed, never mended."""

    def __init__(self, driver: str, options: CameraOptions, *, stale_s: float) -> None:
        """Start the process; it opens the camera meanwhile."""
        self._board = PictureBoard.empty()
        self._connection, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(
            target=serve,
            args=(driver, options, self._board, theirs),
            kwargs={"parent": os.getpid(), "stale_s": stale_s},
            name="leuko-camera",
            daemon=True,
        )
        with starting():
            self._process.start()
        theirs.close()
        # At exit multiprocessing waits for its children, and this one heeds no SIGTERM.
        self._kill = util.Finalize(self, _kill, (self._process, self._connection), exitpriority=1)
        self._is_deaf = False
        self.started_s = time.monotonic()

    @property
    def put_s(self) -> float:
        """When it put up a picture last, in monotonic seconds; 0 before the first."""
        return self._board.put_s

    @property
    def has_unread(self) -> bool:
        """Whether a picture waits to be taken."""
        return self._board.has_unread

    @property
    def exit_text(self) -> str:
        """How the process ended, in words; empty while it runs."""
        return exit_text(self._process)

    def take(self) -> Frame | None:
        """Return the newest picture; None if there is none since the last."""
        return self._board.take()

    def ask_for_next(self) -> None:
        """Let a source that waits for its reader go on."""
        with suppress(OSError):
            send(self._connection, Order.NEXT)

    def ask_for_locks(self, locks: Locks) -> None:
        """Have controls set; the answer is a message."""
        with suppress(OSError):
            send(self._connection, locks)

    def messages(self) -> Generator[Message]:
        """Yield what it has said since the last call."""
        try:
            while not self._is_deaf and self._connection.poll():
                yield self._connection.recv()
        except (EOFError, OSError):
            self._is_deaf = True

    def wait(self, timeout_s: float) -> None:
        """Wait until it says something or ends, at most so long."""
        heard: list[int | Connection[Order | Locks, Message]] = [self._process.sentinel]
        if not self._is_deaf:
            heard.append(self._connection)
        wait(heard, timeout_s)

    def kill(self) -> None:
        """End the process at once, whatever it hangs in, and let go of its memory."""
        self._kill()
        self._board.close()

    def close(self) -> None:
        """Let the camera close in an orderly way, then end the process."""
        with suppress(OSError):
            send(self._connection, Order.CLOSE)
        self._process.join(_FAREWELL_S)
        self.kill()
        self._process.join(_FAREWELL_S)


def _kill(process: SpawnProcess, connection: "Connection[Order | Locks, Message]") -> None:
    process.kill()
    connection.close()
