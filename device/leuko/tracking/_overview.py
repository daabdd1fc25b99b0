"""A picture of a stretch of slide, and where its pixels lie."""

from dataclasses import dataclass
from typing import ClassVar

from leuko.cells import RGBImage
from leuko.tracking._positions import Position


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """A small picture of the stretch of slide that has been seen.

    Attributes:
        picture: ``(height, width, 3)`` uint8, RGB, a new array of at most 512 pixels a side;
            grey, of level `BARE`, where nothing was seen.
        segment: which stretch.
        left_um: x of the picture's left edge, in the segment's coordinates.
        top_um: y of its upper edge.
        um_per_px: its scale.
        view: place of the present view; None while that is unknown.
        view_um: width and height of a view.
    """

    picture: RGBImage
    segment: int
    left_um: float
    top_um: float
    um_per_px: float
    view: Position | None
    view_um: tuple[float, float]

    BARE: ClassVar[int] = 52
    """Grey level of what has not been seen."""
