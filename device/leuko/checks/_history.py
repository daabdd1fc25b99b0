"""The checks of a device in its state directory: numbered files that are only added to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from leuko.calibration import NumberedFiles, Origin
from leuko.checks._record import CheckRecord, Measured
from leuko.checks._rules import judged, series_of
from leuko.clock import Moment, now

FOLDER_NAME = "checks"
"""The folder of the checks in the state directory."""

_LARGEST_BYTES = 2**20


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
        self._files = NumberedFiles(
            folder, "check", ".json", "quality checks", "leuko calibrate check"
        )
        self._clock = clock

    def entries(self) -> list[CheckEntry]:
        """Return every check, the oldest first, damaged ones named as such.

        Raises:
            CalibrationError: the folder cannot be read.
        """
        return [self._entry(number) for number in self._files.numbers()]

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
        return map(self._entry, reversed(self._files.numbers()))

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
        missed_in: tuple[int, ...] = (),
    ) -> CheckRecord:
        """Return a check, judged against those that are kept; it is not kept itself.

        Args:
            measured: what it has measured.
            origin: from which pictures, by whom.
            calibration: number of the calibration in use; None without one.
            counts: leukocytes located and missed.
            missed_in: those missed in each field; empty where that is not known.

        Raises:
            CalibrationError: the checks before it cannot be read.
        """
        draft = CheckRecord(
            number=max(self._files.numbers(), default=0) + 1,
            moment=self._clock(),
            by=origin.by,
            origin=origin,
            calibration=calibration,
            located=counts[0],
            missed=counts[1],
            missed_in=missed_in,
            measured=measured,
            failures=(),
        )
        before = series_of(self.checks(), like=draft)
        failures, warnings = judged(measured, before)
        return draft.model_copy(update={"failures": failures, "warnings": warnings})

    def keep(self, check: CheckRecord) -> CheckRecord:
        """Add a check under the next number, and return it as it is kept.

        Raises:
            CalibrationError: the folder cannot be read.
            OutputError: the state directory takes no files.
        """
        with self._files.adding() as number:
            kept = check.model_copy(update={"number": number, "moment": self._clock()})
            path = self._files.path(number)
            content = kept.model_dump_json(indent=1).encode()
            self._files.put(path, content)
            return kept

    def _entry(self, number: int) -> CheckEntry:
        path = self._files.path(number)
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
