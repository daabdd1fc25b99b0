"""What every camera driver keeps to.

Two drivers need hardware: ``opencv`` takes the camera at ``/dev/video0``, ``picamera2`` the first
one on the ribbon cable. Put anything but darkness before the lens.
"""

import itertools
import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from leuko.cameras import Camera, CameraOptions, Frame, list_cameras, load_camera
from leuko.errors import CameraError, SettingsError

WIDTH, HEIGHT = 320, 240
READS = 6


def of_folder(request: pytest.FixtureRequest) -> tuple[str, CameraOptions]:
    folder = request.getfixturevalue("image_folder")
    return "replay", CameraOptions(source=str(folder), frames_per_s=0)


def of_video(request: pytest.FixtureRequest) -> tuple[str, CameraOptions]:
    return "replay", CameraOptions(source=str(request.getfixturevalue("video")), frames_per_s=0)


def of_video_by_opencv(request: pytest.FixtureRequest) -> tuple[str, CameraOptions]:
    video = request.getfixturevalue("video")
    return "opencv", CameraOptions(source=str(video), width=WIDTH, height=HEIGHT)


def of_simulated_slide(_: pytest.FixtureRequest) -> tuple[str, CameraOptions]:
    return "sim", CameraOptions(width=WIDTH, height=HEIGHT, frames_per_s=0)


def of_usb(_: pytest.FixtureRequest) -> tuple[str, CameraOptions]:
    if not Path("/dev/video0").exists():
        pytest.skip("no camera at /dev/video0")
    return "opencv", CameraOptions(source="0", width=640, height=480)


def of_pi(_: pytest.FixtureRequest) -> tuple[str, CameraOptions]:
    pytest.importorskip("picamera2")
    return "picamera2", CameraOptions()


@pytest.fixture(
    params=[
        of_folder,
        of_video,
        of_video_by_opencv,
        of_simulated_slide,
        pytest.param(of_usb, marks=pytest.mark.hardware),
        pytest.param(of_pi, marks=pytest.mark.hardware),
    ]
)
def driver(request: pytest.FixtureRequest) -> tuple[str, CameraOptions]:
    found: tuple[str, CameraOptions] = request.param(request)
    return found


@pytest.fixture
def camera(driver: tuple[str, CameraOptions]) -> Generator[Camera]:
    with closing(load_camera(*driver)) as opened:
        yield opened


def frames(camera: Camera, number: int = READS) -> list[Frame]:
    read = [camera.read() for _ in range(number)]
    return [frame for frame in read if frame is not None]


def test_pictures_are_rgb_bytes_of_one_size(camera: Camera) -> None:
    pictures = [frame.rgb for frame in frames(camera)]
    assert len(pictures) == READS
    assert {picture.shape for picture in pictures} == {pictures[0].shape}
    assert all(picture.dtype == np.uint8 and picture.ndim == 3 for picture in pictures)
    assert pictures[0].shape[2] == 3


def test_numbers_rise(camera: Camera) -> None:
    numbers = [frame.number for frame in frames(camera)]
    assert numbers[0] >= 0
    assert all(after > before for before, after in itertools.pairwise(numbers))


def test_pictures_are_stamped_by_the_monotonic_clock(camera: Camera) -> None:
    before_s = time.monotonic()
    stamps = [frame.captured_s for frame in frames(camera)]
    assert stamps == sorted(stamps)
    assert before_s - 1 <= stamps[0]
    assert stamps[-1] <= time.monotonic()


def test_a_picture_is_left_alone_by_the_next(camera: Camera) -> None:
    first = camera.read()
    assert first is not None
    kept = first.rgb.copy()
    frames(camera)
    np.testing.assert_array_equal(first.rgb, kept)


def test_two_pictures_are_never_the_same(camera: Camera) -> None:
    pictures = {frame.rgb.tobytes() for frame in frames(camera)}
    assert len(pictures) == READS


def test_a_camera_has_a_name(camera: Camera) -> None:
    assert camera.name.strip()


def test_a_camera_is_closed_twice_without_harm(camera: Camera) -> None:
    camera.close()
    camera.close()


def test_a_camera_opens_again_after_it_was_closed(driver: tuple[str, CameraOptions]) -> None:
    for _ in range(2):
        with closing(load_camera(*driver)) as camera:
            assert camera.read() is not None


@pytest.mark.parametrize("driver_name", ["opencv", "replay"])
def test_a_missing_source_is_named(driver_name: str, tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    with pytest.raises(CameraError, match=str(missing)):
        load_camera(driver_name, CameraOptions(source=str(missing)))


def test_a_pi_camera_without_picamera2_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="apt install python3-picamera2") as refused:
        load_camera("picamera2", CameraOptions())
    _, _, others = str(refused.value).partition("choose another camera: ")
    named = {part.split()[0] for part in others.split(", ")}
    assert named == {"opencv", "sim"}
    assert named <= set(list_cameras())


def test_all_drivers_are_listed() -> None:
    assert {"opencv", "picamera2", "replay", "sim"} <= set(list_cameras())


def test_an_unknown_driver_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'webcam'; choose one of .*opencv.*replay"):
        load_camera("webcam", CameraOptions())


@pytest.mark.parametrize("name", ["no_such_module:Camera", "leuko.cameras:NoSuchCamera"])
def test_a_driver_that_cannot_be_imported_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} cannot be imported"):
        load_camera(name, CameraOptions())
