"""The asking end of the socket."""

import grp
import os
import socket
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from leuko import errors
from leuko.control._messages import (
    REPLIES,
    ErrorReply,
    ExportReply,
    Message,
    OverviewReply,
    SessionEntry,
    SessionReply,
    SessionsReply,
    StatusReply,
)
from leuko.control._requests import REQUESTS, Request
from leuko.control._same_folder import folder_id
from leuko.control._wire import (
    LONGEST_ANSWER,
    parse_message,
    problem_of,
    receive_line,
    send_message,
)
from leuko.errors import LeukoError, NoServiceError, OutputError, ServiceError, SettingsError
from leuko.status import Target

_ANSWER_S = 10.0
# Ten thousand pictures on a slow stick.
_EXPORT_S = 600.0
_START = (
    "start it with: systemctl start leuko, or without systemd: leuko run; "
    "if it listens elsewhere, give --socket or set LEUKO_CONTROL_SOCKET"
)
_LOG = "look at its log with: journalctl -u leuko"

R = TypeVar("R", bound=Message)


class ControlClient:
    """Asks the running service; each call is a connection of its own.

    Every method raises `ServiceError` if the service does not run, does not answer, or may not be
    asked by this user; and whatever `LeukoError` the service meets.
    """

    def __init__(self, path: Path, *, answer_s: float = _ANSWER_S) -> None:
        """Name the socket; nothing is asked yet.

        Args:
            path: where the service listens.
            answer_s: how long to wait for an answer.
        """
        self._path = path
        self._answer_s = answer_s

    def status(self) -> StatusReply:
        """Return what is shown now."""
        return self._ask(StatusReply, command="status")

    def start(
        self, specimen: str, *, operator: str = "", target: Target | None = None
    ) -> StatusReply:
        """Start a session.

        Args:
            specimen: the specimen's id.
            operator: who counts; empty for the user who asks.
            target: when it is complete; None for what the settings say.
        """
        return self._ask(
            StatusReply, command="start", specimen=specimen, operator=operator, target=target
        )

    def set_target(self, target: Target) -> StatusReply:
        """Change when the session is complete."""
        return self._ask(StatusReply, command="target", target=target)

    def tally_smudge_cell(self, *, undo: bool = False) -> StatusReply:
        """Take note of a smudge cell that was seen, or take the last one back."""
        return self._ask(StatusReply, command="tally", cell="smudge", undo=undo)

    def pause(self) -> StatusReply:
        """Count nothing until `resume`."""
        return self._ask(StatusReply, command="pause")

    def resume(self) -> StatusReply:
        """Go on counting."""
        return self._ask(StatusReply, command="resume")

    def finish(self) -> StatusReply:
        """Close the session; its result stands."""
        return self._ask(StatusReply, command="finish")

    def discard(self) -> StatusReply:
        """Close the session as not to be used."""
        return self._ask(StatusReply, command="discard")

    def sessions(self, *, limit: int = 20) -> tuple[SessionEntry, ...]:
        """Return the newest sessions, newest first."""
        return self._ask(SessionsReply, command="list", limit=limit).sessions

    def session(self, number: int) -> SessionReply:
        """Return one session."""
        return self._ask(SessionReply, command="show", session=number)

    def overview(self) -> OverviewReply:
        """Return a picture of the slide with the cells that were counted."""
        return self._ask(OverviewReply, command="overview")

    def export(self, number: int, *, folder: Path | None = None, pictures: bool = False) -> Path:
        """Have one session written to a folder, and return what was made there.

        Args:
            number: which session.
            folder: where to; None for the USB stick.
            pictures: whether the cells' pictures are written too.
        """
        return self._ask(
            ExportReply,
            within_s=_EXPORT_S,
            command="export",
            session=number,
            folder=None if folder is None else _sendable(folder),
            folder_id=None if folder is None else folder_id(folder),
            pictures=pictures,
        ).folder

    def _ask(self, kind: type[R], *, within_s: float | None = None, **fields: object) -> R:
        request = _checked(fields)
        with self._connected() as service:
            send_message(service, request, within_s=self._answer_s)
            line = receive_line(
                service, within_s=within_s or self._answer_s, longest=LONGEST_ANSWER
            )
        if line is None:
            raise ServiceError(f"Leuko's service hung up without an answer; {_LOG}")
        reply = parse_message(line, REPLIES)
        if isinstance(reply, ErrorReply):
            raise _error(reply)
        if not isinstance(reply, kind):
            raise ServiceError(f"Leuko's service answered with a {reply.reply}; {_LOG}")
        return reply

    @contextmanager
    def _connected(self) -> Generator[socket.socket]:
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as service:
            try:
                service.settimeout(self._answer_s)
                service.connect(os.fspath(self._path))
                yield service
            except (FileNotFoundError, ConnectionRefusedError) as error:
                # One that was killed leaves its socket behind.
                is_left = isinstance(error, ConnectionRefusedError)
                found = "nobody listens" if is_left else "no socket"
                raise NoServiceError(
                    f"Leuko's service does not run ({found} at {self._path}); {_START}"
                ) from error
            except PermissionError as error:
                raise ServiceError(self._permission()) from error
            except TimeoutError as error:
                raise ServiceError(
                    f"Leuko's service at {self._path} did not answer in time; {_LOG}"
                ) from error
            except OSError as error:
                raise ServiceError(
                    f"Leuko's service at {self._path} cannot be asked: "
                    f"{error.strerror or error}; {_LOG}"
                ) from error

    def _permission(self) -> str:
        group = _group(self._path)
        return (
            f"this user may not use {self._path}; "
            f"join its group with: sudo usermod -aG {group} $USER, and log in again"
        )


def _checked(fields: Mapping[str, object]) -> Request:
    try:
        return REQUESTS.validate_python(fields)
    except ValidationError as error:
        raise SettingsError(f"{problem_of(error)}; correct it") from error


def _error(reply: ErrorReply) -> LeukoError:
    kind = getattr(errors, reply.kind, ServiceError)
    is_known = isinstance(kind, type) and issubclass(kind, LeukoError)
    return kind(reply.error) if is_known else ServiceError(reply.error)


def _group(path: Path) -> str:
    try:
        return grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return "leuko"


def _sendable(folder: Path) -> Path:
    absolute = folder.absolute()
    try:
        str(absolute).encode()
    except UnicodeEncodeError as error:
        raise OutputError(f"{absolute!r} is not UTF-8; choose another folder") from error
    return absolute
