"""When a check fails: fixed limits at once, and the laboratory's own once it has enough checks.

Levey and Jennings, Am. J. Clin. Pathol. 20:1059, 1950: mean and standard deviations of the first
checks. Westgard et al., Clin. Chem. 27:493, 1981: rule 1-3s, one value beyond three standard
deviations, and 2-2s, two in a row beyond two on the same side, reject; 1-2s warns. Twenty values
make such limits (CLSI C24); those of fewer, from ten on, are provisional.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from leuko.checks._record import CheckRecord, Measured

BASELINE = 20
"""First checks that limits come from."""
FEWEST = 10
"""Checks from which there are limits at all."""
LEAST_LOCATED_PERCENT = 90.0
"""Share of the leukocytes that must be located, whatever it was before."""

TITLES = {
    "located_percent": "located %",
    "sharpness": "sharpness",
    "background": "background",
    "nuclei_density": "stain density",
    "scale_percent": "scale %",
}
"""What people call that which is followed."""

_NARROWEST = {
    "located_percent": 2.5,
    "sharpness": 0.05,
    "background": 2.0,
    "nuclei_density": 0.03,
    "scale_percent": 0.5,
}
"""Standard deviations below which checks are alike by chance; half a cell of twenty is 2.5 %."""
_REJECTED, _WARNED = 3.0, 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Where values of one kind are to lie.

    Attributes:
        mean: of the first checks.
        sd: standard deviation of the first checks.
    """

    mean: float
    sd: float

    def deviations(self, value: float) -> float:
        """Return how many standard deviations a value is above the mean."""
        return (value - self.mean) / self.sd


def series_of(
    checks: Sequence[CheckRecord], *, like: CheckRecord | None = None
) -> list[CheckRecord]:
    """Return the checks that can be compared: of one bundle, calibration, camera and frame size.

    Args:
        checks: all, the oldest first.
        like: one of the series; None for the last.
    """
    like = like or (checks[-1] if checks else None)
    return [one for one in checks if like and _kind(one) == _kind(like)]


def limits_of(series: Sequence[CheckRecord], name: str) -> Limits | None:
    """Return the limits of one kind of value; None while there are too few checks that passed.

    Args:
        series: the oldest first, as `series_of` returns them.
        name: of the value in `Measured`.
    """
    values = [one.measured.values.get(name) for one in series if one.has_passed]
    first = [value for value in values if value is not None][:BASELINE]
    if len(first) < FEWEST:
        return None
    return Limits(fmean(first), max(stdev(first), _NARROWEST[name]))


def judged(
    measured: Measured, series: Sequence[CheckRecord]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return why a check fails, and what to keep an eye on, a sentence each.

    Args:
        measured: what it has measured.
        series: the checks before it, the oldest first.
    """
    failures, warnings = _too_few(measured), []
    for name, value in measured.values.items():
        if (limits := limits_of(series, name)) is None:
            continue
        now = limits.deviations(value)
        last = series[-1].measured.values.get(name)
        before = limits.deviations(last) if last is not None else 0.0
        what = f"{TITLES[name]} {value:.4g} is {now:+.1f} SD from its mean {limits.mean:.4g}"
        if abs(now) > _REJECTED:
            failures.append(f"{what} (rule 1-3s)")
        elif abs(now) > _WARNED and abs(before) > _WARNED and now * before > 0:
            failures.append(f"{what}, as the check before was ({before:+.1f} SD, rule 2-2s)")
        elif abs(now) > _WARNED:
            warnings.append(f"{what} (1-2s)")
    return tuple(failures), tuple(warnings)


def _too_few(measured: Measured) -> list[str]:
    percent = measured.located_percent
    if percent >= LEAST_LOCATED_PERCENT:
        return []
    title, least = TITLES["located_percent"], LEAST_LOCATED_PERCENT
    return [f"{title} {percent:.0f} is below {least:g}, which is needed"]


def _kind(check: CheckRecord) -> tuple[object, ...]:
    camera = check.origin.camera
    seen_by = camera.driver, camera.width, camera.height
    return check.origin.bundle_sha256, check.calibration, *seen_by
