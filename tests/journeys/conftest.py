"""A calibration for the journeys that need one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from leuko.calibration import FOLDER_NAME, CalibrationHistory, Circumstances, ScalePart
from leuko.clock import now


@pytest.fixture
def calibrated() -> Callable[[Path], CalibrationHistory]:
    """Keeps in a state directory a scale for frames of the size that the journeys ask for."""

    def keep(state: Path) -> CalibrationHistory:
        circumstances = Circumstances("Ada", now(), "leuko-default", "b" * 64, "sim", "smear:1")
        history = CalibrationHistory(state / FOLDER_NAME)
        part = ScalePart(
            origin=circumstances.origin([], shape=(360, 480)),
            um_per_px=0.2,
            within_percent=0.1,
            method="stage micrometer",
            measured=40,
        )
        history.keep({"scale": part}, cause="scale", by="Ada")
        return history

    return keep
