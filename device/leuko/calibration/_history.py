"""The calibrations of a device in its state directory: numbered files that are only added to.

``calibration-000007.zip`` is the seventh, whole by itself; undoing it adds the eighth, which says
what the sixth said. A power cut leaves either a file or none.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from leuko.calibration._archive import (
    LARGEST_BYTES,
    Calibration,
    gain_png,
    packed,
    site_file,
    unpacked,
)
from leuko.calibration._numbered import NumberedFiles
from leuko.calibration._record import CalibrationRecord, Part, SitePart, as_line
from leuko.clock import Moment, now
from leuko.errors import CalibrationError, OutputError

logger = logging.getLogger(__name__)

FOLDER_NAME = "calibration"
"""The folder of the calibrations in the state directory."""

_Files = tuple[bytes | None, bytes | None]
"""What lies beside a record: the flat field's PNG and the adaptation's array."""


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


class CalibrationHistory:
    """All calibrations of one device; the newest that is whole is the one in use."""

    def __init__(self, folder: Path, *, clock: Callable[[], Moment] = now) -> None:
        """Name the folder; it is made when the first calibration is kept.

        Args:
            folder: that of the calibrations, `FOLDER_NAME` in the state directory.
            clock: gives the present moment.
        """
        self._files = NumberedFiles(
            folder, "calibration", ".zip", "calibrations", "leuko calibrate"
        )
        self._clock = clock

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
        problem = ""
        for number in reversed(self._files.numbers()):
            entry = self._entry(number)
            if entry.calibration:
                return entry.calibration
            logger.warning("%s", entry.problem)
            problem = problem or entry.problem
        if problem:
            raise CalibrationError(problem)
        return None

    def keep(
        self,
        parts: Mapping[str, Part],
        *,
        cause: str,
        by: str,
        gain: bytes | None = None,
        site: bytes | None = None,
    ) -> Calibration:
        """Add a calibration: the present one with some parts measured anew.

        Args:
            parts: what was measured, by its name in the record.
            cause: what was done, in a few words.
            by: who did it.
            gain: the flat field's PNG, where that is among the parts.
            site: the adaptation's file, where that is among the parts.

        Raises:
            CalibrationError: the present one cannot be read, or is of pictures of another size.
            OutputError: the state directory takes no files.
        """
        with self._files.adding() as number:
            present = self.current()
            numbered = {
                name: part.model_copy(
                    update={"origin": part.origin.model_copy(update={"number": number})}
                )
                for name, part in parts.items()
            }
            before = present.record.number if present else None
            told = present.record.parts if present else {}
            _refuse_other_size({**told, **numbered})
            if gain is None and "flat_field" in told:
                gain = gain_png(self._content(before or 0))
            if site is None and "site" in told:
                site = site_file(self._content(before or 0))
            files = (gain, site)
            return self._put(number, {**told, **numbered}, files, cause=cause, by=by, before=before)

    def undo(self, *, by: str) -> Calibration:
        """Add a calibration that says what the one before the present one said.

        Raises:
            CalibrationError: there is nothing to undo, or the one before cannot be read.
            OutputError: the state directory takes no files.
        """
        with self._files.adding() as number:
            present = self.current()
            if present is None or (present.record.before is None and not present.record.parts):
                raise CalibrationError("there is no calibration to undo")
            record, cause = present.record, f"undo of {present.record.number}"
            if record.before is None:
                return self._put(number, {}, (None, None), cause=cause, by=by, before=None)
            content = self._content(record.before)
            earlier = unpacked(content, self._files.path(record.before).name).record
            files = (gain_png(content), site_file(content))
            return self._put(
                number, earlier.parts, files, cause=cause, by=by, before=earlier.before
            )

    def export(self, file: Path) -> Calibration:
        """Write the present calibration to one file.

        Raises:
            CalibrationError: there is none.
            OutputError: the file exists or cannot be written.
        """
        present = self.current()
        if present is None:
            raise CalibrationError("there is no calibration to export; calibrate first")
        with self._files.writing(file):
            if file.exists():
                raise OutputError(f"{file} is there already; choose another name")
        self._files.put(file, self._content(present.record.number))
        return present

    def import_file(self, file: Path, *, by: str) -> Calibration:
        """Add the calibration that a file holds, as of `export`.

        Raises:
            CalibrationError: the file is missing, damaged or foreign.
            OutputError: the state directory takes no files.
        """
        content = _read(file)
        found = unpacked(content, str(file))
        cause = f"import of {found.record.number} from {file.name}"
        with self._files.adding() as number:
            present = self.current()
            before = present.record.number if present else None
            parts, files = found.record.parts, (gain_png(content), site_file(content))
            return self._put(number, parts, files, cause=cause, by=by, before=before)

    def _put(
        self,
        number: int,
        parts: Mapping[str, Part],
        files: _Files,
        *,
        cause: str,
        by: str,
        before: int | None,
    ) -> Calibration:
        record = CalibrationRecord.model_validate({
            "number": number,
            "before": before,
            "cause": as_line(cause),
            "moment": self._clock(),
            "by": as_line(by),
            **parts,
        })
        content = packed(record, *files)
        path = self._files.path(number)
        self._files.put(path, content)
        return unpacked(content, path.name)

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
        return _read(self._files.path(number))


def load_calibration(path: Path) -> Calibration:
    """Return the calibration in a file, or the present one of a folder or state directory.

    Raises:
        CalibrationError: there is none, or it is damaged or foreign.
    """
    try:
        if not path.is_dir():
            return unpacked(_read(path), str(path))
        folder = path / FOLDER_NAME if (path / FOLDER_NAME).is_dir() else path
    except OSError as error:
        raise CalibrationError(_unreadable(path, error)) from error
    found = CalibrationHistory(folder).current()
    if found is None:
        raise CalibrationError(f"there is no calibration in {path}; make one: leuko calibrate")
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more tells what is too large without reading all of it.
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CalibrationError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: OSError) -> str:
    return f"calibration {path} cannot be read: {error.strerror}; check the path"


def _refuse_other_size(parts: Mapping[str, Part]) -> None:
    framed = {name: part for name, part in parts.items() if not isinstance(part, SitePart)}
    cameras = {name: part.origin.camera for name, part in framed.items()}
    sizes = {f"{camera.width} x {camera.height}" for camera in cameras.values()}
    if len(sizes) > 1:
        raise CalibrationError(
            f"one calibration cannot be of pictures of {' and of '.join(sorted(sizes))}; "
            "use pictures of the size that is counted, or undo the calibration before"
        )
