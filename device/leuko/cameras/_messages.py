"""What a camera's process and the one that started it tell each other."""

from dataclasses import dataclass
from enum import StrEnum

from leuko.cameras._controls import Locks
from leuko.cameras._found import Found


@dataclass(frozen=True, slots=True)
class Opened:
    """The camera is open.

    Attributes:
        name: what a person calls it.
        found: how it was opened.
    """

    name: str
    found: Found


@dataclass(frozen=True, slots=True)
class Locked:
    """Controls were set, or not; whatever is put up from now on shows it.

    Attributes:
        locks: what the camera is locked at.
        refusal: why it cannot be what was asked, a sentence; empty if it is.
    """

    locks: Locks
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A picture is on the board that was empty."""


@dataclass(frozen=True, slots=True)
class Flawed:
    """The camera gave something that is no fresh whole picture.

    Attributes:
        flaw: what is wrong, and what to do about it.
    """

    flaw: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The camera cannot go on, and the process ends.

    Attributes:
        sentence: of the error.
    """

    sentence: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The source has come to its end, and the process ends."""


Message = Opened | Locked | Fresh | Flawed | Failed | Ended


class Order(StrEnum):
    """What the camera's process is told, besides `Locks` to be set."""

    NEXT = "next"
    """The picture has been taken; read the next one."""
    CLOSE = "close"
    """Let go of the camera and end."""
