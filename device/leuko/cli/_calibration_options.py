"""Options that the commands of ``leuko calibrate`` share, and what is read from them."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import update_wrapper
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from leuko.cli._live import CameraOption, SourceOption
from leuko.cli._options import BundleOption
from leuko.cli._state_dir import remember_state_dir

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
    Path | None,
    typer.Option(
        "--state-dir",
        callback=remember_state_dir,
        help="Folder that the device keeps its state in.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What measuring commands are given beside options of their own."""

    folder: FromOption = None
    camera: CameraOption = None
    camera_source: SourceOption = None
    by: ByOption = None
    yes: YesOption = False
    json: JSONOption = False
    bundle: BundleOption = None
    state_dir: StateOption = None

    @property
    def is_open(self) -> bool:
        """Whether a person is asked whether to keep what was measured."""
        return not (self.yes or self.json)


KEEPING = ("by", "yes", "json", "state_dir")
"""Options of every command that measures."""
CAMERA = ("camera", "camera_source")
"""Options of those that look through the camera."""
PICTURES = ("folder", *CAMERA)
"""Options of those that look through the camera or at saved pictures."""


def asking(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what gives a command some options of `Asked`, after its own.

    Typer reads a command's options from its signature, so that is put together here. The command
    takes an `Asked` first, in which all other options are as by default.

    Args:
        *names: of the options.
    """
    hints = get_type_hints(Asked, include_extras=True)
    shared = [
        Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
        for one in fields(Asked)
        if one.name in names
    ]

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        def asked_command(**options: object) -> None:
            given: dict[str, Any] = {name: options.pop(name) for name in names}
            command(Asked(**given), **options)

        _, *own = signature(command).parameters.values()
        update_wrapper(asked_command, command, updated=())
        asked_command.__annotations__ = {}
        vars(asked_command)["__signature__"] = Signature([*own, *shared])
        return asked_command

    return decorated


def name_of(by: str | None) -> str:
    """Return who calibrates: the name given, as far as a record can have it, or the user's."""
    from leuko.calibration import as_line

    if by:
        return as_line(by)
    try:
        return getpass.getuser()
    # An account without a name, as in some containers.
    except (KeyError, OSError):
        return f"user {os.getuid()}"
