"""The drawing of a cell whose class a person is asked for: its picture first of all."""

from PIL import Image

from leuko.cells import CellClass, RGBImage
from leuko.class_colours import CLASS_COLOURS
from leuko.displays import _letters, _words
from leuko.displays._canvas import BLACK, WHITE, Align, Area, Canvas, Colour
from leuko.displays._mono import MONO_SIZE, write_mono
from leuko.displays._pixels import ABOVE, BELOW, Style
from leuko.shown import ReviewStep

_DIM: Colour = (176, 176, 176)
_GROUND, _INK = (255, 200, 0), BLACK
_FOOT = 0.085
"""Share of the height that the keys beside the classes take."""
_BESIDE, _BELOW = 0.3, 0.36
"""Share of the width that the classes take beside the picture; of the height, below it."""
_LEAST_LETTERS = 9
_LEAST = 8
"""Size of letters that need not be read from afar."""
_ROOM_FOR_NUMBERS, _ROOM_FOR_WANTED = 60, 110
"""Columns of a class from which there is room for its cells, and for how many are enough."""


def draw_review(step: ReviewStep, size: tuple[int, int]) -> Image.Image:
    """Return the drawing of a cell for a colour display, mode ``RGB``.

    The classes stand beside the picture on a wide display, and below it on a tall one.

    Args:
        step: what is to be shown.
        size: width and height of the display in pixels, at least 160 x 128.
    """
    canvas = Canvas(size, is_mono=False)
    width, height = size
    rest, foot = Area(0, 0, *size).cut_top(height - max(14, round(_FOOT * height)))
    canvas.fill(foot, _GROUND)
    _write(canvas, foot.inset(3), _told(step.answers, width - 6), _INK, align=Align.CENTRE)
    if width >= height:
        side = min(rest.height, width - max(round(_BESIDE * width), 52))
        picture, beside = rest.cut_left(side)
        _draw_picture(canvas, picture, step)
        _draw_words(canvas, beside.inset(max(3, width // 100), 0), step, columns=1)
    else:
        picture, below = rest.cut_top(rest.height - round(_BELOW * height))
        _draw_picture(canvas, picture, step)
        _draw_words(canvas, below.inset(3, 0), step, columns=2)
    return canvas.picture


def draw_review_mono(step: ReviewStep) -> Image.Image:
    """Return the drawing of a cell, 128x64, mode ``1``; its grey levels are dithered."""
    picture = Image.new("1", MONO_SIZE)
    side = MONO_SIZE[1]
    picture.paste(_dithered(step.picture, side), (0, 0))
    row = Area(side + 3, 0, MONO_SIZE[0] - side - 3, ABOVE + BELOW)
    write_mono(picture, row, step.progress)
    write_mono(picture, row.moved(0, 10), _words.SHORT_NAMES[step.proposed], style=Style.TALL)
    keys = [f"{key}{letter}" for key, letter in enumerate("NLMEBIRP", start=1)]
    lines = (*(" ".join(keys[first : first + 3]) for first in (0, 3)), " ".join([*keys[6:], "0?"]))
    for index, line in enumerate((*lines, "-back /stop")):
        write_mono(picture, row.moved(0, 28 + 9 * index), line)
    return picture


def _told(answers: str, columns: int) -> str:
    """Return the keys without dots between them where there is no room for those."""
    is_narrow = _letters.width(_letters.printable(answers), _LEAST) > columns
    return answers.replace(" · ", " ") if is_narrow else answers


def _dithered(rgb: RGBImage, side: int) -> Image.Image:
    grey = Image.fromarray(rgb).convert("L").resize((side, side), Image.Resampling.BICUBIC)
    return grey.convert("1", dither=Image.Dither.FLOYDSTEINBERG)


def _draw_picture(canvas: Canvas, area: Area, step: ReviewStep) -> None:
    side = min(area.width, area.height)
    left, top = (area.width - side) // 2, (area.height - side) // 2
    canvas.photograph(Area(area.left + left, area.top + top, side, side), step.picture)


def _draw_words(canvas: Canvas, area: Area, step: ReviewStep, *, columns: int) -> None:
    rows = area.rows(len(CellClass) // columns + 2)
    _write(canvas, rows[0], step.progress, WHITE, is_bold=True)
    _write(canvas, rows[1], step.remark, _DIM)
    places = [place for row in rows[2:] for place in row.columns(columns)]
    for name, place in zip(CellClass, places, strict=True):
        _draw_class(canvas, place, name, step)


def _draw_class(canvas: Canvas, area: Area, name: CellClass, step: ReviewStep) -> None:
    """Draw a class with its key and how many of it are confirmed; the proposed one stands out."""
    is_proposed, key = name is step.proposed, list(CellClass).index(name) + 1
    colour = CLASS_COLOURS.get(name, _DIM)
    if is_proposed:
        canvas.fill(area.inset(0, 1), colour)
    size = max(_LEAST_LETTERS, min(round(0.72 * area.height), area.width // 5))
    ink = BLACK if is_proposed else WHITE
    left, rest = area.inset(2, 0).cut_left(_letters.width("0", size) + size // 3)
    canvas.text(left, f"{key}", colour=ink, size=size, is_bold=True)
    number = _number(step, name, area.width)
    rest, right = rest.cut_right(_letters.width(number, size) + 1 if number else 0)
    canvas.text(right, number, colour=ink, size=size, align=Align.RIGHT)
    canvas.text(
        rest,
        _words.SHORT_NAMES[name],
        colour=ink if is_proposed else colour,
        size=size,
        least=_LEAST_LETTERS,
        is_bold=is_proposed,
    )


def _number(step: ReviewStep, name: CellClass, columns: int) -> str:
    if columns < _ROOM_FOR_NUMBERS:
        return ""
    number = str(step.confirmed.get(name, 0))
    is_wanted = name.is_counted and columns >= _ROOM_FOR_WANTED
    return f"{number}/{step.wanted}" if is_wanted else number


def _write(
    canvas: Canvas,
    area: Area,
    text: str,
    colour: Colour,
    *,
    align: Align = Align.LEFT,
    is_bold: bool = False,
) -> None:
    size = max(_LEAST_LETTERS, round(0.72 * area.height))
    canvas.text(area, text, colour=colour, size=size, least=_LEAST, align=align, is_bold=is_bold)
