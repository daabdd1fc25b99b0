"""Groups of commands whose help is read in a narrow terminal."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from typer.core import TyperGroup


class HelpPage(Protocol):
    """What a group writes its help to."""

    def section(self, name: str) -> AbstractContextManager[None]:
        """Return a context whose lines stand below a heading."""

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write terms and what each means, which is wrapped."""


class CommandGroup(TyperGroup):
    """Lists every command with its whole first sentence, wrapped where Typer would cut it off."""

    def format_commands(self, ctx: object, formatter: HelpPage) -> None:
        """Write the list of commands into the help."""
        del ctx
        listed = [(name, one) for name, one in self.commands.items() if not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl([
                (name, one.get_short_help_str(limit=sys.maxsize)) for name, one in listed
            ])
