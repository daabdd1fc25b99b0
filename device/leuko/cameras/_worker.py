"""The work of a camera's own process: read, judge, put up."""

import logging
import time
from contextlib import closing, suppress
from multiprocessing.connection import Connection

from leuko.cameras._base import Camera, CameraOptions, Frame
from leuko.cameras._board import PictureBoard
from leuko.cameras._controls import Adjustable, Locks
from leuko.cameras._found import found_by
from leuko.cameras._judging import Judge
from leuko.cameras._loading import load_camera
from leuko.cameras._messages import (
    Ended,
    Failed,
    Flawed,
    Fresh,
    Locked,
    Message,
    Opened,
    Order,
)
from leuko.errors import CameraError, LeukoError
from leuko.processes import die_with

_FLAWS_APART_S = 0.1
"""The reader need not hear of every flawed picture."""


def serve(
    driver: str,
    options: CameraOptions,
    board: PictureBoard,
    connection: "Connection[Message, Order | Locks]",
    *,
    parent: int,
    stale_s: float,
) -> None:
    """Open a camera and put up its pictures until it fails, ends, or nobody wants them.

    Args:
        driver: as for `load_camera`.
        options: as for `load_camera`. With 0 frames a second, each picture waits to be taken.
        board: where sound pictures are put up.
        connection: to the process that reads them.
        parent: that process's id.
        stale_s: age from which a picture is no longer wanted.
    """
    die_with(parent)
    # Its log goes to the same stderr as what the command says there.
    logging.basicConfig(level=logging.WARNING, format="leuko: %(message)s")
    # Nobody is left to be told.
    with suppress(BrokenPipeError, ConnectionResetError, EOFError):
        try:
            camera = load_camera(driver, options)
        except LeukoError as error:
            connection.send(Failed(str(error)))
            return
        with closing(camera):
            connection.send(Opened(camera.name, found_by(camera, options)))
            judge = Judge(found_by(camera, options), stale_s=stale_s)
            waits = options.frames_per_s == 0
            working = _Round(camera, options, judge, board, connection=connection)
            connection.send(working.go(waits=waits))


class _Round:
    def __init__(
        self,
        camera: Camera,
        options: CameraOptions,
        judge: Judge,
        board: PictureBoard,
        *,
        connection: "Connection[Message, Order | Locks]",
    ) -> None:
        self._camera = camera
        self._options = options
        self._judge = judge
        self._board = board
        self._connection = connection
        self._flaw_told_s = 0.0

    def go(self, *, waits: bool) -> Message:
        try:
            while (frame := self._camera.read()) is not None:
                is_shown = self._show(frame)
                if self._is_closed(waits=waits and is_shown):
                    break
        except CameraError as error:
            return Failed(str(error))
        return Ended()

    def _show(self, frame: Frame) -> bool:
        flaw = self._judge.flaw_of(frame)
        if flaw:
            self._tell_of(flaw)
        elif self._board.put(frame):
            self._connection.send(Fresh())
        return not flaw

    def _tell_of(self, flaw: str) -> None:
        now = time.monotonic()
        if now - self._flaw_told_s > _FLAWS_APART_S:
            self._flaw_told_s = now
            self._connection.send(Flawed(flaw))

    def _is_closed(self, *, waits: bool) -> bool:
        while waits or self._connection.poll():
            order = self._connection.recv()
            if order is Order.CLOSE:
                return True
            if isinstance(order, Locks):
                self._lock(order)
            else:
                waits = False
        return False

    def _lock(self, locks: Locks) -> None:
        refusal = ""
        if isinstance(self._camera, Adjustable):
            try:
                self._camera.lock(locks)
            except CameraError as error:
                refusal = str(error)
        else:
            refusal = f"{self._camera.name} has no controls; set the light at the microscope"
        found = found_by(self._camera, self._options)
        self._connection.send(Locked(found.locks, refusal))
