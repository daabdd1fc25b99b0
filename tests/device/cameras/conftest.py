"""Recordings, and the faulty cameras on the path of the processes that open them."""

import contextlib
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from leuko.cameras import CameraOptions, CameraProcess
from leuko.cells import RGBImage

WIDTH, HEIGHT = 320, 240
PICTURES = 12


def reddish(seed: int) -> RGBImage:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH, 3)), (0, 0), 4)
    return np.asarray(np.clip((200, 120, 60) + 200 * noise, 0, 255), np.uint8)


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for number in range(PICTURES):
        Image.fromarray(reddish(number)).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("video") / "slide.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 20, (WIDTH, HEIGHT))
    for number in range(PICTURES):
        writer.write(cv2.cvtColor(reddish(number), cv2.COLOR_RGB2BGR))
    writer.release()
    return file


@pytest.fixture
def start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Generator[Callable[..., CameraProcess]]:
    """Start one of the faulty cameras in its process; close it after the test."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    openings = tmp_path / "openings"
    openings.mkdir()
    with contextlib.ExitStack() as stack:

        def started(
            kind: str,
            *,
            source: Path = openings,
            width: int = WIDTH,
            height: int = HEIGHT,
            frames_per_s: float = 50,
            **limits: float,
        ) -> CameraProcess:
            options = CameraOptions(str(source), width, height, frames_per_s)
            camera = CameraProcess(f"faulty_cameras:{kind}", options, **limits)
            stack.enter_context(closing(camera))
            return camera

        yield started
