"""A picture being drawn: texts, boxes and signs that keep inside their areas."""

import functools
import math
from enum import StrEnum
from typing import NamedTuple, Self

from PIL import Image, ImageDraw

from leuko.cells import RGBImage
from leuko.displays import _letters

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


class Area(NamedTuple):
    """A rectangle in pixels of the display, top-left origin, ``(x, y)``."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column that is no longer inside."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row that is no longer inside."""
        return self.top + self.height

    def moved(self, right: int, down: int) -> Self:
        """Return the area elsewhere."""
        return self._replace(left=self.left + right, top=self.top + down)

    def inset(self, across: int, down: int = 0) -> Self:
        """Return the area without a margin on all sides."""
        return type(self)(
            self.left + across, self.top + down, self.width - 2 * across, self.height - 2 * down
        )

    def rows(self, number: int) -> list[Self]:
        """Return the area divided into rows of the same height; what is left over is below."""
        height = self.height // number
        return [
            type(self)(self.left, self.top + index * height, self.width, height)
            for index in range(number)
        ]

    def columns(self, number: int) -> list[Self]:
        """Return the area divided into columns of the same width; what is left over is right."""
        width = self.width // number
        return [
            type(self)(self.left + index * width, self.top, width, self.height)
            for index in range(number)
        ]

    def cut_left(self, width: int) -> tuple[Self, Self]:
        """Return the area's first columns, and the rest."""
        return self._replace(width=width), self._replace(
            left=self.left + width, width=self.width - width
        )

    def cut_right(self, width: int) -> tuple[Self, Self]:
        """Return the area without its last columns, and those."""
        return self.cut_left(self.width - width)

    def cut_top(self, height: int) -> tuple[Self, Self]:
        """Return the area's first rows, and the rest."""
        return self._replace(height=height), self._replace(
            top=self.top + height, height=self.height - height
        )


class Align(StrEnum):
    """Where in its area a text stands."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Sign(StrEnum):
    """Pictograms; told apart by their shapes, so that colour only helps."""

    TICK = "tick"
    """All is well."""
    TRIANGLE = "triangle"
    """Somebody should look at it."""
    CROSS = "cross"
    """Does not work."""
    PAUSE = "pause"
    """Waits for a person."""


class Canvas:
    """A picture of a display's size, black at first; what is drawn stays inside its area."""

    def __init__(self, size: tuple[int, int], *, is_mono: bool) -> None:
        self.is_mono = is_mono
        self.picture = Image.new("1" if is_mono else "RGB", size)
        self._draw = ImageDraw.Draw(self.picture)

    def fill(self, area: Area, colour: Colour) -> None:
        """Fill an area."""
        if area.width > 0 and area.height > 0:
            box = (area.left, area.top, area.right - 1, area.bottom - 1)
            self._draw.rectangle(box, fill=self._ink(colour))

    def outline(self, area: Area, colour: Colour, *, thickness: int = 1) -> None:
        """Draw the border of an area, inside it."""
        box = (area.left, area.top, area.right - 1, area.bottom - 1)
        self._draw.rectangle(box, outline=self._ink(colour), width=thickness)

    def text(
        self,
        area: Area,
        text: str,
        *,
        colour: Colour = WHITE,
        size: int,
        least: int = 0,
        align: Align = Align.LEFT,
        is_bold: bool = False,
    ) -> int:
        """Write one line in the middle of an area's height; return the columns it took.

        Args:
            area: where; the text never leaves it sideways.
            text: what; signs that the typeface lacks are replaced.
            colour: of the letters.
            size: of the letters in pixels.
            least: size down to which the letters shrink before the text is shortened; 0 shortens
                at once.
            align: where in the area.
            is_bold: whether the letters are thickened.
        """
        text = _letters.printable(text)
        least = least or size
        size = _letters.fitting_size(text, area.width, size, least=least, is_bold=is_bold)
        text = _letters.shortened(text, area.width, size, is_bold=is_bold)
        taken = _letters.width(text, size, is_bold=is_bold)
        free = {Align.LEFT: 0, Align.CENTRE: (area.width - taken) // 2}.get(
            align, area.width - taken
        )
        mask, above = _letters.mask(text, size, is_bold=is_bold, is_mono=self.is_mono)
        baseline = area.top + (area.height + _letters.cap_height(size)) // 2
        corner = (area.left + free, baseline - above)
        self.picture.paste(
            self._ink(colour), (*corner, corner[0] + mask.width, corner[1] + mask.height), mask
        )
        return taken

    def sign(self, area: Area, sign: Sign, colour: Colour) -> None:
        """Draw a pictogram in the middle of an area, as large as fits."""
        side = min(area.width, area.height)
        mask = _sign_mask(sign, side, is_mono=self.is_mono)
        corner = (area.left + (area.width - side) // 2, area.top + (area.height - side) // 2)
        self.picture.paste(self._ink(colour), (*corner, corner[0] + side, corner[1] + side), mask)

    def photograph(self, area: Area, rgb: RGBImage) -> None:
        """Draw a picture into a square area."""
        picture = Image.fromarray(rgb).resize((area.width, area.height), Image.Resampling.BICUBIC)
        self.picture.paste(picture, (area.left, area.top))

    def _ink(self, colour: Colour) -> int | Colour:
        return int(any(colour)) if self.is_mono else colour


@functools.lru_cache(maxsize=64)
def _sign_mask(sign: Sign, side: int, *, is_mono: bool) -> Image.Image:
    # Pillow draws shapes without smoothing: drawn four times as large and reduced, they have it.
    large = Image.new("L", (4 * side, 4 * side))
    _SIGNS[sign](ImageDraw.Draw(large), 4 * side)
    mask = large.resize((side, side), Image.Resampling.BOX)
    return mask.point(lambda level: 255 * (level > 127), "1") if is_mono else mask


def _tick(draw: ImageDraw.ImageDraw, side: float) -> None:
    points = [(0.12, 0.55), (0.4, 0.82), (0.9, 0.2)]
    draw.line(_scaled(points, side), fill=255, width=math.ceil(side * 0.19), joint="curve")


def _triangle(draw: ImageDraw.ImageDraw, side: float) -> None:
    draw.polygon(_scaled([(0.5, 0.04), (0.99, 0.94), (0.01, 0.94)], side), fill=255)
    draw.line(_scaled([(0.5, 0.36), (0.5, 0.64)], side), fill=0, width=math.ceil(side * 0.12))
    draw.line(_scaled([(0.5, 0.72), (0.5, 0.84)], side), fill=0, width=math.ceil(side * 0.12))


def _cross(draw: ImageDraw.ImageDraw, side: float) -> None:
    for points in ([(0.14, 0.14), (0.86, 0.86)], [(0.14, 0.86), (0.86, 0.14)]):
        draw.line(_scaled(points, side), fill=255, width=math.ceil(side * 0.24))


def _pause(draw: ImageDraw.ImageDraw, side: float) -> None:
    for left in (0.18, 0.58):
        draw.rectangle((side * left, side * 0.1, side * (left + 0.24), side * 0.9), fill=255)


def _scaled(points: list[tuple[float, float]], side: float) -> list[tuple[float, float]]:
    return [(x * side, y * side) for x, y in points]


_SIGNS = {
    Sign.TICK: _tick,
    Sign.TRIANGLE: _triangle,
    Sign.CROSS: _cross,
    Sign.PAUSE: _pause,
}
