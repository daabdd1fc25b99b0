"""``leuko snap``: the camera's fields as plain pictures that everything else can read."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image, ImageFilter

from leuko.calibration import (
    CalibrationHistory,
    Circumstances,
    FrameUsed,
    ScalePart,
    Shot,
    different_fields,
    shots_of_folder,
)
from leuko.cells import RGBImage
from leuko.clock import Moment

Leuko = Callable[..., CompletedProcess[str]]
MOMENT = Moment("boot", 12.5, datetime(2026, 11, 20, 8, 30, tzinfo=UTC), clock_is_set=True)


@pytest.fixture
def snap(leuko: Leuko, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leuko:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_CONTROL_SOCKET", str(tmp_path / "socket"))
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "0")
    return partial(leuko, "snap")


def taken(
    pictures: list[RGBImage], *, wanted: int = 9, empty: int = 2
) -> tuple[list[int], list[str]]:
    """Which of some pictures are fields, counted from 0, and what was said of each."""
    used = FrameUsed(name="x", sha256="0" * 64)
    shots = [Shot(rgb, used) for rgb in pictures]
    said: list[str] = []
    found = different_fields(
        shots, wanted=wanted, empty=empty, told=lambda _fields, reason: said.append(reason)
    )
    return [next(at for at, one in enumerate(shots) if one is shot) for shot in found], said


def noisy(rgb: RGBImage, seed: int) -> RGBImage:
    noise = np.random.default_rng(seed).normal(0, 3, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def test_a_field_is_taken_once_the_view_rests_and_only_once(
    paired_fields: tuple[RGBImage, ...],
) -> None:
    a, b, c, *_ = paired_fields
    seen = [noisy(rgb, seed) for seed, rgb in enumerate([a, a, a, b, c, c, a, a])]
    assert taken(seen) == (
        [1, 5],
        ["moving", "", "move the slide on", "moving", "moving", "", "moving", "move the slide on"],
    )
    assert taken(seen, wanted=1)[0] == [1]


def test_of_empty_glass_two_pictures_are_taken(paired_fields: tuple[RGBImage, ...]) -> None:
    glass = np.full(paired_fields[0].shape, 230, np.uint8)
    shown = [noisy(glass, seed) for seed in range(5)]
    assert taken(shown)[0] == [1, 2]
    assert taken(shown, empty=0)[0] == []


def test_a_picture_with_a_flaw_is_no_field(paired_fields: tuple[RGBImage, ...]) -> None:
    used = FrameUsed(name="x", sha256="0" * 64)
    shots = [Shot(paired_fields[0], used)] * 3
    said: list[str] = []
    flaws = iter(["focus", ""])
    found = different_fields(
        shots, wanted=1, flaw=lambda _: next(flaws), told=lambda _, reason: said.append(reason)
    )
    assert len(list(found)) == 1
    assert said == ["moving", "focus", ""]


@pytest.fixture
def rested(paired_fields: tuple[RGBImage, ...], tmp_path: Path) -> Path:
    """A recording of a slide that rests on one field after the other for two pictures."""
    folder = tmp_path / "recording"
    folder.mkdir()
    for number, rgb in enumerate(paired_fields[:2]):
        for moment in "ab":
            Image.fromarray(rgb).save(folder / f"{number}{moment}.png")
    return folder


def test_fields_are_saved_as_the_camera_gives_them_and_nothing_is_overwritten(
    *, snap: Leuko, rested: Path, tmp_path: Path, paired_fields: tuple[RGBImage, ...]
) -> None:
    folder = tmp_path / "fields"
    folder.mkdir()
    (folder / "field-007.png").write_bytes(b"mine")
    run = snap(folder, "--fields", 2, "--camera", "replay", "--camera-source", rested, "--json")
    assert run.returncode == 0, run.stderr
    names = ["field-008.png", "field-009.png"]
    assert json.loads(run.stdout) == {"folder": str(folder), "fields": names, "wanted": 2}
    assert (folder / "field-007.png").read_bytes() == b"mine"
    (folder / "field-007.png").unlink()
    for shot, rgb in zip(shots_of_folder(folder), paired_fields, strict=False):
        assert np.array_equal(shot.rgb, rgb)


def test_at_a_known_scale_neither_a_blurred_view_nor_one_that_overlaps_is_taken(
    *, snap: Leuko, rested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_UM_PER_PX", "0.2")
    for path in rested.glob("0?.png"):
        with Image.open(path) as sharp:
            blurred = sharp.filter(ImageFilter.GaussianBlur(4))
        blurred.save(path)
    for moment in "ab":
        with Image.open(rested / "1a.png") as left:
            right = np.roll(np.asarray(left), -120, axis=1)
        Image.fromarray(right).save(rested / f"2{moment}.png")
    run = snap(tmp_path / "f", "--fields", 2, "--camera", "replay", "--camera-source", rested)
    assert (run.returncode, run.stdout) == (0, f"fields saved in {tmp_path / 'f'}: 1\n")
    assert run.stderr.splitlines() == ["leuko: focus", "leuko: move on, then rest"]


def test_a_scale_that_is_known_for_another_size_is_told_with_what_to_do(
    *, snap: Leuko, rested: Path, tmp_path: Path
) -> None:
    bench = Circumstances("Ada", MOMENT, "leuko-default 1", "b" * 64, "files")
    part = ScalePart(
        origin=bench.origin([], shape=(480, 640)),
        um_per_px=0.2,
        within_percent=1.0,
        method="stage micrometer",
        measured=20,
    )
    history = CalibrationHistory(tmp_path / "lab" / "calibration")
    taken = ("--fields", 2, "--camera", "replay", "--camera-source", rested)
    unknown = snap(tmp_path / "f", *taken, "--state-dir", tmp_path / "lab").stderr
    camera = f"--camera replay --camera-source {rested} --state-dir {tmp_path / 'lab'}"
    assert f"run leuko calibrate scale {camera} before fields" in unknown
    history.keep({"scale": part}, cause="scale", by="Ada")
    told = snap(tmp_path / "g", *taken, "--state-dir", tmp_path / "lab").stderr
    assert "the scale is known, but not for these pictures, so fields may overlap" in told
    assert "its scale is of 640 x 480 pixels, the camera gives 1280 x 960" in told
    assert f"leuko calibrate forget --state-dir {tmp_path / 'lab'} scale and" in told
    # No setting changes the size of files.
    assert "or go back with leuko calibrate undo" in told
    assert "frame_width" not in told


@pytest.mark.parametrize(("driver", "is_offered"), [("sim", True), ("opencv", False)])
def test_a_camera_may_be_set_to_the_size_of_a_known_scale_where_nothing_else_differs(
    *,
    snap: Leuko,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
    is_offered: bool,
) -> None:
    part = ScalePart(
        origin=Circumstances("Ada", MOMENT, "leuko-default 1", "b" * 64, driver).origin(
            [], shape=(480, 640)
        ),
        um_per_px=0.1,
        within_percent=1.0,
        method="stage micrometer",
        measured=20,
    )
    history = CalibrationHistory(tmp_path / "state" / "calibration")
    history.keep({"scale": part}, cause="scale", by="Ada")
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "20")
    taken = ("--camera", "sim", "--camera-source", "smear:1", "--fields", 1)
    told = snap(tmp_path / "f", *taken).stderr
    assert "the scale is known, but not for these pictures" in told
    remedy = ", or set frame_width to 640 and frame_height to 480\n"
    assert told.endswith(remedy) is is_offered
    if is_offered:
        monkeypatch.setenv("LEUKO_FRAME_WIDTH", "640")
        monkeypatch.setenv("LEUKO_FRAME_HEIGHT", "480")
        assert "the scale is known" not in snap(tmp_path / "f", *taken).stderr


def test_what_is_not_read_of_a_recording_is_told_as_the_command_tells_it(
    snap: Leuko, rested: Path, tmp_path: Path
) -> None:
    (rested / "2a.webp").touch()
    run = snap(tmp_path / "f", "--camera", "replay", "--camera-source", rested)
    told = f"leuko: 1 file in {rested} is not read (2a.webp): only PNG, JPEG, TIFF and BMP are"
    assert told in run.stderr.splitlines()


def test_a_sweep_takes_every_picture(snap: Leuko, rested: Path, tmp_path: Path) -> None:
    run = snap(
        tmp_path / "f", "--sweep", "--fields", 2, "--camera", "replay", "--camera-source", rested
    )
    assert run.stdout == f"fields saved in {tmp_path / 'f'}: 2\n"


def test_beside_a_running_service_the_camera_is_not_touched(snap: Leuko, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as service:
        service.bind(str(tmp_path / "socket"))
        service.listen()
        run = snap(tmp_path / "f", "--camera", "opencv")
    assert run.returncode == 1
    assert "the service is running and has the camera; stop it with: systemctl stop" in run.stderr
    assert not (tmp_path / "f").exists()
