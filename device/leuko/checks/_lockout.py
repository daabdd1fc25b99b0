"""Whether a new session may begin, as far as quality checks are concerned."""

from collections.abc import Callable
from typing import Literal

from leuko.checks._history import CheckEntry, CheckHistory
from leuko.clock import Moment, now
from leuko.errors import CalibrationError

Lockout = Literal["off", "failed", "due"]
"""What locks out new sessions: nothing, a failed check, or also one that is due."""

_REMEDY = "make one with leuko calibrate check"


def lockout(
    history: CheckHistory, rule: Lockout, *, every_h: float, clock: Callable[[], Moment] = now
) -> str:
    """Return why no session may begin, a sentence; empty if one may.

    Args:
        history: the device's checks.
        rule: what locks out.
        every_h: how old the last check may be, in hours.
        clock: gives the present moment.
    """
    if rule == "off":
        return ""
    try:
        last = history.last()
    except CalibrationError as error:
        return str(error)
    if last and last.check is None:
        return last.problem
    if last and last.check and not last.check.has_passed:
        return (
            f"quality check {last.number} failed ({last.check.failures[0]}); put it right and "
            "repeat leuko calibrate check"
        )
    return _due(last, every_h, clock()) if rule == "due" else ""


def _due(last: CheckEntry | None, every_h: float, present: Moment) -> str:
    if last is None or last.check is None:
        return f"a quality check is due, none was ever made; {_REMEDY}"
    age_h = _age_h(last.check.moment, present)
    if age_h is None:
        return f"a quality check is due, for the clock cannot say how old the last is; {_REMEDY}"
    if age_h > every_h:
        return f"a quality check is due, the last is {age_h:.0f} hours old; {_REMEDY}"
    return ""


def _age_h(then: Moment, present: Moment) -> float | None:
    """Return the hours between two moments; None if no clock can be believed."""
    if then.boot_id == present.boot_id:
        return (present.monotonic_s - then.monotonic_s) / 3600
    if not (then.clock_is_set and present.clock_is_set):
        return None
    hours = (present.wall - then.wall).total_seconds() / 3600
    return hours if hours >= 0 else None
