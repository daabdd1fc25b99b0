"""Answers typed in a terminal, waited for together with those of keys."""

import os
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from leuko.control import Answer

_WORDS = {
    "y": Answer.YES,
    "yes": Answer.YES,
    "a": Answer.AGAIN,
    "again": Answer.AGAIN,
    "n": Answer.NO,
    "no": Answer.NO,
    "": Answer.NO,
}
"""What a line answers; an empty one is a no."""


@dataclass(slots=True)
class TypedAnswers:
    """Lines of a terminal.

    Attributes:
        stream: where they are typed; None once nothing more can come.
    """

    stream: TextIO | None

    @classmethod
    def of_terminal(cls) -> "TypedAnswers":
        """Return those of the terminal that the program was started in."""
        return cls(sys.stdin)

    @property
    def is_open(self) -> bool:
        """Whether anything may come."""
        return self.stream is not None

    def forget(self) -> None:
        """Drop what was typed before anything was asked; what a script sends is never dropped."""
        while self.stream is not None and self.stream.isatty():
            if self.next_line(0.0) is None:
                return

    def next_answer(self, prompt: str, say: Callable[[str], None]) -> Answer | None:
        """Return what was typed; a mistyped word throws nothing away, it is asked again.

        Args:
            prompt: what is asked.
            say: writes a line for whoever types.
        """
        line = self.next_line(0.0)
        if line is None:
            return None
        if (answer := _WORDS.get(line.lower())) is None:
            say(f"{line[:40]!r} is no answer; {prompt}")
        return answer

    def next_line(self, timeout_s: float) -> str | None:
        """Return what is typed next, without spaces around it.

        Returns:
            The line; None if none comes in time, or the stream has ended.
        """
        if self.stream is None:
            return None
        try:
            ready, _, _ = select.select([self.stream], [], [], timeout_s)
            if not ready:
                return None
            line = _line_of(self.stream.fileno())
        # A stream that is no file, or closed.
        except (OSError, ValueError):
            line = b""
        if not line:
            self.stream = None
            return None
        return line.decode(errors="replace").strip()


def _line_of(descriptor: int) -> bytes:
    """Return the next line; the stream's own buffer would hide further ones from select."""
    line = b""
    while not line.endswith(b"\n") and (one := os.read(descriptor, 1)):
        line += one
    return line
