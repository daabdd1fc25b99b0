"""The state directory that a command was given, for the commands that it tells to run next."""

from dataclasses import dataclass
from pathlib import Path

import typer


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
