"""What is known of one cell of the slide, from one view or from many."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.tracking._positions import Position, SegmentJoin

Decide = Callable[[tuple[float, ...], float], tuple[CellStatus, str]]
"""From class probabilities and area in µm² to a cell's status and the reason for it."""

_LEAST_PROBABILITY = 1 / 512
"""Half a step of a uint8 output: what the model calls impossible may still be so in one view."""
_REACHES_UM = (4.0, 7.0)
"""Least and greatest distance in which two sightings are one cell, whatever its size."""


@dataclass(frozen=True, slots=True)
class TrackedCell:
    """A cell at its place on the slide.

    Attributes:
        number: counts the cells of the session from 1; 0 until it has been seen often enough.
        segment: connected stretch of the slide.
        x_um: column of its middle in that segment's coordinates.
        y_um: row of its middle in that segment's coordinates.
        status: counted, excluded or unclassified.
        cell_class: the likeliest class.
        probabilities: one per `CellClass`, in its order; the geometric mean over its views.
        views: in how many good views it was seen.
        area_um2: mean area.
        sharpness: of its sharpest view, in grey levels squared.
        picture: ``(96, 96, 3)`` uint8, RGB, white balanced, 0.2 µm per pixel: its sharpest view.
            None where the picture told before still stands.
        reason: why it is not counted, in words; empty for a counted cell.
    """

    number: int
    segment: int
    x_um: float
    y_um: float
    status: CellStatus
    cell_class: CellClass
    probabilities: tuple[float, ...]
    views: int
    area_um2: float
    sharpness: float
    picture: RGBImage | None = None
    reason: str = ""

    def distance_um(self, x_um: float, y_um: float) -> float:
        """Return how far its middle is from a point of its segment."""
        return math.hypot(self.x_um - x_um, self.y_um - y_um)


@dataclass(frozen=True, slots=True)
class LedgerChange:
    """What is to be kept and shown after a frame; false if there is nothing.

    Attributes:
        new: cells that were counted now.
        changed: cells told before that have another class, status, place or more views now.
        merged: numbers that are gone, each with the number of the cell that it turned out to be.
    """

    new: tuple[TrackedCell, ...] = ()
    changed: tuple[TrackedCell, ...] = ()
    merged: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def cells(self) -> tuple[TrackedCell, ...]:
        """New and changed cells, in this order."""
        return self.new + self.changed

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.merged)

    def __or__(self, later: "LedgerChange") -> "LedgerChange":
        """Return this change and a later one as one."""
        new, changed = ({cell.number: cell for cell in part} for part in (self.new, self.changed))
        for cell in later.changed:
            part = new if cell.number in new else changed
            part[cell.number] = _with_picture_of(part.get(cell.number), cell)
        for number in later.merged:
            new.pop(number, None)
            changed.pop(number, None)
        merged = MappingProxyType({**self.merged, **later.merged})
        return LedgerChange((*new.values(), *later.new), tuple(changed.values()), merged)


def combined(first: TrackedCell, second: TrackedCell, decide: Decide) -> TrackedCell:
    """Return the first cell with the views of both.

    The class comes from the mean of the logarithms: one view that is sure of a class cannot
    outvote several that exclude it.
    """
    views = first.views + second.views
    share = second.views / views
    x, y, area = (
        one + share * (other - one)
        for one, other in (
            (first.x_um, second.x_um),
            (first.y_um, second.y_um),
            (first.area_um2, second.area_um2),
        )
    )
    probabilities = _geometric_mean(first.probabilities, second.probabilities, share)
    status, reason = decide(probabilities, area)
    return replace(
        first,
        x_um=x,
        y_um=y,
        status=status,
        cell_class=likeliest(probabilities),
        probabilities=probabilities,
        views=views,
        area_um2=area,
        sharpness=max(first.sharpness, second.sharpness),
        picture=second.picture if second.sharpness > first.sharpness else first.picture,
        reason=reason,
    )


def shifted(cell: TrackedCell, join: SegmentJoin) -> TrackedCell:
    """Return a cell of the segment that is gone at its place in the other."""
    place = join.applied(Position(cell.segment, cell.x_um, cell.y_um))
    return replace(cell, segment=place.segment, x_um=place.x_um, y_um=place.y_um)


def likeliest(probabilities: tuple[float, ...]) -> CellClass:
    """Return the class of the greatest of the probabilities."""
    return list(CellClass)[probabilities.index(max(probabilities))]


def reach_um(first: TrackedCell, second: TrackedCell | None = None) -> float:
    """Return the distance up to which two sightings are one cell: the radius of the larger."""
    area = max(first.area_um2, second.area_um2 if second else 0.0)
    least, most = _REACHES_UM
    return min(max(math.sqrt(area / math.pi), least), most)


def _geometric_mean(
    first: tuple[float, ...], second: tuple[float, ...], share: float
) -> tuple[float, ...]:
    means = [
        max(one, _LEAST_PROBABILITY) ** (1 - share) * max(other, _LEAST_PROBABILITY) ** share
        for one, other in zip(first, second, strict=True)
    ]
    total = math.fsum(means)
    return tuple(mean / total for mean in means)


def _with_picture_of(earlier: TrackedCell | None, cell: TrackedCell) -> TrackedCell:
    is_missing = cell.picture is None and earlier is not None
    return replace(cell, picture=earlier.picture) if is_missing and earlier else cell
