"""The way of a hand over a slide, stroke by stroke and rest by rest."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from leuko.sim._habits import HandHabits
from leuko.sim._places import CellBoxes, SlideCell, Stretch

_SHORTEST_S = 0.15
"""No hand starts and stops faster."""
_CORRECTION_S = 0.25
_JUMP_BETWEEN_UM = 500.0
"""Way of a jump between stretches that lie on no common slide."""
_LONGEST_RETURN = 4
_CLEAR_UM = 3.0
"""From a stretch's edge, lest tremor and creep run into it."""

Point = tuple[float, float]
"""``(x, y)`` of the view's upper left corner on the slide, in pixels."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A stroke, a jump or, where nothing travels, a rest.

    Attributes:
        start: where the view is at its beginning.
        end: where the view is at its end.
        travel: way of the stage; differs from ``end - start`` between stretches only.
        seconds: how long it takes.
        stretches: number of the stretch at its beginning and at its end.
    """

    start: Point
    end: Point
    travel: Point
    seconds: float
    stretches: tuple[int, int]

    def place(self, share: float) -> tuple[int, float, float]:
        """Return stretch, x and y when a share of the time has passed.

        A hand's movement has the least jerk: Flash and Hogan, J. Neurosci. 5:1688, 1985.
        """
        done = share**3 * (10 - 15 * share + 6 * share**2)
        is_there = share >= 0.5
        (x, y), left = (self.end, done - 1) if is_there else (self.start, done)
        return self.stretches[is_there], x + left * self.travel[0], y + left * self.travel[1]

    def velocity(self, share: float) -> Point:
        """Return the speed along x and y in pixels a second."""
        rate = 30 * (share * (1 - share)) ** 2 / self.seconds
        return rate * self.travel[0], rate * self.travel[1]


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where the hand rests on its way over the slide."""

    stretch: int
    at: Point


class Route:
    """Plans the legs over all stretches of a slide; each call of `legs` plans anew."""

    def __init__(
        self,
        stretches: Sequence[Stretch],
        view_size: tuple[int, int],
        *,
        habits: HandHabits,
        um_per_px: float,
        rng: np.random.Generator,
    ) -> None:
        """Plan nothing yet.

        Args:
            stretches: parts of the slide.
            view_size: width and height of the view in pixels.
            habits: how the hand moves.
            um_per_px: scale.
            rng: source of all chance.
        """
        self._stretches = stretches
        self._width, self._height = view_size
        self._habits = habits
        self._um_per_px = um_per_px
        self._rng = rng

    def legs(self, cells: Sequence[SlideCell]) -> Iterator[Leg]:
        """Return the legs from the first rest to the last.

        Args:
            cells: what the hand rests for.
        """
        boxes = CellBoxes(cells)
        is_awaited = self._rng.uniform(size=len(cells)) >= self._habits.overlooked_share
        before: _Stop | None = None
        for stop, is_jump in self._stops():
            if before is not None:
                yield from self._jump(before, stop) if is_jump else self._stroke(before, stop)
            in_view = boxes.whole_in(stop.at, (self._width, self._height))
            yield self._rest(stop, look=before is None or bool(is_awaited[in_view].any()))
            is_awaited[in_view] = False
            before = stop

    def _stops(self) -> Iterator[tuple[_Stop, bool]]:
        """Each stop, and whether the stage is swept there."""
        seen: list[_Stop] = []
        for section in self._sections():
            if seen and self._rng.uniform() < self._habits.revisit_share:
                first = int(self._rng.integers(len(seen)))
                again = seen[first : first + _LONGEST_RETURN]
                same = [stop for stop in again if stop.stretch == again[0].stretch]
                yield from ((stop, i == 0) for i, stop in enumerate(same))
            for number, stop in enumerate(section):
                yield stop, number == 0
                if number > 1 and self._rng.uniform() < self._habits.return_share:
                    back = min(number, 1 + int(self._rng.integers(_LONGEST_RETURN)))
                    yield from ((section[number - i], False) for i in range(1, back + 1))
                    yield stop, False
            seen += section

    def _sections(self) -> Iterator[list[_Stop]]:
        """Stops in rows, cut where the hand leaves them for another part of the slide."""
        sections: list[list[_Stop]] = []
        for number, stretch in enumerate(self._stretches):
            cut = True
            for stop in self._rows(number, stretch):
                if cut:
                    sections.append([])
                sections[-1].append(stop)
                cut = self._rng.uniform() < self._habits.jump_share
        for index in self._rng.permutation(len(sections)):
            yield sections[index]

    def _rows(self, number: int, stretch: Stretch) -> Iterator[_Stop]:
        """Rows of overlapping views, every second one backwards, as far as the stretch goes."""
        across = self._span(stretch.x_px, stretch.width_px - self._width)
        down = self._span(stretch.y_px, stretch.height_px - self._height)
        stroke = self._habits.stroke_views * self._width
        for row, y in enumerate(_steps(*down, self._height * (1 - self._habits.row_overlap))):
            columns = _steps(*across, stroke)
            for x in columns if row % 2 == 0 else columns[::-1]:
                stray = np.clip(self._rng.normal(0, self._habits.unevenness, 2), -0.3, 0.3)
                dx, dy = stroke * stray * (1, 0.5)
                yield _Stop(
                    number, (float(np.clip(x + dx, *across)), float(np.clip(y + dy, *down)))
                )

    def _span(self, start: float, room: float) -> tuple[float, float]:
        """Where the view's corner may stop along an axis: clear of the stretch's edge."""
        clear = max(0.0, min(_CLEAR_UM / self._um_per_px, room / 4))
        return start + clear, start + max(0.0, room) - clear

    def _stroke(self, before: _Stop, stop: _Stop) -> Iterator[Leg]:
        way = (stop.at[0] - before.at[0], stop.at[1] - before.at[1])
        past = self._habits.overshoot * abs(self._rng.normal())
        end = (stop.at[0] + past * way[0], stop.at[1] + past * way[1])
        pixels_s = self._habits.speed_um_s / self._um_per_px * self._spread()
        seconds = max(_SHORTEST_S, math.hypot(*way) * (1 + past) / pixels_s)
        yield _moved(before.at, end, seconds, stop.stretch)
        if past:
            yield _moved(end, stop.at, _CORRECTION_S, stop.stretch)

    def _jump(self, before: _Stop, stop: _Stop) -> Iterator[Leg]:
        way = (stop.at[0] - before.at[0], stop.at[1] - before.at[1])
        if before.stretch != stop.stretch:
            angle = self._rng.uniform(0, 2 * math.pi)
            length = _JUMP_BETWEEN_UM / self._um_per_px
            way = (length * math.cos(angle), length * math.sin(angle))
        pixels_s = self._habits.jump_um_s / self._um_per_px * self._spread()
        seconds = max(_SHORTEST_S, math.hypot(*way) / pixels_s)
        yield Leg(before.at, stop.at, way, seconds, (before.stretch, stop.stretch))

    def _rest(self, stop: _Stop, *, look: bool) -> Leg:
        is_hurried = self._rng.uniform() < self._habits.hurried_share
        seconds = 0.0 if is_hurried else self._habits.pause_s * self._spread()
        if look:
            seconds += self._habits.look_s * self._spread()
        return _moved(stop.at, stop.at, max(seconds, 1e-3), stop.stretch)

    def _spread(self) -> float:
        return float(np.exp(self._rng.normal(0, self._habits.speed_spread)))


def _moved(start: Point, end: Point, seconds: float, stretch: int) -> Leg:
    return Leg(start, end, (end[0] - start[0], end[1] - start[1]), seconds, (stretch, stretch))


def _steps(first: float, last: float, longest: float) -> list[float]:
    count = math.ceil((last - first) / longest - 1e-9) + 1
    return [float(x) for x in np.linspace(first, last, count)]
