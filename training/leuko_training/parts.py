"""What has been measured already: a long run that was cut goes on, one part is done again alone."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from leuko.errors import OutputError

Part = TypeVar("Part")


class Parts:
    """Measured parts of one run, a JSON file each."""

    def __init__(self, folder: Path) -> None:
        """Remember parts in a folder, which is made if it is not there.

        Args:
            folder: of this run alone; another bundle or seed needs another.

        Raises:
            OutputError: the folder cannot be made.
        """
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder} cannot be made ({error}); name another") from error

    def forget(self, name: str) -> None:
        """Measure a part, or all whose names begin so, again the next time."""
        for path in self._folder.glob(f"{name}*.json"):
            path.unlink()

    def has(self, name: str) -> bool:
        """Return whether a part was measured before."""
        return (self._folder / f"{name}.json").is_file()

    def read(self, name: str, kind: type[Part]) -> Part:
        """Return a part that was measured before.

        Raises:
            ValidationError: it was written by another version of the program.
            FileNotFoundError: it never was.
        """
        return TypeAdapter(kind).validate_json((self._folder / f"{name}.json").read_bytes())

    def once(self, name: str, kind: type[Part], measure: Callable[[], Part]) -> Part:
        """Return a part as it was measured, now or before.

        Args:
            name: of the part; becomes the name of its file.
            kind: its type.
            measure: measures it.

        Raises:
            OutputError: what was measured cannot be written.
        """
        path = self._folder / f"{name}.json"
        try:
            return self.read(name, kind)
        except FileNotFoundError:
            pass
        except ValidationError:
            # Written by another version of the program.
            path.unlink()
        measured = measure()
        unfinished = path.with_suffix(".part")
        try:
            unfinished.write_bytes(TypeAdapter(kind).dump_json(measured))
        except OSError as error:
            raise OutputError(f"{path} cannot be written ({error}); free space") from error
        unfinished.replace(path)
        return measured
