"""The service's end of the socket."""

import contextlib
import logging
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from leuko.control._controls import Archive, Controls, SeenSlide
from leuko.control._messages import (
    ErrorReply,
    ExportReply,
    OverviewReply,
    Reply,
    SessionsReply,
    StatusReply,
)
from leuko.control._peer import peer_name
from leuko.control._requests import (
    REQUESTS,
    Export,
    ListSessions,
    Plain,
    Request,
    SetTarget,
    Show,
    Start,
    Tally,
)
from leuko.control._same_folder import refuse_another
from leuko.control._socket_file import SocketFile
from leuko.control._wire import parse_message, receive_line, send_message
from leuko.errors import LeukoError, ServiceError, SessionError
from leuko.status import LiveStatus

logger = logging.getLogger(__name__)

DEFAULT_SOCKET = Path("/run/leuko/control.sock")
"""Where the service listens unless the settings say otherwise."""

_LOOKING = ("status", "overview", "list", "show")
_MOST_CALLERS = 8
_LINE_S = 5.0
_AGAIN_S = 0.1


class ControlServer:
    """Answers at a socket until it is closed; a context manager.

    Every caller has a thread of its own and a few seconds for each line, so one that hangs
    holds up nobody.
    """

    def __init__(
        self, path: Path, controls: Controls, archive: Archive, *, line_s: float = _LINE_S
    ) -> None:
        """Listen, and answer from now on.

        Args:
            path: where the socket is to be; its folder exists.
            controls: the running count, callable from any thread: a `CommandQueue`.
            archive: the sessions that are kept.
            line_s: how long a caller may take to send a request or to take an answer.

        Raises:
            ServiceError: another service listens there, or the place cannot be used.
        """
        self._controls = controls
        self._archive = archive
        self._line_s = line_s
        self._places = threading.BoundedSemaphore(_MOST_CALLERS)
        self._ended = threading.Event()
        self._file = SocketFile(path)
        self._thread = threading.Thread(target=self._listen, name="leuko control", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Answer nobody any more; later calls do nothing."""
        self._ended.set()
        self._file.close()
        self._thread.join()

    def _listen(self) -> None:
        while True:
            try:
                peer, _ = self._file.listener.accept()
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if self._ended.is_set():
                    return
                logger.warning("cannot take a caller: %s", error)
                self._ended.wait(_AGAIN_S)
                continue
            if self._places.acquire(blocking=False):
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()
            else:
                self._turn_away(peer)

    def _turn_away(self, peer: socket.socket) -> None:
        busy = ServiceError(f"{_MOST_CALLERS} callers are being answered; try again in a moment")
        with peer, contextlib.suppress(OSError):
            # Nobody else may wait for one that does not read.
            send_message(peer, _refusal(busy), within_s=0.1)

    def _serve(self, peer: socket.socket) -> None:
        try:
            # A caller that hangs up or falls silent is nobody's trouble.
            with peer, contextlib.suppress(OSError):
                self._converse(peer, peer_name(peer))
        finally:
            self._places.release()

    def _converse(self, peer: socket.socket, user: str) -> None:
        try:
            while (line := receive_line(peer, within_s=self._line_s)) is not None:
                send_message(peer, self._reply(line, user), within_s=self._line_s)
        except ServiceError as error:
            send_message(peer, _refusal(error), within_s=self._line_s)

    def _reply(self, line: bytes, user: str) -> Reply:
        try:
            request = parse_message(line, REQUESTS)
            if request.command not in _LOOKING:
                logger.info("%s asks for %s", user, request.command)
            return self._carried_out(request, user)
        except LeukoError as error:
            return _refusal(error)

    def _carried_out(self, request: Request, user: str) -> Reply:
        match request:
            case ListSessions(limit=limit):
                return SessionsReply(sessions=tuple(self._archive.sessions(limit=limit)))
            case Show(session=number):
                return self._archive.session(number)
            case Export():
                return ExportReply(folder=self._exported(request))
            case Plain(command="overview"):
                seen = self._controls.seen_slide()
                return OverviewReply(png=self._archive.overview(seen), session=seen.session)
            case _:
                return StatusReply.of(self._controlled(request, user))

    def _exported(self, request: Export) -> Path:
        if request.folder:
            refuse_another(request.folder, request.folder_id)
        seen = self._slide_of(request.session)
        return self._archive.export(
            request.session, folder=request.folder, pictures=request.pictures, seen=seen
        )

    def _slide_of(self, session: int) -> SeenSlide | None:
        try:
            seen = self._controls.seen_slide()
        except (ServiceError, SessionError) as error:
            # The cells are what an export is for.
            logger.info("session %d is exported with the picture that is kept: %s", session, error)
            return None
        return seen if seen.session == session else None

    def _controlled(self, request: Start | SetTarget | Tally | Plain, user: str) -> LiveStatus:
        match request:
            case Start(specimen=specimen, operator=operator, target=target):
                return self._controls.start(
                    specimen, operator=operator or user, target=target, asked_by=user
                )
            case SetTarget(target=target):
                return self._controls.set_target(target, asked_by=user)
            case Tally(undo=undo):
                return self._controls.tally_smudge_cell(undo=undo, asked_by=user)
            case Plain(command="status"):
                return self._controls.status()
            case Plain(command=command):
                changes = {
                    "pause": self._controls.pause,
                    "resume": self._controls.resume,
                    "finish": self._controls.finish,
                    "discard": self._controls.discard,
                }
                return changes[command](asked_by=user)


def _refusal(error: LeukoError) -> ErrorReply:
    return ErrorReply(error=" ".join(str(error).split()), kind=type(error).__name__)
