"""Whether a new session may begin, as far as quality checks are concerned."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from leuko.checks._history import CheckEntry, CheckHistory
from leuko.checks._record import CheckRecord
from leuko.clock import Moment, now
from leuko.errors import CalibrationError

Lockout = Literal["off", "failed", "due"]
"""What locks out new sessions: nothing, a failed check, or also one that is due."""

_REMEDY = "make one with leuko calibrate check"


@dataclass(frozen=True, slots=True)
class InUse:
    """What a new session would be counted with.

    Attributes:
        bundle_sha256: hash of the bundle's manifest.
        calibration: number of the calibration; None without one.
        driver: of the camera.
    """

    bundle_sha256: str
    calibration: int | None
    driver: str

    def other_than(self, check: CheckRecord) -> str:
        """Return what a check was made with that is not in use; empty if it speaks for this."""
        if check.origin.camera.driver != self.driver:
            return f"with the camera {check.origin.camera.driver}, not {self.driver}"
        if check.calibration != self.calibration:
            return "with another calibration"
        if check.origin.bundle_sha256 != self.bundle_sha256:
            return f"with another bundle, {check.origin.bundle}"
        return ""


def lockout(
    history: CheckHistory,
    rule: Lockout,
    *,
    in_use: InUse,
    every_h: float,
    clock: Callable[[], Moment] = now,
) -> str:
    """Return why no session may begin, a sentence; empty if one may.

    Only a check that was made with what is in use can show that it works: one that passed with
    anything else neither takes back a failed check nor is the one that is due.

    Args:
        history: the device's checks.
        rule: what locks out.
        in_use: what a session would be counted with.
        every_h: how old the last check may be, in hours.
        clock: gives the present moment.
    """
    if rule == "off":
        return ""
    try:
        last, other = _last_word(history, in_use)
    except CalibrationError as error:
        return str(error)
    if last and last.check is None:
        return last.problem
    if last and last.check and not last.check.has_passed:
        return _failed(last.check)
    return _due(last.check if last else None, other, every_h, clock()) if rule == "due" else ""


def _last_word(history: CheckHistory, in_use: InUse) -> tuple[CheckEntry | None, str]:
    """Return the newest check that counts, and with what else the newest of all was made."""
    other = ""
    for entry in history.newest_first():
        if entry.check is None or not entry.check.has_passed:
            return entry, other
        differs = in_use.other_than(entry.check)
        if not differs:
            return entry, other
        other = other or differs
    return None, other


def _failed(check: CheckRecord) -> str:
    return (
        f"quality check {check.number} failed ({check.failures[0]}); put it right and "
        "repeat leuko calibrate check"
    )


def _due(last: CheckRecord | None, other: str, every_h: float, present: Moment) -> str:
    if last is None:
        reason = f"the last was made {other}" if other else "none was ever made"
        return f"a quality check is due, {reason}; {_REMEDY}"
    age_h = _age_h(last.moment, present)
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
