"""Trends over the days, drawn as Levey and Jennings did: values against mean and deviations.

Am. J. Clin. Pathol. 20:1059, 1950. One strip for each kind of value, the newest on the right.
"""

from PIL import Image

from leuko.displays import _letters
from leuko.displays._canvas import BLACK, WHITE, Area, Canvas, Colour
from leuko.displays._mono import MONO_SIZE, write_mono
from leuko.displays._pixels import ABOVE, BELOW
from leuko.shown import Trend, TrendChart

_DIM: Colour = (176, 176, 176)
_BAND: Colour = (24, 58, 52)
_MEAN: Colour = (0, 190, 140)
_LIMIT: Colour = (230, 159, 0)
_POINT: Colour = (86, 180, 233)
_FAILED: Colour = (255, 70, 70)

_REACH = 4.0
"""Standard deviations from the mean to the edge of a strip."""
_INNER, _OUTER = 2.0, 3.0


def draw_trends(chart: TrendChart, size: tuple[int, int]) -> Image.Image:
    """Return the trends as a picture for a colour display, mode ``RGB``.

    Args:
        chart: the trends; 320 by 240 pixels are enough for five.
        size: width and height in pixels.
    """
    canvas = Canvas(size, is_mono=False)
    head, rest = Area(0, 0, *size).cut_top(max(20, size[1] // 10))
    canvas.fill(head, _FAILED if chart.has_failed else BLACK)
    ink = BLACK if chart.has_failed else WHITE
    canvas.text(
        head.inset(4),
        chart.title,
        colour=ink,
        size=round(head.height * 0.75),
        least=10,
        is_bold=True,
    )
    if chart.answers:
        rest, foot = rest.cut_top(rest.height - max(14, size[1] // 16))
        canvas.text(foot, chart.answers, colour=WHITE, size=foot.height * 3 // 4, least=9)
    for row, trend in zip(rest.rows(max(1, len(chart.trends))), chart.trends, strict=False):
        _draw_strip(canvas, row.inset(4, 2), trend)
    return canvas.picture


def draw_trends_mono(chart: TrendChart) -> Image.Image:
    """Return what has failed, else the newest values, 128x64, mode ``1``."""
    picture = Image.new("1", MONO_SIZE)
    row = Area(1, 0, MONO_SIZE[0] - 2, ABOVE + BELOW)
    room = MONO_SIZE[1] // row.height
    lines = [_letters.printable(line) for line in (chart.title, *newest(chart))]
    if chart.answers:
        lines = [*lines[: room - 1], _letters.printable(chart.answers)]
    for index, line in enumerate(lines[:room]):
        write_mono(picture, row.moved(0, index * row.height), line)
    return picture


def newest(chart: TrendChart) -> list[str]:
    """Return the newest value of each trend with its limits, those that failed first."""
    failed: list[str] = []
    others: list[str] = []
    for trend in chart.trends:
        if not trend.points:
            continue
        last = trend.points[-1]
        limits = f" ({trend.mean:.4g} ±{trend.sd:.2g})" if trend.mean and trend.sd else ""
        line = f"{trend.title} {last.value:.4g}{limits}"
        (failed if last.has_failed else others).append(line)
    return [*(f"! {line}" for line in failed), *others]


def _draw_strip(canvas: Canvas, area: Area, trend: Trend) -> None:
    label, plot = area.cut_left(max(88, area.width // 5))
    top, below = label.rows(2)
    small = max(10, round(top.height * 0.7))
    canvas.text(top, trend.title, colour=_DIM, size=small, least=9)
    if not trend.points:
        canvas.text(below, "not measured", colour=_DIM, size=small, least=9)
        return
    last = trend.points[-1]
    colour = _FAILED if last.has_failed else WHITE
    canvas.text(below, f"{last.value:.4g}", colour=colour, size=small, least=9, is_bold=True)
    _draw_limits(canvas, plot, trend)
    _draw_points(canvas, plot, trend)


def _draw_limits(canvas: Canvas, plot: Area, trend: Trend) -> None:
    if trend.mean is None or trend.sd is None:
        canvas.outline(plot, _BAND)
        size = max(9, plot.height // 4)
        canvas.text(
            plot.inset(4).cut_top(size + 4)[0],
            "no limits yet",
            colour=_DIM,
            size=size,
        )
        return
    upper, lower = (_row(plot, trend, trend.mean + sign * _INNER * trend.sd) for sign in (1, -1))
    canvas.fill(Area(plot.left, upper, plot.width, lower - upper + 1), _BAND)
    for deviations in (-_OUTER, _OUTER):
        row = _row(plot, trend, trend.mean + deviations * trend.sd)
        for left in range(plot.left, plot.right - 3, 8):
            canvas.fill(Area(left, row, 4, 1), _LIMIT)
    canvas.fill(Area(plot.left, _row(plot, trend, trend.mean), plot.width, 1), _MEAN)


def _draw_points(canvas: Canvas, plot: Area, trend: Trend) -> None:
    side = max(4, plot.height // 12)
    step = max(side + 2, min(16, plot.width // max(1, len(trend.points))))
    shown = trend.points[-max(1, (plot.width - side) // step) :]
    left = plot.right - side - step * (len(shown) - 1)
    for index, point in enumerate(shown):
        row = _row(plot, trend, point.value)
        mark = Area(left + index * step, row - side // 2, side, side)
        if point.has_failed:
            # Larger and white in the middle: told apart without its colour.
            canvas.fill(mark.inset(-2, -2), _FAILED)
            canvas.fill(mark.inset(1, 1), WHITE)
        else:
            canvas.fill(mark, _POINT)


def _row(plot: Area, trend: Trend, value: float) -> int:
    """Return the row of a value; one beyond the strip lies on its edge."""
    low, high = _reach(trend)
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    margin = 4
    return plot.top + margin + round((1 - share) * (plot.height - 2 * margin - 1))


def _reach(trend: Trend) -> tuple[float, float]:
    """Return the lowest and the highest value that a strip has room for."""
    if trend.mean is not None and trend.sd is not None:
        return trend.mean - _REACH * trend.sd, trend.mean + _REACH * trend.sd
    values = [point.value for point in trend.points]
    margin = max((max(values) - min(values)) / 4, 0.02 * abs(values[-1]), 1e-6)
    return min(values) - margin, max(values) + margin
