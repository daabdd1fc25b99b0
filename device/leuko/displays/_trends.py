"""Trends over the days, drawn as Levey and Jennings did: values against mean and deviations.

Am. J. Clin. Pathol. 20:1059, 1950. One strip for each kind of value, the newest on the right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from leuko.displays._canvas import BLACK, WHITE, Area, Canvas, Colour

_DIM: Colour = (176, 176, 176)
_BAND: Colour = (24, 58, 52)
_MEAN: Colour = (0, 190, 140)
_LIMIT: Colour = (230, 159, 0)
_POINT: Colour = (86, 180, 233)
_FAILED: Colour = (255, 70, 70)

_REACH = 4.0
"""Standard deviations from the mean to the edge of a strip."""
_INNER, _OUTER = 2.0, 3.0


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One value.

    Attributes:
        value: of one check.
        has_failed: whether the check failed because of it.
    """

    value: float
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """Values of one kind, the oldest first.

    Attributes:
        title: what they are called.
        points: the values.
        mean: of the first ones; None while there are too few.
        sd: standard deviation of the first ones.
    """

    title: str
    points: tuple[TrendPoint, ...]
    mean: float | None = None
    sd: float | None = None

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest value that a strip has room for."""
        if self.mean is not None and self.sd is not None:
            return self.mean - _REACH * self.sd, self.mean + _REACH * self.sd
        values = [point.value for point in self.points] or [0.0]
        margin = max((max(values) - min(values)) / 4, 0.02 * abs(values[-1]), 1e-6)
        return min(values) - margin, max(values) + margin


def draw_trends(
    trends: Sequence[Trend], size: tuple[int, int], *, title: str, has_failed: bool = False
) -> Image.Image:
    """Return the trends as a picture, mode ``RGB``.

    Args:
        trends: one for each kind of value.
        size: width and height in pixels; 320 by 240 is enough for five trends.
        title: stands above them.
        has_failed: whether the last check failed.
    """
    canvas = Canvas(size, is_mono=False)
    head, rest = Area(0, 0, *size).cut_top(max(20, size[1] // 10))
    canvas.fill(head, _FAILED if has_failed else BLACK)
    ink = BLACK if has_failed else WHITE
    canvas.text(
        head.inset(4), title, colour=ink, size=round(head.height * 0.75), least=10, is_bold=True
    )
    for row, trend in zip(rest.rows(max(1, len(trends))), trends, strict=False):
        _draw_strip(canvas, row.inset(4, 2), trend)
    return canvas.picture


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
    low, high = trend.reach
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    margin = 4
    return plot.top + margin + round((1 - share) * (plot.height - 2 * margin - 1))
