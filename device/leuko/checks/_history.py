"""The checks of a device in its state directory: numbered files that are only added to."""

import fcntl
import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from leuko.calibration import Origin
from leuko.checks._record import CheckRecord, Measured
from leuko.checks._rules import judged, series_of
from leuko.clock import Moment, now
from leuko.errors import CalibrationError, OutputError

FOLDER_NAME = "checks"
"""The folder of the checks in the state directory."""

_NAME = re.compile(r"check-(\d{6})\.json")
_LARGEST_BYTES = 2**20
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """One check of the history.

    Attributes:
        number: its number.
        check: what it says; None if its file is damaged.
        problem: what is wrong with the file, a sentence; empty for a sound one.
    """

    number: int
    check: CheckRecord | None
    problem: str


class CheckHistory:
    """All quality checks of one device; their order is that of their numbers."""

    def __init__(self, folder: Path, *, clock: Callable[[], Moment] = now) -> None:
        """Name the folder; it is made when the first check is kept.

        Args:
            folder: that of the checks, `FOLDER_NAME` in the state directory.
            clock: gives the present moment.
        """
        self._folder = folder
        self._clock = clock

    def entries(self) -> list[CheckEntry]:
        """Return every check, the oldest first, damaged ones named as such.

        Raises:
            CalibrationError: the folder cannot be read.
        """
        return [self._entry(number) for number in self._numbers()]

    def checks(self) -> list[CheckRecord]:
        """Return the checks that are whole, the oldest first.

        Raises:
            CalibrationError: the folder cannot be read.
        """
        return [entry.check for entry in self.entries() if entry.check]

    def newest_first(self) -> Iterator[CheckEntry]:
        """Yield every check, damaged ones named as such; reads no more than are asked for.

        Raises:
            CalibrationError: the folder cannot be read.
        """
        return map(self._entry, reversed(self._numbers()))

    def last(self) -> CheckEntry | None:
        """Return the newest check, damaged or not; None before the first.

        Raises:
            CalibrationError: the folder cannot be read.
        """
        return next(self.newest_first(), None)

    def drafted(
        self,
        measured: Measured,
        origin: Origin,
        *,
        calibration: int | None,
        counts: tuple[int, int],
        least_sharpness: float,
    ) -> CheckRecord:
        """Return a check, judged against those that are kept; it is not kept itself.

        Args:
            measured: what it has measured.
            origin: from which pictures, by whom.
            calibration: number of the calibration in use; None without one.
            counts: leukocytes located and missed.
            least_sharpness: below which no frame is counted.

        Raises:
            CalibrationError: the checks before it cannot be read.
        """
        draft = CheckRecord(
            number=max(self._numbers(), default=0) + 1,
            moment=self._clock(),
            by=origin.by,
            origin=origin,
            calibration=calibration,
            located=counts[0],
            missed=counts[1],
            measured=measured,
            failures=(),
        )
        before = series_of(self.checks(), like=draft)
        failures, warnings = judged(measured, before, least_sharpness=least_sharpness)
        return draft.model_copy(update={"failures": failures, "warnings": warnings})

    def keep(self, check: CheckRecord) -> CheckRecord:
        """Add a check under the next number, and return it as it is kept.

        Raises:
            CalibrationError: the folder cannot be read.
            OutputError: the state directory takes no files.
        """
        with self._adding() as number:
            kept = check.model_copy(update={"number": number, "moment": self._clock()})
            path = self._path(number)
            content = kept.model_dump_json(indent=1).encode()
            with _writing(path):
                _write_whole(path, content)
            return kept

    @contextmanager
    def _adding(self) -> Generator[int]:
        """Yield the next number; nobody else adds meanwhile."""
        with _writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield max(self._numbers(), default=0) + 1
            finally:
                os.close(lock)

    def _entry(self, number: int) -> CheckEntry:
        path = self._path(number)
        try:
            with path.open("rb") as file:
                check = CheckRecord.model_validate_json(file.read(_LARGEST_BYTES))
        except (OSError, ValidationError) as error:
            reason = (
                error.strerror if isinstance(error, OSError) else error.errors()[0]["msg"].lower()
            )
            return CheckEntry(number, None, f"{path} is no sound check: {reason}; check anew")
        if check.number != number:
            problem = f"{path} is check {check.number}, renamed; give it its name back"
            return CheckEntry(number, None, problem)
        return CheckEntry(number, check, "")

    def _numbers(self) -> list[int]:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CalibrationError(
                f"quality checks in {self._folder} cannot be read: {error.strerror}; check its "
                "permissions"
            ) from error
        return sorted(int(match[1]) for match in map(_NAME.fullmatch, names) if match)

    def _path(self, number: int) -> Path:
        return self._folder / f"check-{number:06}.json"


def _write_whole(path: Path, content: bytes) -> None:
    """Have a file on the disk under its name, all of it or nothing."""
    prepared = path.with_name(f".{path.name}.new")
    with prepared.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    prepared.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}; free space, or ask as the service's "
            "user: sudo -u leuko leuko calibrate check"
        ) from error
