"""Folders and files that the system does not let this user read: a sentence, never a traceback."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from leuko.calibration import cells_of_folder, load_calibration, shots_of_folder
from leuko.cli import main
from leuko.errors import CalibrationError, ImageError, LeukoError
from leuko.images import file_digest

NOBODY = 65534
TOO_LONG = "x" * 300
"""A name that the system refuses to look for, whoever asks."""


@pytest.fixture
def closed() -> Generator[Path]:
    """A class's folder that this user may not look into."""
    # What pytest makes for root is closed to everybody else from its top on.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    closed = folder / "neutrophil"
    closed.mkdir(mode=0)
    own = os.geteuid()
    if own == 0:
        # Root may look into everything.
        os.seteuid(NOBODY)
    try:
        yield closed
    finally:
        os.seteuid(own)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda closed: list(cells_of_folder(closed.parent, um_per_px=0.1)), CalibrationError),
        (lambda closed: list(cells_of_folder(closed / "cells", um_per_px=0.1)), CalibrationError),
        (load_calibration, CalibrationError),
        (lambda closed: load_calibration(closed / "lab.zip"), CalibrationError),
        (lambda closed: list(shots_of_folder(closed)), ImageError),
        (lambda closed: file_digest(closed / "one.png"), ImageError),
    ],
)
def test_what_this_user_may_not_read_is_named(
    closed: Path, read: Callable[[Path], object], error: type[LeukoError]
) -> None:
    with pytest.raises(error, match=r"neutrophil.* cannot be read: Permission denied; check"):
        read(closed)


@pytest.mark.parametrize(
    "command",
    [
        ("bundle", "show"),
        ("bundle", "verify"),
        ("calibrate", "import", "--yes"),
        ("calibrate", "site", "--um-per-px", "0.1"),
        ("count", "any.png", "--out", "out", "--calibration"),
    ],
)
def test_a_path_that_the_system_refuses_is_one_sentence(
    *,
    command: tuple[str, ...],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path))
    with pytest.raises(SystemExit) as left:
        main([*command, TOO_LONG])
    assert left.value.code == 1
    (told,) = capfd.readouterr().err.splitlines()
    assert told.startswith("leuko: ")
    assert TOO_LONG in told
