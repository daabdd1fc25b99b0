"""The calibration that a person names: a file, or the present one of a device."""

from pathlib import Path

from leuko.calibration._archive import Calibration, read_file, unpacked, unreadable
from leuko.calibration._history import FOLDER_NAME, CalibrationHistory
from leuko.errors import CalibrationError


def load_calibration(path: Path) -> Calibration:
    """Return the calibration in a file, or the present one of a folder or state directory.

    Raises:
        CalibrationError: there is none, or it is damaged or foreign.
    """
    try:
        if not path.is_dir():
            return unpacked(read_file(path), str(path))
        folder = path / FOLDER_NAME if (path / FOLDER_NAME).is_dir() else path
    except OSError as error:
        raise CalibrationError(unreadable(path, error)) from error
    found = CalibrationHistory(folder).current()
    if found is None:
        raise CalibrationError(f"there is no calibration in {path}; make one: leuko calibrate")
    return found
