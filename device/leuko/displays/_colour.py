"""The drawing for colour displays: bright on black, as large as the display allows.

The colours are Okabe and Ito's (jfly.uni-koeln.de/color, 2008), which colour-blind readers can
tell apart; no meaning rests on colour alone.
"""

from collections.abc import Mapping

from PIL import Image

from leuko.certainty import in_percent
from leuko.class_colours import CLASS_COLOURS
from leuko.displays import _letters, _words
from leuko.displays._banner import draw_banner
from leuko.displays._canvas import BLACK, WHITE, Align, Area, Canvas, Colour, Sign
from leuko.displays._layouts import Layout
from leuko.plurals import counted
from leuko.status import Health, LastCell, Level, LiveStatus

_DIM: Colour = (176, 176, 176)
_TRACK: Colour = (48, 48, 48)

_LEVELS: Mapping[Level, tuple[Colour, Sign]] = {
    Level.OK: ((0, 190, 140), Sign.TICK),
    Level.WARNING: ((255, 200, 0), Sign.TRIANGLE),
    Level.FAULT: ((255, 70, 70), Sign.CROSS),
}

_ROOM_FOR_NAMES = 400
"""Columns from which the parts are written out."""


def draw_colour(status: LiveStatus, layout: Layout) -> Image.Image:
    """Return the drawing of a status, mode ``RGB``."""
    canvas = Canvas(layout.size, is_mono=False)
    _draw_parts(canvas, layout.parts, _words.parts(status))
    specimen = _words.specimen_text(status)
    canvas.text(layout.specimen, specimen, colour=_DIM, size=_size(layout.specimen))
    _draw_number(canvas, layout.count, status)
    _draw_last_cell(canvas, layout.cell, status.last_cell)
    _draw_bars(canvas, layout, status)
    draw_banner(canvas, layout.banner, status)
    if layout.tallies:
        _draw_tallies(canvas, layout.tallies, layout, status)
    if layout.foot:
        _draw_foot(canvas, layout.foot, status)
    return canvas.picture


def _size(area: Area, share: float = 0.88) -> int:
    """Return the size of letters that fill as much of an area's height."""
    return max(8, round(area.height * share))


