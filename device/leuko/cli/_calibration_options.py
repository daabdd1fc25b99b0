"""Options that the commands of ``leuko calibrate`` share, and what is read from them."""

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

FromOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="FOLDER", help="Saved pictures of the camera; else itself."),
]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who calibrates; else the user.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Keep what was measured without asking.")]
JSONOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts; asks nothing.")]
StateOption = Annotated[
    Path | None, typer.Option("--state-dir", help="Folder that the device keeps its state in.")
]


def name_of(by: str | None) -> str:
    """Return who calibrates: the name given, else that of the user."""
    if by:
        return by
    try:
        return getpass.getuser()
    # An account without a name, as in some containers.
    except (KeyError, OSError):
        return f"user {os.getuid()}"
