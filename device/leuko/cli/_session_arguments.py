"""What commands of ``leuko session`` are given, and what is refused of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._options import WrongUseError, session_number
from leuko.errors import SettingsError

if TYPE_CHECKING:
    from leuko.status import Target

TALLIED = "smudge"
TARGET = "Cells to count, such as 200, or a half width, such as ±5 or 5%."


def checked_cell(value: str) -> str:
    """Refuse to tally what is not tallied by eye."""
    if value != TALLIED:
        raise WrongUseError(
            f"{value!r} is not tallied by eye; only smudge cells are: leuko session tally {TALLIED}"
        )
    return value


def checked_target(value: str | None) -> str | None:
    """Refuse a target that cannot be read."""
    try:
        if value is not None:
            parsed_target(value)
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    return value


def parsed_target(text: str) -> "Target":
    """Return the target that a text names.

    Raises:
        SettingsError: it names none.
    """
    from leuko.control import parse_target

    return parse_target(text)


CellArgument = Annotated[
    str, typer.Argument(metavar=TALLIED, callback=checked_cell, help="What was seen.")
]
SessionArgument = Annotated[
    int,
    typer.Argument(
        metavar="SESSION",
        parser=session_number,
        help="The session's number; see: leuko session list.",
    ),
]
TargetArgument = Annotated[
    str, typer.Argument(metavar="TARGET", callback=checked_target, help=TARGET)
]
TargetOption = Annotated[
    str | None,
    typer.Option(metavar="TARGET", callback=checked_target, help=f"{TARGET} Else the settings'."),
]
