"""Where on a colour display what is shown."""

from dataclasses import dataclass, replace
from typing import Self

from leuko.displays._canvas import Area


@dataclass(frozen=True, slots=True)
class Layout:
    """Places on a display of one size.

    Attributes:
        size: width and height in pixels that the places are meant for.
        parts: health of the parts of the device.
        specimen: whose blood it is.
        count: number of cells, and the target.
        cell: the cell counted last: its picture, and its name beside or below.
        bars: the five percentages.
        banner: the headline, and a remark.
        tallies: what stays outside the differential; None leaves it out.
        foot: what the result is worth, and technical figures; None leaves it out.
        has_interval_text: whether there is room for the intervals in figures.
    """

    size: tuple[int, int]
    parts: Area
    specimen: Area
    count: Area
    cell: Area
    bars: Area
    banner: Area
    tallies: Area | None = None
    foot: Area | None = None
    has_interval_text: bool = False

    def fitted(self, size: tuple[int, int]) -> Self:
        """Return the layout enlarged, in proportion, to the middle of a larger display."""
        scale = min(size[0] / self.size[0], size[1] / self.size[1])
        left, top = (round((size[i] - scale * self.size[i]) / 2) for i in (0, 1))

        def placed(area: Area) -> Area:
            corner_and_size = (round(scale * value) for value in area)
            return Area(*corner_and_size).moved(left, top)

        return replace(
            self,
            size=size,
            parts=placed(self.parts),
            specimen=placed(self.specimen),
            count=placed(self.count),
            cell=placed(self.cell),
            bars=placed(self.bars),
            banner=placed(self.banner),
            tallies=self.tallies and placed(self.tallies),
            foot=self.foot and placed(self.foot),
        )


LAYOUTS = (
    Layout(
        (160, 128),
        parts=Area(0, 0, 160, 13),
        specimen=Area(2, 14, 106, 12),
        count=Area(2, 27, 106, 28),
        cell=Area(112, 15, 46, 41),
        bars=Area(2, 56, 156, 45),
        banner=Area(0, 102, 160, 26),
    ),
    Layout(
        (240, 240),
        parts=Area(0, 2, 240, 18),
        specimen=Area(4, 22, 156, 18),
        count=Area(4, 44, 156, 50),
        cell=Area(168, 24, 68, 76),
        bars=Area(4, 101, 232, 80),
        banner=Area(0, 184, 240, 56),
    ),
    Layout(
        (320, 240),
        parts=Area(116, 2, 202, 18),
        specimen=Area(4, 2, 108, 18),
        count=Area(4, 26, 128, 50),
        cell=Area(4, 84, 128, 60),
        bars=Area(138, 26, 180, 120),
        banner=Area(0, 176, 320, 64),
        tallies=Area(4, 152, 312, 18),
    ),
    Layout(
        (480, 320),
        parts=Area(170, 4, 310, 24),
        specimen=Area(8, 4, 160, 24),
        count=Area(8, 38, 180, 70),
        cell=Area(8, 118, 180, 84),
        bars=Area(198, 34, 274, 170),
        banner=Area(0, 234, 480, 66),
        tallies=Area(8, 208, 464, 22),
        foot=Area(8, 302, 464, 17),
    ),
    Layout(
        (800, 480),
        parts=Area(320, 8, 476, 34),
        specimen=Area(14, 8, 290, 34),
        count=Area(14, 58, 304, 112),
        cell=Area(14, 188, 304, 132),
        bars=Area(332, 54, 456, 270),
        banner=Area(0, 362, 800, 88),
        tallies=Area(14, 328, 772, 28),
        foot=Area(14, 453, 772, 24),
        has_interval_text=True,
    ),
)
"""Layouts from the smallest to the largest."""


def layout_for(size: tuple[int, int]) -> Layout | None:
    """Return the largest layout that a display has room for, fitted to it; None if none is."""
    fitting = [
        layout for layout in LAYOUTS if layout.size[0] <= size[0] and layout.size[1] <= size[1]
    ]
    return fitting[-1].fitted(size) if fitting else None
