"""A calibration as one file: a zip with the record and its parts' files, checked on reading.

Nothing of it is ever unpacked onto a disk, only names that are expected are looked at, and no more
is read than a calibration can have.
"""

import hashlib
import io
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pydantic import ValidationError

from leuko.adaptation import SiteAdapter
from leuko.bundle import ZIP_DAMAGE
from leuko.calibration._record import FORMAT, CalibrationRecord, FlatFieldPart
from leuko.calibration._site_file import SITE, read_site
from leuko.errors import CalibrationError
from leuko.vision.flat_field import FlatField
from leuko.vision.shading import LARGEST_GAIN

RECORD = "calibration.json"
FLAT_FIELD = "flat-field.png"

LARGEST_BYTES = 4 * 2**20
"""All of a calibration, unpacked; the largest there is has a tenth of it."""

_UNIT = 8192
"""What stands for a factor of 1 in the flat field's 16 bits."""
_PNG = struct.Struct(">8s4x4sIIB")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS = 16
_DATE = (1980, 1, 1, 0, 0, 0)
"""Equal calibrations are equal files."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibration, whole and checked.

    Attributes:
        record: what was measured.
        flat_field: what evens out the light; None if that was not measured.
        sha256: hash of its file.
        adapter: adapts the classifier to this laboratory; None if that was not fitted.
    """

    record: CalibrationRecord
    flat_field: FlatField | None
    sha256: str
    adapter: SiteAdapter | None = None

    @property
    def summary(self) -> dict[str, object]:
        """What is kept of it with each session: its number, hash and figures, without frames."""
        parts = {
            name: part.model_dump(mode="json", exclude={"origin": {"frames": True}})
            for name, part in self.record.parts.items()
        }
        return {"number": self.record.number, "sha256": self.sha256, **parts}


def coded_gain(flat_field: FlatField) -> bytes:
    """Return a flat field's factors as a PNG of 16 bits a channel.

    Raises:
        CalibrationError: OpenCV cannot code it.
    """
    steps = np.rint(flat_field.gain * _UNIT).clip(1, 65535).astype(np.uint16)
    is_coded, content = cv2.imencode(".png", steps[..., ::-1])
    if not is_coded:
        raise CalibrationError("the flat field cannot be coded; install OpenCV again")
    return content.tobytes()


def packed(
    record: CalibrationRecord, gain_png: bytes | None, site_file: bytes | None = None
) -> bytes:
    """Return a calibration as the content of its file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        text = record.model_dump_json(indent=1)
        archive.writestr(zipfile.ZipInfo(RECORD, _DATE), text, zipfile.ZIP_DEFLATED)
        if gain_png is not None:
            archive.writestr(zipfile.ZipInfo(FLAT_FIELD, _DATE), gain_png)
        if site_file is not None:
            archive.writestr(zipfile.ZipInfo(SITE, _DATE), site_file)
    return content.getvalue()


def unpacked(content: bytes, name: str) -> Calibration:
    """Return the calibration in a file's content, once it is known to be whole.

    Args:
        content: of the file.
        name: what the file is called, for messages.

    Raises:
        CalibrationError: it is damaged, foreign, too large or of another format.
    """
    files = _files(content, name)
    record = _record(files[RECORD], name)
    flat_field = _flat_field(files.get(FLAT_FIELD), record.flat_field, name)
    adapter = _adapter(files.get(SITE), record, name)
    return Calibration(record, flat_field, hashlib.sha256(content).hexdigest(), adapter)


def read_file(path: Path) -> bytes:
    """Return the content of a calibration's file, of one that is too large only its beginning.

    Raises:
        CalibrationError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            # One byte more tells what is too large without reading all of it.
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CalibrationError(unreadable(path, error)) from error


def unreadable(path: Path, error: OSError) -> str:
    """Return the sentence on why the system does not give a calibration."""
    return f"calibration {path} cannot be read: {error.strerror}; check the path"


def gain_png(content: bytes) -> bytes | None:
    """Return the flat field's PNG of a file that `unpacked` has checked; None if it has none."""
    return _files(content, RECORD).get(FLAT_FIELD)


def site_file(content: bytes) -> bytes | None:
    """Return the adaptation's file of one that `unpacked` has checked; None if it has none."""
    return _files(content, RECORD).get(SITE)


def _files(content: bytes, name: str) -> dict[str, bytes]:
    if len(content) > LARGEST_BYTES:
        raise _foreign(name, f"it is larger than {LARGEST_BYTES >> 20} MB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_entries(archive.infolist(), name)
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except CalibrationError:
        raise
    except ZIP_DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CalibrationError(
            f"{name} is damaged or no calibration ({reason}); export it again, or calibrate anew"
        ) from error


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    names = [entry.filename for entry in entries]
    strange = [one for one in names if one not in {RECORD, FLAT_FIELD, SITE}]
    if strange or RECORD not in names or len(set(names)) < len(names):
        listed = ", ".join(repr(one[:40]) for one in (strange or names)[:3])
        raise _foreign(name, f"it holds {listed or 'nothing'}")
    # zipfile reads no more of an entry than its directory says.
    if sum(entry.file_size for entry in entries) > LARGEST_BYTES:
        raise _foreign(name, f"it unpacks to more than {LARGEST_BYTES >> 20} MB")


def _record(content: bytes, name: str) -> CalibrationRecord:
    try:
        return CalibrationRecord.model_validate_json(content)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        if where == "format":
            raise CalibrationError(
                f"{name} is of format {problem['input']!r}, this device reads {FORMAT}; update "
                "leuko, or calibrate anew"
            ) from error
        raise _foreign(name, f"{where or RECORD}: {problem['msg']}") from error


def _flat_field(png: bytes | None, part: FlatFieldPart | None, name: str) -> FlatField | None:
    if png is None or part is None:
        if png is not None or part is not None:
            raise _foreign(name, f"its record and its {FLAT_FIELD} do not belong together")
        return None
    if hashlib.sha256(png).hexdigest() != part.sha256:
        raise _foreign(name, f"{FLAT_FIELD} is not the one that its record lists")
    if len(png) < _PNG.size:
        raise _foreign(name, f"{FLAT_FIELD} is no picture")
    # The size is looked at before anything is decoded.
    signature, kind, columns, rows, bits = _PNG.unpack_from(png)
    is_ours = (signature, kind, bits) == (_SIGNATURE, b"IHDR", _BITS)
    if not is_ours or (rows, columns) != (part.rows, part.columns):
        raise _foreign(name, f"{FLAT_FIELD} is no picture of the size that its record says")
    steps = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if steps is None or steps.dtype != np.uint16 or steps.shape != (rows, columns, 3):
        raise _foreign(name, f"{FLAT_FIELD} cannot be read")
    gain = steps[..., ::-1].astype(np.float32) / _UNIT
    if not 1 / 16 < float(gain.min()) <= float(gain.max()) <= 1.01 * LARGEST_GAIN:
        raise _foreign(name, f"{FLAT_FIELD} would darken or brighten beyond all sense")
    camera = part.origin.camera
    return FlatField(np.ascontiguousarray(gain), (camera.height, camera.width))


def _adapter(content: bytes | None, record: CalibrationRecord, name: str) -> SiteAdapter | None:
    try:
        return read_site(content, record.site)
    except ValueError as error:
        raise _foreign(name, str(error)) from error


def _foreign(name: str, reason: str) -> CalibrationError:
    return CalibrationError(
        f"{name} is no calibration that this device can use ({reason}); give a file that "
        "leuko calibrate export has written, or calibrate anew"
    )
