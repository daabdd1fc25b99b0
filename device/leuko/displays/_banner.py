"""The banner of a colour display: what a person must read, and what else they should."""

from collections.abc import Mapping

from leuko.displays import _letters, _words
from leuko.displays._canvas import BLACK, WHITE, Align, Area, Canvas, Colour, Sign
from leuko.displays._words import Urgency
from leuko.status import LiveStatus

# Besides their hues, the grounds differ in lightness, and each goes with a sign of its own.
BANNERS: Mapping[Urgency, tuple[Colour, Colour, Sign | None]] = {
    Urgency.CALM: (BLACK, (0, 210, 155), None),
    Urgency.DONE: ((0, 190, 140), BLACK, Sign.TICK),
    Urgency.PAUSED: ((0, 84, 150), WHITE, Sign.PAUSE),
    Urgency.RESTING: ((72, 72, 72), WHITE, None),
    Urgency.ACT: ((255, 200, 0), BLACK, Sign.TRIANGLE),
    Urgency.FAULT: ((190, 0, 30), WHITE, Sign.CROSS),
}

_ROOM_FOR_TWO_REMARKS = 40
"""Rows from which a banner has room for more than one line under the headline."""
_HEADLINE_SHARES: Mapping[int, float] = {1: 0.64, 2: 0.5, 3: 0.4}
"""Share of a banner's height that is the headline's, by the lines under it."""


def draw_banner(canvas: Canvas, area: Area, status: LiveStatus) -> None:
    """Draw the headline of a status into an area, and what remarks it has room for."""
    headline = _words.headline(status)
    ground, ink, sign = BANNERS[headline.urgency]
    canvas.fill(area, ground)
    if headline.urgency is Urgency.CALM:
        canvas.outline(area, ink, thickness=max(1, area.height // 24))
    inner = _draw_remarks(canvas, area.inset(area.height // 8, 2), status, ink)
    if sign:
        side = round(inner.height * 0.66)
        mark, inner = inner.cut_left(side + side // 3)
        canvas.sign(mark._replace(width=side), sign, ink)
    _draw_headline(canvas, inner, headline.text, ink)


def _draw_remarks(canvas: Canvas, area: Area, status: LiveStatus, ink: Colour) -> Area:
    """Write the remarks at the foot of an area, and return what is left of it."""
    if not (remarks := _words.remarks(status)):
        return area
    size, lines = _remark_lines(remarks, area, faults=len(_words.faults(status)))
    share = _HEADLINE_SHARES[len(lines)]
    rest, foot = area.cut_top(round(area.height * share))
    for row, line in zip(foot.rows(len(lines)), lines, strict=True):
        canvas.text(row, line, colour=ink, size=size, align=Align.CENTRE)
    return rest


def _remark_lines(remarks: list[str], area: Area, *, faults: int) -> tuple[int, tuple[str, ...]]:
    text = _letters.printable(" · ".join(remarks))
    large, small = max(11, area.height // 4), max(12, round(area.height * 0.22))
    if area.height < _ROOM_FOR_TWO_REMARKS or _letters.width(text, large) <= area.width:
        return large, _letters.wrapped(text, area.width, large, lines=1)
    if faults > 1:
        # Each has a line of its own: the first one's sentence must not hide the others.
        lines = tuple(remarks[: min(faults, max(_HEADLINE_SHARES))])
        rows = area.height - round(area.height * _HEADLINE_SHARES[len(lines)])
        return min(small, rows // len(lines)), lines
    if len(remarks) > 1 and _letters.width(_letters.printable(remarks[0]), small) <= area.width:
        return small, (remarks[0], " · ".join(remarks[1:]))
    return small, _letters.wrapped(text, area.width, small, lines=2)


def _draw_headline(canvas: Canvas, area: Area, text: str, ink: Colour) -> None:
    text = _letters.printable(text[:1].upper() + text[1:])
    largest = max(8, round(0.8 * area.height))
    if _letters.width(text, largest * 6 // 10, is_bold=True) <= area.width:
        lines: tuple[str, ...] = (text,)
    else:
        lines, largest = _letters.two_lines(text), max(8, round(0.46 * area.height))
    size = min(
        _letters.fitting_size(line, area.width, largest, least=10, is_bold=True) for line in lines
    )
    for row, line in zip(area.rows(len(lines)), lines, strict=True):
        canvas.text(row, line, colour=ink, size=size, align=Align.CENTRE, is_bold=True)
