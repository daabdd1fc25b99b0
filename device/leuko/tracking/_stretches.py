"""Whether the slide in view is a stretch that was seen before, a few keyframes with each frame."""

from leuko.tracking._positions import Position, SegmentJoin
from leuko.tracking._search import PlaceSearch
from leuko.tracking._slide_map import Placed, SlideMap, View, distance_um
from leuko.vision.imprints import sketch
from leuko.vision.registration import SEARCHING

_SEARCH_AGAIN = 0.3
"""Share of the frame's width after which the stage is somewhere worth a new search."""


class StretchSearch:
    """Looks for the place in view among all segments of a slide.

    Attributes:
        segments: those that there are.
    """

    def __init__(self, slide: SlideMap) -> None:
        """Begin with the segments that the slide's keyframes are in."""
        self._map = slide
        self._round = PlaceSearch(slide.keyframes)
        self._begun_at: Position | None = None
        self.segments = slide.keyframes.segments

    @property
    def is_complete(self) -> bool:
        """Whether every keyframe has been tried since the search was begun."""
        return self._round.is_complete

    def begin(self) -> None:
        """Begin a round over all keyframes."""
        self._round.begin()

    def add_segment(self, position: Position) -> None:
        """Take up a new segment, whose first view has that position."""
        self.segments.add(position.segment)
        self._begun_at = position

    def place(self, view: View, *, leaving_out: int | None = None) -> Placed | None:
        """Return the place of a view by the next few keyframes; None if it is not among them.

        Args:
            view: what is looked for.
            leaving_out: segment in which it has its place already; None if it is lost.
        """
        for number in self._round.step(sketch(view.density), leaving_out=leaving_out):
            placed = self._map.placed(view, number, SEARCHING)
            if placed:
                return placed
        return None

    def join(self, view: View, position: Position) -> SegmentJoin | None:
        """Return the join of the present segment with another one that shows the same.

        The slide and `segments` are as they were until `carry_out`.
        """
        if len(self.segments) < 2 or not self._is_worth_a_round(position):
            return None
        placed = self.place(view, leaving_out=position.segment)
        if placed is None:
            return None
        place = placed.position
        dx_um, dy_um = place.x_um - position.x_um, place.y_um - position.y_um
        if place.segment < position.segment:
            return SegmentJoin(position.segment, place.segment, dx_um, dy_um)
        return SegmentJoin(place.segment, position.segment, -dx_um, -dy_um)

    def carry_out(self, join: SegmentJoin) -> None:
        """Make one segment of two."""
        self._map.join(join)
        self.segments.discard(join.gone)

    def _is_worth_a_round(self, position: Position) -> bool:
        if not self._round.is_complete:
            return True
        at = self._begun_at
        reach = _SEARCH_AGAIN * self._map.width_um
        if at and at.segment == position.segment and distance_um(at, position) < reach:
            return False
        self._round.begin()
        self._begun_at = position
        return True
