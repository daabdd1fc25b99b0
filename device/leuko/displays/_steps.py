"""The drawing of a calibration's step: what the camera sees, what is measured, what to do."""

from PIL import Image, ImageDraw

from leuko.cells import RGBImage
from leuko.displays import _letters, _words
from leuko.displays._banner import BANNERS
from leuko.displays._canvas import BLACK, WHITE, Align, Area, Canvas, Colour
from leuko.displays._mono import MONO_SIZE, write_mono
from leuko.displays._pixels import ABOVE, BELOW, Style, written
from leuko.displays._words import Urgency
from leuko.shown import CalibrationStep

_DIM: Colour = (176, 176, 176)
_TOP, _BANNER = 0.11, 0.34
"""Shares of the height that the title and the instruction take."""
_PICTURE = 0.5
"""Share of the width that the picture takes at most."""
_ASKED_BANNER, _ASKED_PICTURE = 0.2, 0.72
"""The same shares where the picture is what is asked about."""
_MOST_FIGURES = 4
_LEAST_LETTERS = 9


def draw_step(step: CalibrationStep, size: tuple[int, int]) -> Image.Image:
    """Return the drawing of a step for a colour display, mode ``RGB``.

    Args:
        step: what is to be shown.
        size: width and height of the display in pixels, at least 160 x 128.
    """
    canvas = Canvas(size, is_mono=False)
    whole = Area(0, 0, *size)
    top, rest = whole.cut_top(round(_TOP * size[1]))
    share = _ASKED_BANNER if step.is_about_picture else _BANNER
    middle, banner = rest.cut_top(rest.height - round(share * size[1]))
    margin = max(2, size[0] // 80)
    _draw_title(canvas, top.inset(margin), step)
    _draw_middle(canvas, middle.inset(margin, margin // 2), step)
    _draw_banner(canvas, banner, step)
    return canvas.picture


def draw_step_mono(step: CalibrationStep) -> Image.Image:
    """Return the drawing of a step, 128x64, mode ``1``."""
    picture = Image.new("1", MONO_SIZE)
    width, height = MONO_SIZE
    row = Area(1, 0, width - 2, ABOVE + BELOW)
    number = _letters.printable(step.number.removeprefix("step "))
    left, right = row.cut_right(written(number).width)
    write_mono(picture, right, number)
    write_mono(picture, left, _letters.printable(step.title))
    # Of a sentence what happened comes first, and what to do last.
    reason, _, remedy = step.refusal.rpartition("; ")
    lines = (reason, remedy) if step.refusal else step.figures
    for index, line in enumerate(lines[:2], start=1):
        write_mono(picture, row.moved(0, 11 * index + 1), _letters.printable(line))
    is_calm = _words.step_urgency(step) is Urgency.CALM
    banner = Area(0, 35, width, height - 35)
    if not is_calm:
        box = (banner.left, banner.top, banner.right - 1, banner.bottom - 1)
        ImageDraw.Draw(picture).rectangle(box, fill=1)
    _write_instruction(picture, banner.inset(1, 1), step, ink=int(is_calm))
    return picture


def _write_instruction(
    picture: Image.Image, area: Area, step: CalibrationStep, *, ink: int
) -> None:
    text = _letters.printable(step.instruction)
    if step.answers:
        answers = _letters.printable(step.answers).split(" · ")
        half = len(answers) - max(1, len(answers) // 2)
        rows = (text, " · ".join(answers[:half]), " · ".join(answers[half:]))
        for index, line in enumerate(rows):
            row = area.moved(0, (ABOVE + BELOW) * index)
            write_mono(picture, row, line, ink=ink, align=Align.CENTRE)
        return
    fits = written(text, Style.TALL).width <= area.width
    lines = (text,) if fits else _letters.two_lines(text)
    style = Style.TALL if fits else Style.PLAIN
    for index, line in enumerate(lines):
        row = area.moved(0, 4 + 12 * index)
        write_mono(picture, row, line, style=style, ink=ink, align=Align.CENTRE)


def _draw_title(canvas: Canvas, area: Area, step: CalibrationStep) -> None:
    size = max(_LEAST_LETTERS, round(0.72 * area.height))
    number = _letters.printable(step.number)
    left, right = area.cut_right(_letters.width(number, size) + size)
    canvas.text(right, number, colour=_DIM, size=size, align=Align.RIGHT)
    title = step.title[:1].upper() + step.title[1:]
    canvas.text(left, title, colour=WHITE, size=size, least=_LEAST_LETTERS, is_bold=True)


def _draw_middle(canvas: Canvas, area: Area, step: CalibrationStep) -> None:
    if step.refusal:
        _draw_sentence(canvas, area, step.refusal)
        return
    if step.picture is not None:
        most = _ASKED_PICTURE if step.is_about_picture else _PICTURE
        place = _fitted(step.picture, area, most)
        canvas.photograph(place, step.picture)
        area = area.cut_left(place.width + max(4, area.width // 40))[1]
    rows = area.rows(_MOST_FIGURES)
    for row, figure in zip(rows, step.figures, strict=False):
        size = max(_LEAST_LETTERS, min(round(0.72 * row.height), area.width // 8))
        canvas.text(row, figure, colour=WHITE, size=size, least=_LEAST_LETTERS)


def _draw_sentence(canvas: Canvas, area: Area, sentence: str) -> None:
    text = _letters.printable(sentence)
    size = max(_LEAST_LETTERS, area.height // 7)
    # What to do stands at its end, so the letters shrink before it is cut.
    while (wrapped := _wrapped(text, area, size))[-1].endswith("…") and size > _LEAST_LETTERS:
        size -= 1
    for index, line in enumerate(wrapped):
        row = area._replace(top=area.top + index * 13 * size // 10, height=13 * size // 10)
        canvas.text(row, line, colour=WHITE, size=size)


def _wrapped(text: str, area: Area, size: int) -> tuple[str, ...]:
    lines = max(1, area.height * 10 // (13 * size))
    return _letters.wrapped(text, area.width, size, lines=lines)


def _fitted(picture: RGBImage, area: Area, most: float) -> Area:
    """Return where a picture goes: as large as fits, in the proportions it has."""
    height, width = picture.shape[:2]
    scale = min(area.height / height, most * area.width / width)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    return Area(area.left, area.top + (area.height - size[1]) // 2, *size)


def _draw_banner(canvas: Canvas, area: Area, step: CalibrationStep) -> None:
    ground, ink, _ = BANNERS[_words.step_urgency(step)]
    canvas.fill(area, ground)
    if ground == BLACK:
        canvas.outline(area, ink, thickness=max(1, area.height // 24))
    inner = area.inset(area.height // 8, 3)
    if step.answers:
        inner, foot = inner.cut_top(round(0.6 * inner.height))
        size = max(_LEAST_LETTERS, round(0.62 * foot.height))
        canvas.text(
            foot, step.answers, colour=ink, size=size, least=_LEAST_LETTERS, align=Align.CENTRE
        )
    _draw_instruction(canvas, inner, step.instruction, ink)


def _draw_instruction(canvas: Canvas, area: Area, text: str, ink: Colour) -> None:
    text = _letters.printable(text[:1].upper() + text[1:])
    largest = round(0.62 * area.height)
    fits = _letters.width(text, largest * 6 // 10, is_bold=True) <= area.width
    lines = (text,) if fits else _letters.two_lines(text)
    for row, line in zip(area.rows(len(lines)), lines, strict=True):
        size = min(largest, round(0.8 * row.height))
        canvas.text(
            row,
            line,
            colour=ink,
            size=size,
            least=_LEAST_LETTERS,
            align=Align.CENTRE,
            is_bold=True,
        )
