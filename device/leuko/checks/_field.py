"""A field of the reference slide, as a person looks for what was missed in it."""

from dataclasses import dataclass

from leuko.cells import Cell, Mask, RGBImage
from leuko.vision.overlay import draw_note, draw_overlay


@dataclass(frozen=True, slots=True, eq=False)
class CheckedField:
    """A field of the slide with what was located in it.

    Attributes:
        rgb: ``(height, width, 3)`` uint8, RGB, its light evened out.
        cells: leukocytes, those that the border cuts and those of other fields included.
        known: ``(height, width)`` bool, what of it other fields have shown.
    """

    rgb: RGBImage
    cells: tuple[Cell, ...]
    known: Mask

    def drawn(self, *, missed: int = 0) -> RGBImage:
        """Return the field with its cells outlined, darker where other fields have shown it.

        Args:
            missed: leukocytes that a person has seen in it beside these; written into a corner.
        """
        drawn = draw_overlay(self.rgb, self.cells)
        drawn[self.known] //= 2
        if missed:
            draw_note(drawn, f"missed {missed}")
        return drawn
