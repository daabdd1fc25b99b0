"""The running service: what it says of itself and of the parts that it holds."""

from dataclasses import dataclass
from pathlib import Path

from leuko.control import ControlClient, StatusReply
from leuko.doctor._finding import Finding, doubtful, sound, told
from leuko.errors import LeukoError, NoServiceError
from leuko.settings import Settings
from leuko.status import Health, Level

_HELD = ("camera", "display", "accelerator")
"""What a service that runs has open: whoever opens it beside that disturbs the count, or fails."""
_KEYS = ("keypad", "buttons")
_ELSEWHERE = "if one runs that listens elsewhere, say where with --socket or LEUKO_CONTROL_SOCKET"
_NO_DISPLAY = Health(Level.OK, "none chosen")


@dataclass(frozen=True, slots=True)
class AskedService:
    """What came of asking the service.

    Attributes:
        finding: whether one answers.
        runs: whether one runs, or may run unheard.
        status: what it answered; None without an answer.
    """

    finding: Finding
    runs: bool = False
    status: StatusReply | None = None

    @property
    def is_silent(self) -> bool:
        """Whether one may run that has not answered, so that nobody knows what it holds."""
        return self.runs and self.status is None

    @property
    def held(self) -> tuple[Finding, ...]:
        """How the parts are that it holds, in its own words; empty where none runs."""
        if not self.runs:
            return ()
        if (status := self.status) is None:
            remedy = "ask as its user: sudo -u leuko leuko doctor"
            return tuple(
                doubtful(part, "not opened: a service may hold it", remedy) for part in _HELD
            )
        keys = (told(part, status.bench[part]) for part in _KEYS if part in status.bench)
        return (
            told("camera", status.camera),
            told("display", status.bench.get("display", _NO_DISPLAY)),
            *keys,
            told("accelerator", status.accelerator, "see docs/backends.md"),
        )


def ask_service(settings: Settings) -> AskedService:
    """Ask the service for its status, before anything is opened that it may hold.

    Args:
        settings: where it listens.
    """
    part, path = "service", settings.control_socket
    if _is_absent(path):
        return AskedService(sound(part, f"none listens at {path}; {_ELSEWHERE}"))
    try:
        status = ControlClient(path).status()
    except LeukoError as error:
        text, _, remedy = str(error).partition("; ")
        is_there = not isinstance(error, NoServiceError)
        return AskedService(doubtful(part, text, remedy), runs=is_there)
    return AskedService(
        sound(part, f"runs at {path}; session {status.state}"), runs=True, status=status
    )


def _is_absent(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:
        # A folder that may not be entered: asking the service says so, and what to do.
        return False