def _draw_parts(canvas: Canvas, area: Area, parts: Mapping[str, Health]) -> None:
    side = round(area.height * 0.7)
    names = (
        list(parts)
        if area.width >= _ROOM_FOR_NAMES
        else [_words.PART_LABELS[name] for name in parts]
    )
    gap = max(3, side // 3)
    # The places are as wide as their names, and share what room is left.
    size = _size(area, 0.8)
    taken = sum(_letters.width(name, size) + side + 3 * gap for name in names)
    size = min(size, size * area.width // taken)
    left = area.right
    for name, health in zip(reversed(names), reversed(list(parts.values())), strict=True):
        width = _letters.width(name, size) + side + 3 * gap
        left -= width
        _draw_part(canvas, area._replace(left=left, width=width), name, health, size=size)


def _draw_part(canvas: Canvas, area: Area, name: str, health: Health, *, size: int) -> None:
    colour, sign = _LEVELS[health.level]
    side = round(area.height * 0.7)
    gap = max(3, side // 3)
    if health.level is not Level.OK:
        canvas.outline(area, colour, thickness=max(1, area.height // 16))
    mark, label = area.inset(gap, 0).cut_left(side + gap)
    canvas.sign(mark._replace(width=side), sign, colour)
    canvas.text(label, name, colour=WHITE, size=size)


def _draw_number(canvas: Canvas, area: Area, status: LiveStatus) -> None:
    number, target = str(status.count.n), _words.target_text(status)
    gap = area.height // 7
    small = _letters.fitting_size(target, area.width * 45 // 100, _size(area, 0.46), least=8)
    room = area.width - _letters.width(target, small) - gap
    size = _letters.fitting_size(number, room, _size(area, 1.3), least=small, is_bold=True)
    taken = canvas.text(area._replace(width=room), number, size=size, is_bold=True)
    rest = area.cut_left(taken + gap)[1]
    drop = (_letters.cap_height(size) - _letters.cap_height(small)) // 2
    canvas.text(rest._replace(top=rest.top + drop), target, colour=_DIM, size=small)


def _draw_last_cell(canvas: Canvas, area: Area, last: LastCell | None) -> None:
    is_beside = area.width > 1.4 * area.height
    side = area.height if is_beside else min(area.width, round(area.height * 0.78))
    picture = Area(area.left if is_beside else area.right - side, area.top, side, side)
    if last is None:
        canvas.outline(picture, _TRACK)
        return
    colour = CLASS_COLOURS.get(last.cell_class, _DIM)
    canvas.photograph(picture, last.picture)
    canvas.outline(picture, colour, thickness=max(2, side // 32))
    if is_beside:
        _name_beside(canvas, area.cut_left(side + side // 8)[1], last, colour)
    else:
        below = area.cut_top(side)[1]
        name = _words.last_name(last, is_short=True)
        canvas.text(
            below, name, colour=colour, size=_size(below, 0.95), align=Align.RIGHT, is_bold=True
        )


def _name_beside(canvas: Canvas, area: Area, last: LastCell, colour: Colour) -> None:
    top, middle, bottom = area.rows(3)
    is_short = area.width < 80
    name = _words.last_name(last, is_short=is_short)
    canvas.text(top, "last cell", colour=_DIM, size=_size(top, 0.62), least=8)
    canvas.text(middle, name, colour=colour, size=_size(middle), least=11, is_bold=True)
    if last.cell_class is not None:
        percent = in_percent(last.probability)
        canvas.text(bottom, percent, colour=WHITE, size=_size(bottom, 0.7))


def _draw_bars(canvas: Canvas, layout: Layout, status: LiveStatus) -> None:
    shares = _words.shares(status.count)
    for row, share in zip(layout.bars.rows(len(shares)), shares, strict=True):
        _draw_bar(canvas, row, share, has_interval_text=layout.has_interval_text)


def _draw_bar(canvas: Canvas, row: Area, share: _words.Share, *, has_interval_text: bool) -> None:
    size = min(_size(row, 0.95), round(row.width * (0.065 if has_interval_text else 0.075)))
    large = min(_size(row, 1.05), round(1.45 * size))
    colour = CLASS_COLOURS[share.cell_class]
    label, rest = row.cut_left(_letters.width("LYMPH", size) + size // 3)
    small = size * 3 // 4
    rest, unit = rest.cut_right(_letters.width("%", small) + 1)
    rest, figure = rest.cut_right(_letters.width("00.0", large, is_bold=True) + size // 4)
    canvas.text(label, _words.SHORT_NAMES[share.cell_class], colour=colour, size=size)
    canvas.text(figure, share.text, size=large, least=8, align=Align.RIGHT, is_bold=True)
    if share.percent is not None:
        canvas.text(unit, "%", colour=_DIM, size=small, align=Align.RIGHT)
    if has_interval_text:
        rest, interval = rest.cut_right(_letters.width("00-00", small) + size // 3)
        text = share.interval_text
        canvas.text(interval, text, colour=_DIM, size=small, least=8, align=Align.RIGHT)
    _draw_gauge(canvas, rest.inset(0, max(1, row.height // 6)), share, colour)


def _draw_gauge(canvas: Canvas, area: Area, share: _words.Share, colour: Colour) -> None:
    canvas.fill(area, _TRACK)
    if share.percent is None:
        return
    canvas.fill(area._replace(width=_at(area, share.percent)), colour)
    thickness = max(1, area.height // 8)
    low, high = _at(area, share.interval.low), _at(area, share.interval.high)
    middle = area.top + (area.height - thickness) // 2
    cap = area.inset(0, area.height // 5)
    # The whisker is white on a black seam, so that it is seen on the bar as well as beside it.
    for ink, margin in ((BLACK, 1), (WHITE, 0)):
        line = Area(area.left + low, middle, max(thickness, high - low), thickness)
        ends = (low, high - thickness)
        for part in (line, *(Area(area.left + x, cap.top, thickness, cap.height) for x in ends)):
            canvas.fill(part.inset(-margin, -margin), ink)


def _at(area: Area, percent: float) -> int:
    return round(area.width * percent / 100)


def _draw_tallies(canvas: Canvas, area: Area, layout: Layout, status: LiveStatus) -> None:
    lines = [_words.tallies(status.count), *filter(None, [_words.wbc_text(status)])]
    # In two rows they take all that is free between the bars and the banner.
    free = area._replace(top=layout.bars.bottom, height=layout.banner.top - layout.bars.bottom)
    rows = free.inset(0, 1).rows(2)
    line = _letters.printable(" · ".join(lines))
    size = _letters.fitting_size(line, area.width, _size(area), least=10)
    if len(lines) == 1 or size >= _size(rows[0]):
        lines, rows = [line], [area]
    for row, text in zip(rows, lines, strict=True):
        canvas.text(row, text, colour=_DIM, size=_size(row), least=10)


def _draw_foot(canvas: Canvas, area: Area, status: LiveStatus) -> None:
    size = _size(area, 0.75)
    figures = f"segment {status.segment} · {counted(round(status.frames_per_s), 'frame')}/s"
    figures = figures if status.segment else ""
    left, right = area.cut_right(_letters.width(figures, size) + size)
    canvas.text(right, figures, colour=_DIM, size=size, align=Align.RIGHT)
    canvas.text(left, _words.SHORT_STATEMENT, colour=_DIM, size=size)
