"""``leuko calibrate white-balance`` and ``exposure``, from the command line to the next opening."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.calibration import load_calibration
from leuko.cameras import Locks
from leuko.cells import RGBImage
from leuko.cli import main
from leuko.service import camera_options
from leuko.settings import Settings

Calibrate = Callable[..., tuple[int | str | None, str, str]]


@pytest.fixture
def calibrate(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Calibrate:
    small = {"FRAME_WIDTH": "320", "FRAME_HEIGHT": "240", "UM_PER_PX": "0.25", "FRAMES_PER_S": "0"}
    for name, value in {**small, "STATE_DIR": str(tmp_path / "state")}.items():
        monkeypatch.setenv(f"LEUKO_{name}", value)

    def run(*arguments: object) -> tuple[int | str | None, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["calibrate", *map(str, arguments)])
        printed = capfd.readouterr()
        return left.value.code or 0, printed.out, printed.err

    return run


def test_what_is_kept_is_what_the_camera_is_opened_with(
    calibrate: Calibrate, large_field: Path, tmp_path: Path
) -> None:
    slide = ("--camera", "sim", "--camera-source", f"fields:{large_field}@0.25")
    code, out, err = calibrate("exposure", *slide, "--yes", "--json")
    assert code == 0, err
    told = json.loads(out)["exposure"]
    assert told["level"] == pytest.approx(235, abs=6)
    assert told["origin"]["camera"]["driver"] == "sim"
    kept = load_calibration(tmp_path / "state")
    opened = camera_options(Settings(), kept).locks
    assert opened == Locks(exposure_us=told["exposure_us"], analogue_gain=told["analogue_gain"])
    assert camera_options(Settings(exposure_us=777), kept).locks.exposure_us == 777
    assert f"{told['exposure_us']} µs" in calibrate("show")[1]


@pytest.fixture
def large_field(even_fields: tuple[RGBImage, ...], tmp_path: Path) -> Path:
    """A slide of 768 x 576 pixels."""
    folder = tmp_path / "slide"
    folder.mkdir()
    rows = [np.hstack(even_fields[start : start + 3]) for start in (0, 3, 6)]
    Image.fromarray(np.vstack(rows)).save(folder / "one.tif")
    return folder


@pytest.fixture
def saved(even_fields: tuple[RGBImage, ...], tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    for number, rgb in enumerate(even_fields[:2]):
        dim = np.asarray(rgb * np.array([0.6, 0.6, 0.5]), np.uint8)
        Image.fromarray(dim).save(folder / f"{number}.png")
    return folder


def test_saved_pictures_are_judged_and_nothing_is_kept(calibrate: Calibrate, saved: Path) -> None:
    code, out, _ = calibrate("white-balance", "--from", saved)
    assert code == 0
    assert out.endswith("saved pictures set no camera: nothing is kept\n")
    assert re.search(r"the background is at 12[23]/12[23]/10[23] of 255", out)
    assert "the light 2." in out
    assert "the blue gain 1.4 times as large; leave the red gain as it is\n" in out
    told = json.loads(calibrate("exposure", "--from", saved, "--json", "--yes")[1])
    assert told["kept"] is None
    assert calibrate("show")[1] == "this device is not calibrated\n"


def test_what_need_not_be_changed_is_said(
    calibrate: Calibrate, even_fields: tuple[RGBImage, ...], tmp_path: Path
) -> None:
    for number, rgb in enumerate(even_fields[:2]):
        Image.fromarray(np.asarray(rgb * 0.6, np.uint8)).save(tmp_path / f"{number}.png")
    _, out, _ = calibrate("white-balance", "--from", tmp_path)
    assert " times as large; leave the red gain and the blue gain as they are\n" in out


def test_saved_pictures_take_no_keys_for_nothing_is_asked(
    calibrate: Calibrate, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_BUTTONS", "start=18")
    code, _, err = calibrate("exposure", "--from", saved)
    assert (code, err) == (0, "")


def test_a_recording_is_refused_in_one_sentence(calibrate: Calibrate, saved: Path) -> None:
    code, _, err = calibrate("exposure", "--camera", "replay", "--camera-source", saved, "--yes")
    assert code == 1
    assert "has no exposure that can be set" in err
    assert len(err.splitlines()) == 1
