"""Cells that the border of the frame cuts: they neither count nor vote, and cost nothing twice."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import hypot

from leuko.tracking._positions import Position

_AT_BORDER_UM = 0.5
"""The border cuts what was located nearer: a seed lies up to 3 µm off the middle of a cell whose
radius is 3.5 µm or more."""
_STILL_UM = 1.0
"""Movement after which a cell that the border cut may have come into view."""
_SAME_UM = 4.0
"""Distance from the middle of the part in view at which a cell is still the one that was cut."""


@dataclass(slots=True)
class CutOff:
    """The cells that the border cuts in the present view.

    Attributes:
        view_um: height and width of the frames; zero before the first.
        position: where the view lay when they were seen.
        places: their middles on the slide, ``(x_um, y_um)``.
    """

    view_um: tuple[float, float] = (0.0, 0.0)
    position: Position | None = None
    places: list[tuple[float, float]] = field(default_factory=list)

    def note(self, position: Position, places: Iterable[tuple[float, float]]) -> None:
        """Remember what is cut at a position; what was cut elsewhere is forgotten."""
        if not self._is_here(position):
            self.position, self.places = position, []
        self.places.extend(places)

    def holds(self, position: Position, x_um: float, y_um: float) -> bool:
        """Return whether the border of a view cuts what lies at a place of the slide."""
        height, width = self.view_um
        right, down = x_um - position.x_um, y_um - position.y_um
        if height and min(right, down, width - right, height - down) < _AT_BORDER_UM:
            return True
        near = (hypot(x - x_um, y - y_um) < _SAME_UM for x, y in self.places)
        return self._is_here(position) and any(near)

    def _is_here(self, position: Position) -> bool:
        last = self.position
        if last is None or last.segment != position.segment:
            return False
        return hypot(last.x_um - position.x_um, last.y_um - position.y_um) < _STILL_UM
