"""Pictures of the camera: two a second, for as long as a person may take."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from leuko.calibration import shots_of_camera
from leuko.cameras import Frame
from leuko.errors import CalibrationError
from leuko.status import Health, Level


@dataclass
class Time:
    """A clock that goes on only when somebody waits."""

    now_s: float = 100.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class Lens:
    """A `ShotSource` with a few pictures, and none after them."""

    left: int
    time: Time
    health: Health = field(default_factory=lambda: Health(Level.OK, "lens"))
    has_ended: bool = False

    def read(self, timeout_s: float) -> Frame | None:
        if not self.left:
            self.time.sleep(timeout_s)
            return None
        self.left -= 1
        return Frame(np.zeros((120, 160, 3), np.uint8), self.left, 0.0)


def test_a_person_has_not_taken_long_while_a_picture_is_looked_at() -> None:
    time = Time()
    shots = shots_of_camera(
        Lens(4, time), every_s=0.5, longest_s=3, clock=time.clock, sleep=time.sleep
    )
    for _ in range(4):
        next(shots)
        time.sleep(60)
    with pytest.raises(CalibrationError, match=r"did not show what is asked for within 3 s"):
        next(shots)
    # Four rests, then readings of half a second until there were more than three.
    assert time.now_s == pytest.approx(100 + 4 * 60 + 3.5)


def test_pictures_come_two_a_second() -> None:
    time = Time()
    shots = shots_of_camera(Lens(5, time), clock=time.clock, sleep=time.sleep)
    taken_s = [time.now_s for _, _ in zip(range(5), shots, strict=False)]
    assert taken_s == pytest.approx([100, 100.5, 101, 101.5, 102])
