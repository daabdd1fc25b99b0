"""Numbered files in one folder, which are only added to; a power cut leaves either one or none."""

import fcntl
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leuko.durable import write_whole
from leuko.errors import CalibrationError, OutputError

_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class NumberedFiles:
    """The files ``<stem>-000001<suffix>``, ``<stem>-000002<suffix>`` and so on.

    Attributes:
        folder: that they are in; made when the first is added.
        stem: what their names begin with.
        suffix: what their names end with.
        what: they are, for messages.
        command: that a person adds one with, for messages.
    """

    folder: Path
    stem: str
    suffix: str
    what: str
    command: str

    def path(self, number: int) -> Path:
        """Return where a number's file is, or would be."""
        return self.folder / f"{self.stem}-{number:06}{self.suffix}"

    def numbers(self) -> list[int]:
        """Return the numbers that there are, the lowest first.

        Raises:
            CalibrationError: the folder cannot be read.
        """
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CalibrationError(
                f"{self.what} in {self.folder} cannot be read: {error.strerror}; check its "
                "permissions"
            ) from error
        pattern = re.compile(rf"{self.stem}-(\d{{6}}){re.escape(self.suffix)}")
        return sorted(int(match[1]) for match in map(pattern.fullmatch, names) if match)

    @contextmanager
    def adding(self) -> Generator[int]:
        """Yield the next number; nobody else adds meanwhile.

        Raises:
            OutputError: the folder takes no files.
        """
        with self.writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield max(self.numbers(), default=0) + 1
            finally:
                os.close(lock)

    def put(self, path: Path, content: bytes) -> None:
        """Have a file on the disk under its name, all of it or nothing.

        Args:
            path: where; also outside the folder.
            content: of the file.

        Raises:
            OutputError: it cannot be written.
        """
        with self.writing(path):
            write_whole(path, content)

    @contextmanager
    def writing(self, path: Path) -> Generator[None]:
        """Say in a sentence why a path cannot be written.

        Raises:
            OutputError: the block failed with an error of the system.
        """
        try:
            yield
        except OutputError:
            raise
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written: {error.strerror}; free space, or ask as the service's "
                f"user: sudo -u leuko {self.command}"
            ) from error
