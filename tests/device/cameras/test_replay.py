"""Recordings as a camera."""

import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.cameras import Camera, CameraOptions, Frame, load_camera
from leuko.errors import CameraError


def replay(source: Path, *, frames_per_s: float = 0) -> Camera:
    return load_camera("replay", CameraOptions(source=str(source), frames_per_s=frames_per_s))


def all_of(camera: Camera) -> list[Frame]:
    with closing(camera):
        return list(iter(camera.read, None))


@pytest.fixture
def two_images(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        picture = rng.integers(0, 256, (60, 80, 3)).astype(np.uint8)
        Image.fromarray(picture).save(tmp_path / name)
    return tmp_path


def test_images_come_in_the_order_of_their_names(image_folder: Path) -> None:
    frames = all_of(replay(image_folder))
    for frame, file in zip(frames, sorted(image_folder.iterdir()), strict=True):
        np.testing.assert_array_equal(frame.rgb, np.asarray(Image.open(file)))


def test_images_of_a_kind_that_is_not_read_are_told_of(
    two_images: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (two_images / "c.webp").touch()
    (two_images / "within").mkdir()
    (two_images / "within" / "d.png").touch()
    assert len(all_of(replay(two_images))) == 2
    assert f"1 file in {two_images} is not read (c.webp): only PNG, " in caplog.text
    # One folder alone is replayed: there is none to be named besides.
    told = f"a folder with images in {two_images} is not looked into (within)"
    assert caplog.messages[-1] == told


def test_a_video_keeps_its_colours(video: Path) -> None:
    frames = all_of(replay(video))
    assert [frame.number for frame in frames] == list(range(12))
    np.testing.assert_allclose(frames[0].rgb.mean(axis=(0, 1)), (200, 120, 60), atol=6)


def test_opencv_keeps_the_colours(video: Path) -> None:
    options = CameraOptions(source=str(video), width=320, height=240)
    frames = all_of(load_camera("opencv", options))
    assert len(frames) == 12
    np.testing.assert_allclose(frames[0].rgb.mean(axis=(0, 1)), (200, 120, 60), atol=6)


def test_opencv_refuses_a_size_that_is_not_given(video: Path) -> None:
    with pytest.raises(CameraError, match="320 x 240 pixels instead of 1280 x 960"):
        load_camera("opencv", CameraOptions(source=str(video)))


def test_after_the_end_there_is_still_nothing(image_folder: Path) -> None:
    camera = replay(image_folder)
    assert len(all_of(camera)) == 12
    assert camera.read() is None


def test_real_time_takes_its_time(two_images: Path) -> None:
    camera = replay(two_images, frames_per_s=10)
    started_s = time.monotonic()
    stamps = [frame.captured_s for frame in all_of(camera)]
    assert stamps[0] - started_s < 0.1
    assert stamps[1] - stamps[0] >= 0.08


def test_a_broken_image_is_named(two_images: Path) -> None:
    broken = two_images / "b.png"
    broken.write_bytes(broken.read_bytes()[:2000])
    with closing(replay(two_images)) as camera:
        assert camera.read() is not None
        with pytest.raises(CameraError, match=rf"{broken} is truncated"):
            camera.read()


def test_an_image_of_another_size_is_named(two_images: Path) -> None:
    Image.new("RGB", (90, 60)).save(two_images / "c.png")
    with closing(replay(two_images)) as camera:
        assert camera.read() is not None
        assert camera.read() is not None
        with pytest.raises(CameraError, match=r"c\.png is 90 x 60 pixels, the first picture 80 x"):
            camera.read()


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no images in"):
        replay(tmp_path)


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.avi"
    file.write_text("no video at all")
    with pytest.raises(CameraError, match="is no video that can be read"):
        replay(file)
