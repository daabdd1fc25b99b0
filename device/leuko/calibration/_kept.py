"""The calibrations that are kept on a device, each whole or damaged."""

import logging
from dataclasses import dataclass

from leuko.calibration._archive import Calibration, read_file, unpacked
from leuko.calibration._numbered import NumberedFiles
from leuko.errors import CalibrationError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One calibration of the history.

    Attributes:
        number: its number.
        calibration: what it says; None if its file is damaged.
        problem: what is wrong with the file, a sentence; empty for a sound one.
    """

    number: int
    calibration: Calibration | None
    problem: str


class KeptCalibrations:
    """The calibrations of a folder, read; the newest that is whole is the one in use."""

    def __init__(self, files: NumberedFiles) -> None:
        """Name their files.

        Args:
            files: that hold them.
        """
        self._files = files

    def entries(self) -> list[Entry]:
        """Return every calibration, the newest first, damaged ones named as such.

        Raises:
            CalibrationError: the folder cannot be read.
        """
        return [self._entry(number) for number in reversed(self._files.numbers())]

    def current(self) -> Calibration | None:
        """Return the newest calibration that is whole; None where there is none.

        Raises:
            CalibrationError: the folder cannot be read, or none of its calibrations is whole.
        """
        found, problem = self._newest_whole()
        if problem and found is None:
            raise CalibrationError(
                f"{problem}; if it is damaged, leuko calibrate forget starts without one"
            )
        return found

    def _newest_whole(self) -> tuple[Calibration | None, str]:
        """Return the newest that is whole, and what is wrong with the newest of all."""
        problem = ""
        for number in reversed(self._files.numbers()):
            entry = self._entry(number)
            if entry.calibration:
                return entry.calibration, problem
            logger.warning("%s", entry.problem)
            problem = problem or entry.problem
        return None, problem

    def _entry(self, number: int) -> Entry:
        try:
            found = unpacked(self._content(number), self._files.path(number).name)
        except CalibrationError as error:
            return Entry(number, None, str(error))
        if found.record.number != number:
            other = found.record.number
            path = self._files.path(number)
            problem = f"{path} is calibration {other}, renamed; give it its name back"
            return Entry(number, None, problem)
        return Entry(number, found, "")

    def _content(self, number: int) -> bytes:
        return read_file(self._files.path(number))
