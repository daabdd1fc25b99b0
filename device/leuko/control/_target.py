"""What a person may write as the target of a count."""

import re

from leuko.errors import SettingsError
from leuko.status import Target

FEWEST_CELLS, MOST_CELLS = 1, 10_000
"""Leukocytes that a count may aim at."""
NARROWEST, WIDEST = 1.0, 25.0
"""Half widths in percentage points; ± 1 takes about as many cells as a count may aim at."""
STEPS = (100, 200, 400)
"""Targets that a keypad steps through: routine, flagged by the analyser, comparison of methods."""

_CELLS = re.compile(r"[0-9]{1,6}")
_NUMBER = r"([0-9]{1,2}(?:[.,][0-9]{1,6})?)"
_HALF_WIDTH = re.compile(rf"(?:±|\+-|\+/-) *{_NUMBER} *%?|{_NUMBER} *%")


def parse_target(text: str) -> Target:
    """Return the target that a text means: a number of cells, or a half width.

    >>> parse_target("200")
    Target(cells=200, half_width=None)
    >>> str(parse_target("5%"))
    '±5 %'

    Raises:
        SettingsError: it is neither, or out of range.
    """
    stripped = text.strip()
    if _CELLS.fullmatch(stripped) and FEWEST_CELLS <= int(stripped) <= MOST_CELLS:
        return Target(cells=int(stripped))
    half_width = _half_width(stripped)
    if half_width is not None and NARROWEST <= half_width <= WIDEST:
        return Target(cells=None, half_width=half_width)
    raise SettingsError(
        f"{text!r} is no target of a count; give {FEWEST_CELLS} to {MOST_CELLS} cells, such as "
        f"200, or a half width of {NARROWEST:g} to {WIDEST:g} %, such as ±5"
    )


def next_target(target: Target, *, up: bool) -> Target:
    """Return the next larger or smaller of `STEPS`; the same where there is none.

    A target that is a half width gives way to the smallest or the largest number.
    """
    if target.cells is None:
        return Target(cells=STEPS[-1 if up else 0])
    others = [step for step in STEPS if (step > target.cells if up else step < target.cells)]
    return Target(cells=others[0 if up else -1]) if others else target


def _half_width(text: str) -> float | None:
    found = _HALF_WIDTH.fullmatch(text)
    return float((found[1] or found[2]).replace(",", ".")) if found else None
