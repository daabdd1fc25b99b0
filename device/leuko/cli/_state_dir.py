"""The state directory that a command was given, for the commands that it tells to run next."""

import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import typer

_TAKING = re.compile(
    r"\bleuko (?:calibrate (?:all|check|exposure|export|flat-field|focus|forget|history|import"
    r"|review|scale|show|site|stain|undo|wbc-factor|white-balance)|doctor|run|session slim|snap)"
    r"(?![\w-])"
)
"""Commands that take ``--state-dir``."""


@dataclass(slots=True)
class GivenPlace:
    """What the command line says of the place that the device keeps its state in.

    Attributes:
        state_dir: what ``--state-dir`` names; None without it.
    """

    state_dir: Path | None = None


def remember_state_dir(context: typer.Context, value: Path | None) -> Path | None:
    """Take note of ``--state-dir`` for whoever prints the command's error."""
    context.ensure_object(GivenPlace).state_dir = value
    return value


def with_state_dir(sentence: str, state_dir: Path | None) -> str:
    """Return a sentence whose commands look where the one that tells it looked.

    >>> with_state_dir("drop it with leuko calibrate forget scale", Path("/srv/lab"))
    'drop it with leuko calibrate forget --state-dir /srv/lab scale'

    Args:
        sentence: may name commands.
        state_dir: that was given; None if none was.
    """
    # One with the option in it was made by somebody who knew the folder.
    if state_dir is None or "--state-dir" in sentence:
        return sentence
    # Right behind the command, for nothing tells its arguments from the words that follow.
    option = f" --state-dir {quote(str(state_dir))}"
    return _TAKING.sub(lambda found: f"{found[0]}{option}", sentence)
