"""What ``leuko run`` refuses to start with, each in one line that says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from leuko.calibration import CalibrationHistory
from leuko.cli import main
from leuko.service import STORE_NAME
from leuko.store import Store

Calibrated = Callable[[Path], CalibrationHistory]


def refused(capfd: pytest.CaptureFixture[str], tmp_path: Path, *options: str) -> str:
    """Return the one line with which ``leuko run`` refuses to start."""
    paths = ["--state-dir", str(tmp_path / "state"), "--socket", str(tmp_path / "socket")]
    with pytest.raises(SystemExit) as exited:
        main(["run", "--um-per-px", "0.2", *paths, *options])
    errors = capfd.readouterr().err
    lines = [line for line in errors.splitlines() if line.startswith("leuko: ")]
    assert (exited.value.code, len(lines)) == (1, 1)
    assert "Traceback" not in errors
    return lines[0]


def test_a_camera_driver_that_is_unknown_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEUKO_CAMERA", "nix")
        assert "no camera driver 'nix'; choose" in refused(capfd, tmp_path)


def test_a_folder_that_may_not_be_written_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # Not even root makes a folder there.
    line = refused(capfd, tmp_path, "--camera", "sim", "--state-dir", "/sys/leuko")
    assert "look at the disk, the folder and its permissions" in line


def test_a_second_service_on_the_same_sessions_is_refused_before_it_opens_a_camera(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with (
        Store.opened(tmp_path / "state" / STORE_NAME),
        pytest.MonkeyPatch.context() as environment,
    ):
        # There is no such driver, which only matters once a camera is opened.
        environment.setenv("LEUKO_CAMERA", "nix")
        assert "another leuko process has it open; stop that one first" in refused(capfd, tmp_path)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("LEUKO_TARGET", "the setting target: 'many' is no target of a count"),
        ("LEUKO_BUTTONS", "'many' is no button"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_before_anything_is_opened(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, setting: str, words: str
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(setting, "many")
        assert words in refused(capfd, tmp_path, "--camera", "sim")
    assert not (tmp_path / "state").exists()


def test_the_calibration_of_another_camera_is_refused_before_anything_is_opened(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, calibrated: Calibrated
) -> None:
    calibrated(tmp_path / "state")
    line = refused(capfd, tmp_path, "--camera", "sim")
    assert "its scale is of 480 x 360 pixels, the camera gives 1280 x 960" in line
    assert not (tmp_path / "state" / STORE_NAME).exists()


def test_a_display_driver_that_is_unknown_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEUKO_DISPLAY", "nix")
        line = refused(capfd, tmp_path, "--camera", "sim")
    assert "no display driver 'nix'; choose one of none, framebuffer" in line


def test_a_display_too_small_to_read_is_refused_before_anything_is_opened(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEUKO_DISPLAY", "png")
        environment.setenv("LEUKO_DISPLAY_WIDTH", "100")
        environment.setenv("LEUKO_DISPLAY_HEIGHT", "30")
        line = refused(capfd, tmp_path, "--camera", "sim")
    assert "too small to read: display_width = 100 and display_height = 30; set" in line
    assert "set at least 128 x 64, or 0 to ask the driver" in line
    assert not (tmp_path / "state").exists()
