"""The checks of one series as what is drawn of them."""

from collections.abc import Sequence

from leuko.checks._record import CheckRecord
from leuko.checks._rules import TITLES, limits_of
from leuko.displays import Trend, TrendPoint


def trends(series: Sequence[CheckRecord]) -> tuple[Trend, ...]:
    """Return one trend for each kind of value, the oldest check on the left.

    Args:
        series: checks of one bundle and calibration, the oldest first.
    """
    return tuple(_trend(series, name, title) for name, title in TITLES.items())


def _trend(series: Sequence[CheckRecord], name: str, title: str) -> Trend:
    limits = limits_of(series, name)
    points = tuple(
        TrendPoint(value, has_failed=any(sentence.startswith(title) for sentence in one.failures))
        for one in series
        if (value := one.measured.values.get(name)) is not None
    )
    return Trend(title, points, limits.mean if limits else None, limits.sd if limits else None)
