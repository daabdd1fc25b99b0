"""A hand that moves the stage: where the view is, and how blurred, at each frame."""

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from leuko.sim._disturbances import Disturbances, drops
from leuko.sim._habits import HandHabits
from leuko.sim._places import SlideCell, Stretch
from leuko.sim._route import Leg, Route

_ROUTE, _DISTURBANCES, _DROPS = range(3)


@dataclass(frozen=True, slots=True)
class Look:
    """What stage and focus do while one frame is exposed.

    Attributes:
        number: of the frame, from 0.
        stretch: number of the stretch in view, from 0.
        x_px: left edge of the view on the slide, in the middle of the exposure.
        y_px: upper edge of the view on the slide, in the middle of the exposure.
        dx_px: way along x during the exposure.
        dy_px: way along y during the exposure.
        speed_um_s: speed of the stage.
        defocus_px: standard deviation of the blur from lost focus.
        is_dropped: whether the frame never arrives.
    """

    number: int
    stretch: int
    x_px: float
    y_px: float
    dx_px: float
    dy_px: float
    speed_um_s: float
    defocus_px: float
    is_dropped: bool


class Hand:
    """A seeded path over a slide; which frames are asked for, and when, changes nothing.

    Attributes:
        um_per_px: scale of the path.
        view_size: width and height of the view in pixels.
        exposure_s: how long a frame is exposed.
    """

    def __init__(
        self,
        stretches: Sequence[Stretch],
        view_size: tuple[int, int],
        *,
        um_per_px: float,
        habits: HandHabits | None = None,
        cells: Sequence[SlideCell] = (),
        frames_per_s: float = 20.0,
        exposure_s: float = 0.004,
        seed: int = 0,
    ) -> None:
        """Plan the whole path.

        Args:
            stretches: parts of the slide that the stage can reach.
            view_size: width and height of the view in pixels.
            um_per_px: scale.
            habits: how the hand moves; None is a practised technician.
            cells: what it rests for.
            frames_per_s: how often a frame is taken.
            exposure_s: how long a frame is exposed.
            seed: source of all chance.
        """
        habits = habits or HandHabits()
        self.um_per_px = um_per_px
        self.view_size = view_size
        self._stretches = tuple(stretches)
        self._frames_per_s = frames_per_s
        self.exposure_s = exposure_s
        rng = np.random.default_rng((seed, _ROUTE))
        route = Route(stretches, view_size, habits=habits, um_per_px=um_per_px, rng=rng)
        self._legs = tuple(route.legs(cells))
        *self._starts, self._seconds = itertools.accumulate(
            (leg.seconds for leg in self._legs), initial=0.0
        )
        self._disturbances = Disturbances(
            habits, self._seconds, np.random.default_rng((seed, _DISTURBANCES))
        )
        frames = int(self._seconds * frames_per_s)
        self._dropped = drops(habits.dropped_share, frames, np.random.default_rng((seed, _DROPS)))

    def __len__(self) -> int:
        """How many frames the path has, the dropped ones included."""
        return len(self._dropped)

    def __iter__(self) -> Iterator[Look]:
        """Every look in order."""
        return (self.look(number) for number in range(len(self)))

    def look(self, number: int) -> Look:
        """Return what stage and focus do at a frame.

        Args:
            number: of the frame, 0 up to the length of the path.
        """
        at_s = number / self._frames_per_s
        leg, share = self._leg_at(at_s)
        stretch, x, y = leg.place(share)
        x_um, y_um = self._disturbances.offset_um(at_s)
        x, y = self._kept_inside(stretch, x + x_um / self.um_per_px, y + y_um / self.um_per_px)
        vx, vy = self._velocity(leg, share, at_s)
        return Look(
            number=number,
            stretch=stretch,
            x_px=x,
            y_px=y,
            dx_px=vx * self.exposure_s,
            dy_px=vy * self.exposure_s,
            speed_um_s=float(np.hypot(vx, vy)) * self.um_per_px,
            defocus_px=self._disturbances.blur_um(at_s) / self.um_per_px,
            is_dropped=bool(self._dropped[number]),
        )

    def _leg_at(self, at_s: float) -> tuple[Leg, float]:
        index = bisect.bisect_right(self._starts, at_s) - 1
        leg = self._legs[index]
        return leg, min(1.0, (at_s - self._starts[index]) / leg.seconds)

    def _velocity(self, leg: Leg, share: float, at_s: float) -> tuple[float, float]:
        """Speed along x and y in pixels a second, the shaking included."""
        half = self.exposure_s / 2
        before = self._disturbances.offset_um(at_s - half)
        after = self._disturbances.offset_um(at_s + half)
        vx, vy = leg.velocity(share)
        per_s = 1 / (self.exposure_s * self.um_per_px)
        return vx + (after[0] - before[0]) * per_s, vy + (after[1] - before[1]) * per_s

    def _kept_inside(self, stretch: int, x: float, y: float) -> tuple[float, float]:
        """The place within the stretch; where an image ends there is nothing to be shown."""
        part = self._stretches[stretch]
        right = part.x_px + max(0, part.width_px - self.view_size[0])
        bottom = part.y_px + max(0, part.height_px - self.view_size[1])
        return min(max(x, part.x_px), right), min(max(y, part.y_px), bottom)
