"""A smear under even and uneven light, and what a calibration is measured with."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from leuko.calibration import Circumstances, FrameUsed, Shot
from leuko.cells import RGBImage
from leuko.clock import Moment

HEIGHT, WIDTH = 192, 256
MOMENT = Moment("boot", 12.5, datetime(2026, 11, 20, 8, 30, tzinfo=UTC), clock_is_set=True)

Light = NDArray[np.float32]


@pytest.fixture(scope="session")
def circumstances() -> Circumstances:
    return Circumstances("Ada", MOMENT, "leuko-default 1", "b" * 64, "files")


@pytest.fixture(scope="session")
def even_fields() -> tuple[RGBImage, ...]:
    """Twelve places of one smear under even light, drawn as discs."""
    rng = np.random.default_rng(5)
    return tuple(_field(rng) for _ in range(12))


def _field(rng: np.random.Generator) -> RGBImage:
    rgb = np.full((HEIGHT, WIDTH, 3), 205, np.uint8)
    for _ in range(75):
        middle = (int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT)))
        cv2.circle(rgb, middle, 8, (190, 140, 145), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(rgb, middle, 3, (198, 160, 165), cv2.FILLED, cv2.LINE_AA)
    cv2.circle(rgb, (int(rng.integers(0, WIDTH)), 90), 13, (110, 60, 130), cv2.FILLED)
    soft = cv2.GaussianBlur(rgb, (0, 0), 0.8)
    return np.clip(soft + rng.normal(0, 1.5, rgb.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def pink_corners() -> Light:
    """Share of the light at each pixel: less towards the corners, least of all in green."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    far = ((x - 0.1) ** 2 + (y + 0.1) ** 2)[..., np.newaxis] / 2
    return np.asarray(1.1 - far * np.array([0.25, 0.45, 0.3]), np.float32)


@pytest.fixture(scope="session")
def shaded_fields(even_fields: tuple[RGBImage, ...], pink_corners: Light) -> tuple[RGBImage, ...]:
    """The same places under a light with pink corners."""
    return tuple(
        np.asarray(np.clip(np.rint(rgb * pink_corners), 0, 255), np.uint8) for rgb in even_fields
    )


@pytest.fixture
def fields(shaded_fields: tuple[RGBImage, ...], tmp_path: Path) -> Path:
    """A folder of fields whose light is uneven."""
    folder = tmp_path / "fields"
    folder.mkdir()
    for number, rgb in enumerate(shaded_fields):
        Image.fromarray(rgb).save(folder / f"{number:02}.png")
    return folder


@pytest.fixture(scope="session")
def shots() -> Callable[[Iterable[RGBImage]], Iterator[Shot]]:
    """Makes pictures with names and hashes of arrays."""

    def made(pictures: Iterable[RGBImage]) -> Iterator[Shot]:
        for number, rgb in enumerate(pictures, start=1):
            yield Shot(rgb, FrameUsed(name=f"{number}.png", sha256=f"{number:064}"))

    return made
