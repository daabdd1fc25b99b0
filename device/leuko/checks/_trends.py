"""The checks of one series as what is drawn of them."""

from collections.abc import Sequence

from leuko.checks._record import CheckRecord
from leuko.checks._rules import TITLES, limits_of
from leuko.shown import Trend, TrendChart, TrendPoint


def trends(series: Sequence[CheckRecord], check: CheckRecord) -> TrendChart:
    """Return one trend for each kind of value, up to a check.

    Args:
        series: checks before it, of one bundle and calibration, the oldest first.
        check: the last one; kept or not.
    """
    outcome = "passed" if check.has_passed else f"failed: {check.failures[0]}"
    return TrendChart(
        f"check {check.number} {outcome}",
        tuple(_trend([*series, check], name, title) for name, title in TITLES.items()),
        has_failed=not check.has_passed,
    )


def _trend(series: Sequence[CheckRecord], name: str, title: str) -> Trend:
    limits = limits_of(series, name)
    points = tuple(
        TrendPoint(value, has_failed=any(sentence.startswith(title) for sentence in one.failures))
        for one in series
        if (value := one.measured.values.get(name)) is not None
    )
    return Trend(title, points, limits.mean if limits else None, limits.sd if limits else None)
