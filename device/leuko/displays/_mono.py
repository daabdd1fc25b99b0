"""The drawing for displays whose pixels are lit or not, and for those too small for colours."""

from PIL import Image, ImageDraw

from leuko.displays import _letters, _words
from leuko.displays._canvas import Align, Area
from leuko.displays._pixels import ABOVE, Style, shortened, written
from leuko.displays._words import Headline, Share, Urgency
from leuko.status import Level, LiveStatus

MONO_SIZE = (128, 64)
"""Width and height of the smallest drawing there is."""

_TOP = Area(1, 0, 127, 14)
_SHARES = Area(1, 15, 130, 20)
_BANNER = Area(0, 36, 128, 28)
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
    line, foot = _banner_lines(status, headline)
    ink = int(headline.urgency is Urgency.CALM)
    if not ink:
        box = (_BANNER.left, _BANNER.top, _BANNER.right - 1, _BANNER.bottom - 1)
        ImageDraw.Draw(picture).rectangle(box, fill=1)
    area = _BANNER.inset(1, 1 if foot else (_BANNER.height - 2 * ABOVE) // 2)
    write_mono(picture, area, line, style=Style.TALL, ink=ink, align=Align.CENTRE)
    if foot:
        below = area._replace(top=_BANNER.top + _REMARK_BELOW)
        write_mono(picture, below, _letters.printable(foot), ink=ink, align=Align.CENTRE)


def _banner_lines(status: LiveStatus, headline: Headline) -> tuple[str, str]:
    """Return what is written large, and what below it; the percentages keep their place."""
    text = _headline_text(status, headline)
    if written(text, Style.TALL).width <= _BANNER.width - 2:
        return text, next(iter(_words.remarks(status)), "")
    reason, _, action = text.partition(", ")
    if action and headline.urgency is Urgency.ACT:
        # What to do is read from further away than why.
        return action[:1].upper() + action[1:], reason
    large, *rest = _letters.two_lines(text)
    return large, " ".join(rest)


def _headline_text(status: LiveStatus, headline: Headline) -> str:
    if headline.urgency is Urgency.CALM and status.last_cell:
        return _words.last_name(status.last_cell, is_short=False)
    faults = _words.faults(status)
    text = _words.brief_faults(faults) if len(faults) > 1 else headline.text
    return text[:1].upper() + text[1:]


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
