"""The daily quality check: cells located on a reference slide, and trends with limits over days.

A check is measured (`measure_check`), judged against those before it (`judged`), kept in a numbered
history that is only added to (`CheckHistory`), and may lock out new sessions (`lockout`).
"""

from leuko.checks._field import CheckedField
from leuko.checks._history import FOLDER_NAME, CheckEntry, CheckHistory
from leuko.checks._lockout import InUse, lockout
from leuko.checks._measuring import CHECK_CELLS, CheckMeasurement, measure_check
from leuko.checks._record import CheckRecord, Measured
from leuko.checks._rules import BASELINE, FEWEST, Limits, judged, limits_of, series_of
from leuko.checks._trends import trends

__all__ = [
    "BASELINE",
    "CHECK_CELLS",
    "FEWEST",
    "FOLDER_NAME",
    "CheckEntry",
    "CheckHistory",
    "CheckMeasurement",
    "CheckRecord",
    "CheckedField",
    "InUse",
    "Limits",
    "Measured",
    "judged",
    "limits_of",
    "lockout",
    "measure_check",
    "series_of",
    "trends",
]
