"""Fields as numbered files of a folder, in which nothing is ever overwritten."""

# Commands import what they need, so that --help and --version stay quick on a small device.

import re
from pathlib import Path
from typing import TYPE_CHECKING

from leuko.errors import OutputError

if TYPE_CHECKING:
    from leuko.cells import RGBImage

_NAME = re.compile(r"field-(\d{3})\.png")
_MOST = 999
"""Names of three digits are in the order of their numbers."""


class FieldFiles:
    """Writes pictures that may be counted, each under the next number.

    Attributes:
        folder: holds them.
        names: of those that were written.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder, if need be, and go on behind the numbers in it.

        Raises:
            OutputError: it cannot be made or read.
        """
        self.folder = folder
        self.names: list[str] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            named = [_NAME.fullmatch(path.name) for path in folder.iterdir()]
        except OSError as error:
            raise self._refusal(error) from error
        self._last = max((int(found[1]) for found in named if found), default=0)

    def add(self, rgb: "RGBImage") -> None:
        """Write a picture as it is.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB.

        Raises:
            OutputError: it cannot be written; no part of it stays.
        """
        from leuko.durable import flush
        from leuko.images import plain_png

        if self._last >= _MOST:
            raise OutputError(f"{self.folder} has {_MOST} fields; name another folder")
        path = self.folder / f"field-{self._last + 1:03}.png"
        content = plain_png(rgb)
        try:
            with path.open("xb") as file:
                file.write(content)
            flush(path)
        except FileExistsError as error:
            raise self._refusal(error) from error
        except OSError as error:
            path.unlink(missing_ok=True)
            raise self._refusal(error) from error
        self._last += 1
        self.names.append(path.name)

    def _refusal(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.folder} takes no pictures ({error.strerror or error}); name another folder"
        )
