"""What the runtimes tell the terminal although nobody asked."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator
from typing import BinaryIO

from leuko.processes import STDERR

_STDERR = 2
_CHATTER = b"INFO: Created TensorFlow Lite"
"""Lines that begin so announce a delegate; they come from C++, and no setting stops them."""


@contextlib.contextmanager
def without_chatter() -> Generator[None]:
    """Keep the runtime's announcements off stderr; all else arrives there when the block ends."""
    with stderr_kept() as heard:
        try:
            yield
        finally:
            lines = heard.said.splitlines(keepends=True)
            heard.passes_on = b"".join(line for line in lines if not line.startswith(_CHATTER))


class Heard:
    """What was written to stderr.

    Attributes:
        passes_on: what is to arrive there when the block ends.
    """

    def __init__(self, file: BinaryIO | None = None) -> None:
        """Hear what is written to a file, if there is one."""
        self._file = file
        self._said = b""
        self.passes_on = b""

    @property
    def said(self) -> bytes:
        """Everything that was written so far; after the block, in it."""
        if self._file:
            sys.stderr.flush()
            self._file.seek(0)
            self._said = self._file.read()
        return self._said

    def end(self) -> None:
        """Keep what was said; the file is going to be closed."""
        self._said = self.said
        self._file = None


@contextlib.contextmanager
def stderr_kept() -> Generator[Heard]:
    """Keep everything off stderr, C++ included; yields what was said instead.

    One thread at a time: each puts back what it found, and none may find another's file.
    """
    with STDERR:
        sys.stderr.flush()
        try:
            kept = os.dup(_STDERR)
        except OSError:
            # A service may run without stderr, and then there is nothing to keep quiet.
            yield Heard()
            return
        with tempfile.TemporaryFile() as file:
            heard = Heard(file)
            os.dup2(file.fileno(), _STDERR)
            try:
                yield heard
            finally:
                heard.end()
                os.dup2(kept, _STDERR)
                os.close(kept)
                os.write(_STDERR, heard.passes_on)
