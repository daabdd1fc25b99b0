"""Checks as they are kept, without pictures."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from leuko.calibration import CameraUsed, Origin
from leuko.checks import CheckRecord, Measured
from leuko.clock import Moment

MOMENT = Moment("boot", 1000.0, datetime(2026, 11, 20, 8, tzinfo=UTC), clock_is_set=True)
USUAL = Measured(
    located_percent=100, sharpness=2.4, background=230, nuclei_density=0.9, scale_percent=100
)


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
