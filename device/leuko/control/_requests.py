"""What a service can be asked, one JSON object a line."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from leuko.control._messages import MOST_SESSIONS, Message, Name, TargetText


class Start(Message):
    """Start a session."""

    command: Literal["start"] = "start"
    specimen: Name
    """The specimen's id."""
    operator: Name = ""
    """Who counts; empty for the user who asks."""
    target: TargetText | None = None
    """When it is complete; without it, what the settings say."""


class SetTarget(Message):
    """Change the target of the session."""

    command: Literal["target"] = "target"
    target: TargetText
    """The new one."""


class Tally(Message):
    """Take note of a cell that a person has seen and no model names."""

    command: Literal["tally"] = "tally"
    cell: Literal["smudge"]
    """What it is."""
    undo: bool = False
    """Whether the last one is taken back instead."""


class Plain(Message):
    """A command that needs no more than its name."""

    command: Literal["status", "overview", "pause", "resume", "finish", "discard"]
    """Which one."""


class ListSessions(Message):
    """Name the sessions that are kept, newest first."""

    command: Literal["list"] = "list"
    limit: Annotated[int, Field(ge=1, le=MOST_SESSIONS)] = 20
    """How many at most."""


class Show(Message):
    """Tell everything of one session but its cells."""

    command: Literal["show"] = "show"
    session: Annotated[int, Field(ge=1)]
    """Its number."""


class Export(Message):
    """Write one session to a folder of the device."""

    command: Literal["export"] = "export"
    session: Annotated[int, Field(ge=1)]
    """Its number."""
    folder: Path | None = None
    """An absolute path; without it, the USB stick."""
    folder_id: tuple[int, int] | None = None
    """Device and inode of that folder as the one who asks sees it."""
    pictures: bool = False
    """Whether the cells' pictures are written too."""


Request = Start | SetTarget | Tally | Plain | ListSessions | Show | Export
REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="command")])
