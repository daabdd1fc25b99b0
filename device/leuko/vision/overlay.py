"""A field with its cells outlined and named, for people to check the count by."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from leuko.cells import Box, Cell, CellStatus, RGBImage
from leuko.certainty import in_percent
from leuko.class_colours import BESIDE_COLOURS, CLASS_COLOURS, Colour

_COLOURS = {**CLASS_COLOURS, **BESIDE_COLOURS}
_UNCLASSIFIED = (60, 60, 60)
_WARNING = (190, 0, 30)
_NOT_SHARP = "NOT SHARP"
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT = 22
"""Height in pixels of a capital letter at OpenCV's font scale 1."""
_LETTERS = (8.0, 36.0)
"""Least and greatest height in pixels: beyond, labels would hide the cells of a scanned slide."""


def draw_overlay(rgb: RGBImage, cells: Sequence[Cell], *, is_sharp: bool = True) -> RGBImage:
    """Return a copy of the field with every cell outlined in its class's colour and named.

    Counted cells carry class and probability; unclassified ones a question mark; excluded ones
    a thinner outline and, when the border cuts them, no class.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB; left as it is.
        cells: what was found on it.
        is_sharp: whether its outlines are; else a corner says that they are not.
    """
    drawn = rgb.copy()
    letter = _letter(rgb)
    thickness = max(1, round(letter / 8))
    for cell in cells:
        _draw_outline(drawn, cell, thickness)
    boxes, taken = [cell.region.box for cell in cells], list[Box]()
    for cell in cells:
        fitting = _fitting(_label(cell), letter, rgb.shape[1])
        size = _text_size(_label(cell), fitting)
        places = [_within(place, drawn.shape[:2]) for place in _places(cell.region.box, *size)]
        place = _freest(places, taken, boxes)
        taken.append(place)
        _draw_label(drawn, _label(cell), _colour(cell), place, letter=fitting)
    if not is_sharp:
        draw_note(drawn, _NOT_SHARP)
    return drawn


def draw_note(drawn: RGBImage, note: str) -> None:
    """Write what is wrong with a field into its upper left corner.

    Args:
        drawn: ``(height, width, 3)`` uint8, RGB; changed.
        note: a word or two.
    """
    letter = 2 * _letter(drawn)
    place = Box(0, 0, *_text_size(note, letter))
    _draw_label(drawn, note, _WARNING, place, letter=letter)


def _letter(rgb: RGBImage) -> float:
    # 1/90 of the side is readable when the whole picture fills a screen or half a page.
    return float(np.clip(max(rgb.shape[:2]) / 90, *_LETTERS))


def _draw_outline(drawn: RGBImage, cell: Cell, thickness: int) -> None:
    box = cell.region.box
    contours, _ = cv2.findContours(
        cell.region.mask.astype(np.uint8),
        cv2.RETR_EXTERNAL,
        cv2.CHAIN_APPROX_NONE,
        offset=(box.x, box.y),
    )
    width = 2 * thickness if cell.status is CellStatus.COUNTED else thickness
    # A pale rim keeps blue lines apart from blue nuclei.
    cv2.drawContours(drawn, contours, -1, (255, 255, 255), width + 2 * thickness, cv2.LINE_AA)
    cv2.drawContours(drawn, contours, -1, _colour(cell), width, cv2.LINE_AA)


def _colour(cell: Cell) -> Colour:
    if cell.status is CellStatus.UNCLASSIFIED or cell.region.cut_by_border:
        return _UNCLASSIFIED
    return _COLOURS[cell.cell_class]


def _label(cell: Cell) -> str:
    if cell.region.cut_by_border:
        return "cut by border"
    name = f"{cell.cell_class.replace('_', ' ')} {in_percent(cell.probability)}"
    return f"? {name}" if cell.status is CellStatus.UNCLASSIFIED else name


def _text_size(text: str, letter: float) -> tuple[int, int]:
    (width, _), _ = cv2.getTextSize(text, _FONT, letter / _FONT_HEIGHT, _stroke(letter))
    return width + round(letter), round(1.9 * letter)


def _fitting(text: str, letter: float, width: int) -> float:
    """Return a letter's height at which a label is no wider than a picture of that width."""
    # In a small crop a cut-off label would lose its percentage.
    return letter * min(1.0, width / _text_size(text, letter)[0])


def _stroke(letter: float) -> int:
    return max(1, round(letter / 10))


def _freest(places: Sequence[Box], labels: Sequence[Box], cells: Sequence[Box]) -> Box:
    # Rather over a cell than over another label.
    for obstacles in ((*labels, *cells), labels):
        for place in places:
            if not any(_meet(place, other) for other in obstacles):
                return place
    return places[0]


def _places(cell: Box, width: int, height: int) -> Iterator[Box]:
    middle = cell.x + (cell.width - width) // 2
    yield Box(middle, cell.y - height - 2, width, height)
    yield Box(middle, cell.y + cell.height + 2, width, height)
    yield Box(cell.x + cell.width + 2, cell.y + (cell.height - height) // 2, width, height)
    yield Box(cell.x - width - 2, cell.y + (cell.height - height) // 2, width, height)
    yield Box(middle, cell.y + (cell.height - height) // 2, width, height)


def _within(place: Box, shape: Sequence[int]) -> Box:
    height, width = shape
    x = max(0, min(place.x, width - place.width))
    y = max(0, min(place.y, height - place.height))
    return Box(x, y, place.width, place.height)


def _meet(one: Box, other: Box) -> bool:
    beside = one.x >= other.x + other.width or other.x >= one.x + one.width
    above = one.y >= other.y + other.height or other.y >= one.y + one.height
    return not (beside or above)


def _draw_label(drawn: RGBImage, text: str, paper: Colour, place: Box, *, letter: float) -> None:
    corner = (place.x + place.width - 1, place.y + place.height - 1)
    cv2.rectangle(drawn, (place.x, place.y), corner, paper, cv2.FILLED)
    base = (place.x + round(letter / 2), place.y + round(1.4 * letter))
    cv2.putText(
        drawn,
        text,
        base,
        _FONT,
        letter / _FONT_HEIGHT,
        _ink(paper),
        _stroke(letter),
        cv2.LINE_AA,
    )


def _ink(paper: Colour) -> Colour:
    # Rec. 601 luma: black reads better than white on the five classes of the differential.
    luma = 0.299 * paper[0] + 0.587 * paper[1] + 0.114 * paper[2]
    return (0, 0, 0) if luma > 120 else (255, 255, 255)
