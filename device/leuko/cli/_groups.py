"""Groups of commands whose help is read in a narrow terminal."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import typer
from typer.core import TyperGroup


class HelpPage(Protocol):
    """What a group writes its help to."""

    def section(self, name: str) -> AbstractContextManager[None]:
        """Return a context whose lines stand below a heading."""

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write terms and what each means, which is wrapped."""


class CommandGroup(TyperGroup):
    """Lists every command with its whole first sentence, wrapped where Typer would cut it off.

    What a command's options cannot be is said in plain words, where Typer has those of a library.
    """

    def invoke(self, ctx: Any) -> Any:  # ruff: ignore[any-type]
        """Run a command of the group."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _plain(error.__cause__) or error.message
            raise

    def format_commands(self, ctx: object, formatter: HelpPage) -> None:
        """Write the list of commands into the help."""
        del ctx
        listed = [(name, one) for name, one in self.commands.items() if not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl([
                (name, one.get_short_help_str(limit=sys.maxsize)) for name, one in listed
            ])


def _plain(cause: BaseException | None) -> str:
    """Return what is wrong with a value, and what to give; empty where the words are Leuko's."""
    from pydantic import ValidationError

    if not isinstance(cause, ValidationError):
        return ""
    problem = cause.errors(include_url=False)[0]
    given, limits = problem["input"], problem.get("ctx", {})
    match problem["type"]:
        case "greater_than_equal":
            return f"{given} is too small; give {limits['ge']} or more"
        case "less_than_equal":
            return f"{given} is too large; give {limits['le']} or less"
        case "int_parsing" | "int_from_float":
            return f"{given!r} is no whole number; give one, such as 20"
        case "float_parsing":
            return f"{given!r} is no number; give one, such as 0.5"
        case _:
            return ""
