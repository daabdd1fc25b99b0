"""What the tracker says of a frame."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Track(StrEnum):
    """How a frame came to its place."""

    FOLLOWED = "followed"
    """Its place follows from what was seen around it before."""
    NEW = "new"
    """A new segment begins with this frame."""
    LOST = "lost"
    """No place is known: nothing in this frame may be counted."""
    REGAINED = "regained"
    """The place was lost, and an older stretch has been found again."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the upper left corner of a frame lies on the slide.

    Attributes:
        segment: the connected stretch that the coordinates belong to, from 1.
        x_um: to the right, in µm from the corner of the segment's first frame.
        y_um: downwards, in µm from the corner of the segment's first frame.
    """

    segment: int
    x_um: float
    y_um: float

    def moved(self, dx_um: float, dy_um: float) -> "Position":
        """Return the position that far to the right and down, in the same segment."""
        return replace(self, x_um=self.x_um + dx_um, y_um=self.y_um + dy_um)


@dataclass(frozen=True, slots=True)
class SegmentJoin:
    """Two segments turned out to be one stretch of the slide.

    Attributes:
        gone: segment whose number is never used again.
        into: segment that it is part of from now on; the older one.
        dx_um: to be added to every x of ``gone``.
        dy_um: to be added to every y of ``gone``.
    """

    gone: int
    into: int
    dx_um: float
    dy_um: float

    def applied(self, position: Position) -> Position:
        """Return where a position lies after the join; unchanged if it is not in ``gone``."""
        if position.segment != self.gone:
            return position
        return Position(self.into, position.x_um + self.dx_um, position.y_um + self.dy_um)


@dataclass(frozen=True, slots=True)
class Located:
    """Where a frame is.

    Attributes:
        track: how its place was found.
        position: its place, after ``joined``; None if lost.
        moved_um: way from the frame before; infinite if unknown.
        joined: what has become one segment with this frame; None in most frames.
        is_searching: whether a new segment has not been compared with all older ones yet: what is
            seen now may have been seen before.
    """

    track: Track
    position: Position | None
    moved_um: float
    joined: SegmentJoin | None = None
    is_searching: bool = False
