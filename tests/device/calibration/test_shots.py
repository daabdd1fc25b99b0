"""Pictures of the camera: two a second, for as long as a person may take."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from leuko.calibration import Shot, shots_of_camera
from leuko.cameras import Frame
from leuko.errors import CalibrationError
from leuko.status import Health, Level


@dataclass
class Lens:
    """A `ShotSource` with a few pictures, and none after them."""

    left: int
    health: Health = field(default_factory=lambda: Health(Level.OK, "lens"))
    has_ended: bool = False

    def read(self, timeout_s: float) -> Frame | None:
        if not self.left:
            time.sleep(min(timeout_s, 0.05))
            return None
        self.left -= 1
        return Frame(np.zeros((120, 160, 3), np.uint8), self.left, 0.0)


def look_at(shots: Iterator[Shot], seen: list[Shot]) -> None:
    for shot in shots:
        seen.append(shot)
        time.sleep(0.2)


def test_a_person_has_not_taken_long_while_a_picture_is_looked_at() -> None:
    seen: list[Shot] = []
    shots = shots_of_camera(Lens(4), every_s=0.0, longest_s=0.3)
    with pytest.raises(CalibrationError, match=r"did not show what is asked for within 0\.3 s"):
        look_at(shots, seen)
    assert len(seen) == 4
