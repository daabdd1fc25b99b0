"""Checks as they are kept, without pictures; and a slide that fields are cut from."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from leuko.calibration import CameraUsed, Origin
from leuko.cells import RGBImage
from leuko.checks import CheckRecord, Measured
from leuko.clock import Moment

MOMENT = Moment("boot", 1000.0, datetime(2026, 11, 20, 8, tzinfo=UTC), clock_is_set=True)
USUAL = Measured(
    located_percent=100, sharpness=2.4, background=230, nuclei_density=0.9, scale_percent=100
)

NEUTROPHIL = (163, 41, 41)
"""What the tiny bundle names so."""
LEUKOCYTES = ((110, 90), (290, 210), (520, 130), (690, 220), (130, 400), (330, 520), (650, 480))
"""Middles of the leukocytes on the slide, x and y."""


def at(hours: float, *, boot: str = "boot", clock_is_set: bool = True) -> Moment:
    """So many hours later, in the same start of the machine or in another."""
    monotonic_s = MOMENT.monotonic_s + 3600 * hours if boot == MOMENT.boot_id else 10.0
    return Moment(boot, monotonic_s, MOMENT.wall + timedelta(hours=hours), clock_is_set)


@pytest.fixture(scope="session")
def later() -> Callable[..., Moment]:
    return at


@pytest.fixture(scope="session")
def origin() -> Origin:
    camera = CameraUsed(driver="files", width=400, height=300)
    return Origin(
        moment=MOMENT, by="Ada", frames=(), camera=camera, bundle="b 1", bundle_sha256="b" * 64
    )


@pytest.fixture(scope="session")
def check(origin: Origin) -> Callable[..., CheckRecord]:
    """Makes a check whose values are the usual ones but for those that are given."""

    def made(
        number: int = 1,
        *,
        failures: tuple[str, ...] = (),
        calibration: int | None = 1,
        moment: Moment = MOMENT,
        driver: str = "files",
        bundle: str = "b",
        **values: float | None,
    ) -> CheckRecord:
        camera = origin.camera.model_copy(update={"driver": driver})
        made_with = {"camera": camera, "bundle_sha256": bundle * 64}
        return CheckRecord(
            number=number,
            moment=moment,
            by="Ada",
            origin=origin.model_copy(update=made_with),
            calibration=calibration,
            located=20,
            missed=0,
            measured=USUAL.model_copy(update=values),
            failures=failures,
        )

    return made


@pytest.fixture(scope="session")
def smear() -> RGBImage:
    """A slide of 800 x 640 pixels of 0.2 µm: red cells of all kinds, and `LEUKOCYTES`."""
    rng = np.random.default_rng(21)
    rgb = np.full((640, 800, 3), 235, np.uint8)
    for _ in range(420):
        middle = (int(rng.integers(0, 800)), int(rng.integers(0, 640)))
        axes = (int(rng.integers(12, 22)), int(rng.integers(12, 22)))
        level = int(rng.integers(150, 185))
        cv2.ellipse(rgb, middle, axes, 0, 0, 360, (level + 45, level, level + 5), cv2.FILLED)
        pale = (level + 50, level + 25, level + 30)
        cv2.circle(rgb, middle, int(rng.integers(2, 9)), pale, cv2.FILLED)
    for middle in LEUKOCYTES:
        axes = (int(rng.integers(27, 38)), int(rng.integers(27, 38)))
        cv2.ellipse(rgb, middle, axes, 0, 0, 360, NEUTROPHIL, cv2.FILLED)
    grain = cv2.GaussianBlur(rng.normal(0, 60, (640, 800, 1)), (0, 0), 3)[..., None]
    soft = cv2.GaussianBlur(rgb, (0, 0), 0.7)
    return np.clip(soft + grain + rng.normal(0, 2, rgb.shape), 0, 255).astype(np.uint8)
