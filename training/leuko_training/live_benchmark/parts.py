"""What has been measured already: a benchmark that was cut goes on, and a part is done again alone.

The counts need an hour and no quiet, the speeds a few minutes and a machine that does nothing else.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from leuko.errors import OutputError

Part = TypeVar("Part")


class Parts:
    """Measured parts of one benchmark, a JSON file each."""

    def __init__(self, folder: Path) -> None:
        """Remember parts in a folder, which is made if it is not there.

        Args:
            folder: of this bundle, seed and extent alone.

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

    def once(self, name: str, kind: type[Part], measure: Callable[[], Part]) -> Part:
        """Return a part as it was measured, now or before.

        Args:
            name: of the part; becomes the name of its file.
            kind: its type.
            measure: measures it.

        Raises:
            OutputError: what was measured cannot be written.
        """
        adapter, path = TypeAdapter(kind), self._folder / f"{name}.json"
        try:
            return adapter.validate_json(path.read_bytes())
        except FileNotFoundError:
            pass
        except ValidationError:
            # Written by another version of the benchmark.
            path.unlink()
        measured = measure()
        unfinished = path.with_suffix(".part")
        try:
            unfinished.write_bytes(adapter.dump_json(measured))
        except OSError as error:
            raise OutputError(f"{path} cannot be written ({error}); free space") from error
        unfinished.replace(path)
        return measured
