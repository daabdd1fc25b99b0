"""The calibrations of a device in its state directory: numbered files that are only added to.

``calibration-000007.zip`` is the seventh, whole by itself; undoing it adds the eighth, which says
what the sixth said. A power cut leaves either a file or none.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from leuko.calibration._archive import (
    Calibration,
    gain_png,
    packed,
    read_file,
    site_file,
    unpacked,
)
from leuko.calibration._kept import KeptCalibrations
from leuko.calibration._lines import as_line
from leuko.calibration._numbered import NumberedFiles
from leuko.calibration._parts import named_parts, numbered, refuse_other_size, spoken
from leuko.calibration._record import CalibrationRecord, Part
from leuko.clock import Moment, now
from leuko.errors import CalibrationError, OutputError

FOLDER_NAME = "calibration"
"""The folder of the calibrations in the state directory."""

_Files = tuple[bytes | None, bytes | None]
"""What lies beside a record: the flat field's PNG and the adaptation's array."""


class CalibrationHistory(KeptCalibrations):
    """All calibrations of one device, to which others are added."""

    def __init__(self, folder: Path, *, clock: Callable[[], Moment] = now) -> None:
        """Name the folder; it is made when the first calibration is kept.

        Args:
            folder: that of the calibrations, `FOLDER_NAME` in the state directory.
            clock: gives the present moment.
        """
        super().__init__(
            NumberedFiles(folder, "calibration", ".zip", "calibrations", "leuko calibrate")
        )
        self._clock = clock

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
            before = present.record.number if present else None
            told = present.record.parts if present else {}
            refuse_other_size(told, parts)
            if gain is None and "flat_field" in told:
                gain = gain_png(self._content(before or 0))
            if site is None and "site" in told:
                site = site_file(self._content(before or 0))
            files = (gain, site)
            together = {**told, **numbered(parts, number)}
            return self._put(number, together, files, cause=cause, by=by, before=before)

    def forget(self, names: Collection[str] = (), *, by: str) -> Calibration:
        """Add a calibration that says what the present one says, but for some parts.

        Args:
            names: of the parts, as a person writes them; none for all, even where no calibration
                is whole.
            by: who drops them.

        Raises:
            CalibrationError: they are not there.
            OutputError: the state directory takes no files.
        """
        with self._files.adding() as number:
            present, gone = self._to_forget(names)
            told = present.record.parts if present else {}
            kept = {name: part for name, part in told.items() if name not in gone}
            before = present.record.number if present else None
            content = self._content(before or 0) if kept else b""
            files = (
                gain_png(content) if "flat_field" in kept else None,
                site_file(content) if "site" in kept else None,
            )
            cause = f"forgot {spoken(gone) if kept else 'all'}"
            return self._put(number, kept, files, cause=cause, by=by, before=before)

    def refuse_to_forget(self, names: Collection[str] = ()) -> None:
        """Refuse to drop parts that are not there.

        Args:
            names: of the parts, as a person writes them; none for all.

        Raises:
            CalibrationError: they are not there.
        """
        self._to_forget(names)

    def _to_forget(self, names: Collection[str]) -> tuple[Calibration | None, tuple[str, ...]]:
        """Return the calibration in use, and what is to be dropped of it."""
        present, problem = self._newest_whole()
        told = present.record.parts if present else {}
        if not told and (names or present or not problem):
            raise CalibrationError("there is no calibration to forget; calibrate first")
        return present, named_parts(names, told) if names else tuple(told)

    def refuse_to_undo(self) -> None:
        """Refuse to go back where there is nothing to undo.

        Raises:
            CalibrationError: there is not, or the calibrations cannot be read.
        """
        self._to_undo()

    def _to_undo(self) -> CalibrationRecord:
        present = self.current()
        if present is None or (present.record.before is None and not present.record.parts):
            raise CalibrationError("there is no calibration to undo")
        return present.record

    def undo(self, *, by: str) -> Calibration:
        """Add a calibration that says what the one before the present one said.

        Raises:
            CalibrationError: there is nothing to undo, or the one before cannot be read.
            OutputError: the state directory takes no files.
        """
        with self._files.adding() as number:
            record = self._to_undo()
            cause = f"undo of {record.number}"
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
            if not file.parent.is_dir():
                raise OutputError(f"there is no folder {file.parent}; make it, or choose another")
        self._files.put(file, self._content(present.record.number))
        return present

    def import_file(self, file: Path, *, by: str) -> Calibration:
        """Add the calibration that a file holds, as of `export`.

        Raises:
            CalibrationError: the file is missing, damaged or foreign.
            OutputError: the state directory takes no files.
        """
        content = read_file(file)
        found = unpacked(content, str(file))
        cause = f"import of {found.record.number} from {file.name}"
        with self._files.adding() as number:
            present, _ = self._newest_whole()
            before = present.record.number if present else None
            # What the parts were numbered on another device says nothing of this one.
            parts = numbered(found.record.parts, number)
            files = (gain_png(content), site_file(content))
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
