"""The drawing for displays whose pixels are lit or not, and for those too small for colours."""

from PIL import Image, ImageDraw

from leuko.displays import _letters, _words
from leuko.displays._canvas import Align, Area
from leuko.displays._pixels import ABOVE, BELOW, Style, shortened, written
from leuko.displays._words import Headline, Share, Urgency
from leuko.status import Level, LiveStatus

MONO_SIZE = (128, 64)
"""Width and height of the smallest drawing there is."""

_TOP = Area(1, 0, 127, 14)
_SHARES = Area(1, 15, 130, 20)
_BANNER = Area(0, 36, 128, 28)
_TALL_BANNER = Area(0, 30, 128, 34)
"""For a headline of two lines, in place of the gauges."""
_REMARK_BELOW = 18
_SIGNS = {Level.OK: "✓", Level.WARNING: "▲", Level.FAULT: "✗"}


def draw_mono(status: LiveStatus) -> Image.Image:
    """Return the drawing of a status, 128x64, mode ``1``."""
    picture = Image.new("1", MONO_SIZE)
    rest = _TOP.cut_right(_draw_health(picture, status) + 2)[0]
    number = written(str(status.count.n), Style.LARGE)
    picture.paste(number, (rest.left, rest.top))
    rest = rest.cut_left(number.width + 2)[1]
    target = _letters.printable(_words.target_text(status))
    write_mono(picture, rest._replace(top=rest.top + ABOVE), target)
    shares = _words.shares(status.count)
    for column, share in zip(_SHARES.columns(len(shares)), shares, strict=True):
        _draw_share(picture, column, share)
    _draw_banner(picture, status)
    return picture


def _draw_health(picture: Image.Image, status: LiveStatus) -> int:
    """Draw the worst part's health, as all four have no room; return the columns it took."""
    parts = _words.parts(status)
    name = max(parts, key=lambda part: list(Level).index(parts[part].level))
    level = parts[name].level
    label = "ok" if level is Level.OK else _words.PART_LABELS[name]
    text = f"{_SIGNS[level]} {label}"
    write_mono(picture, _TOP, text, align=Align.RIGHT)
    return written(text).width


def _draw_share(picture: Image.Image, area: Area, share: Share) -> None:
    label, rest = area.cut_left(7)
    write_mono(
        picture, label._replace(top=area.top + ABOVE), _words.SHORT_NAMES[share.cell_class][0]
    )
    figure = _figure(share.percent)
    style = Style.TALL if len(figure) < len("100") else Style.PLAIN
    write_mono(picture, rest, figure, style=style)
    gauge = area.cut_top(15)[1]
    _draw_gauge(ImageDraw.Draw(picture), gauge._replace(width=area.width - 3), share)


def _figure(percent: float | None) -> str:
    if percent is None:
        return "-"
    # What has been seen is not nought.
    return "<1" if 0 < percent < 1 else f"{percent:.0f}"


def _draw_gauge(draw: ImageDraw.ImageDraw, area: Area, share: Share) -> None:
    """Draw the percentage as a bar, and its interval as a line below."""
    draw.line((area.left, area.top, area.left, area.bottom - 1), fill=1)
    if share.percent is None:
        return
    low, high, end = (
        area.left + round((area.width - 1) * percent / 100)
        for percent in (*share.interval, share.percent)
    )
    draw.rectangle((area.left, area.top, end, area.top + 2), fill=1)
    draw.line((low, area.bottom - 1, high, area.bottom - 1), fill=1)


def _draw_banner(picture: Image.Image, status: LiveStatus) -> None:
    headline = _words.headline(status)
    lines = _headline_lines(status, headline)
    remarks = _words.remarks(status) if len(lines) == 1 else []
    area = _BANNER if len(lines) == 1 else _TALL_BANNER
    ink = int(headline.urgency is Urgency.CALM)
    if not ink:
        box = (area.left, area.top, area.right - 1, area.bottom - 1)
        ImageDraw.Draw(picture).rectangle(box, fill=1)
    area = area.inset(1, 1 if remarks or len(lines) > 1 else (area.height - 2 * ABOVE) // 2)
    for index, line in enumerate(lines):
        row = area._replace(top=area.top + index * (2 * ABOVE + BELOW + 1))
        write_mono(picture, row, line, style=Style.TALL, ink=ink, align=Align.CENTRE)
    if remarks:
        foot = area._replace(top=_BANNER.top + _REMARK_BELOW)
        write_mono(picture, foot, _letters.printable(remarks[0]), ink=ink, align=Align.CENTRE)


def _headline_lines(status: LiveStatus, headline: Headline) -> tuple[str, ...]:
    text = headline.text[:1].upper() + headline.text[1:]
    if headline.urgency is Urgency.CALM and status.last_cell:
        text = _words.last_name(status.last_cell, is_short=False)
    fits = written(text, Style.TALL).width <= _BANNER.width - 2
    return (text,) if fits else _letters.two_lines(text)


def write_mono(
    picture: Image.Image,
    area: Area,
    text: str,
    *,
    style: Style = Style.PLAIN,
    ink: int = 1,
    align: Align = Align.LEFT,
) -> None:
    """Write one line from the top of an area, shortened to its width."""
    line = written(shortened(text, area.width, style), style)
    free = {Align.LEFT: 0, Align.CENTRE: (area.width - line.width) // 2}.get(
        align, area.width - line.width
    )
    picture.paste(ink, (area.left + free, area.top), line)
