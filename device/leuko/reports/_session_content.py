"""What the files of an exported session say, before they are written anywhere."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from leuko.cells import CellClass
from leuko.clock import Moment
from leuko.counting import NOT_RECOGNISED, STATEMENT, DifferentialCount
from leuko.store import CellRecord, LogEntry, SessionRecord

SESSION_CSV_COLUMNS = (
    "cell",
    "segment",
    "x_um",
    "y_um",
    "cell_class",
    "probability",
    "status",
    "reason",
    "views",
    "area_um2",
    "sharpness",
    "picture",
    *(f"p_{name}" for name in CellClass),
)
"""Columns of a session's ``cells.csv``: one row a cell, its place on the slide in µm."""

LOG_CSV_COLUMNS = (
    "sequence",
    "boot_id",
    "monotonic_s",
    "wall",
    "clock_is_set",
    "kind",
    "detail",
)
"""Columns of ``log.csv``: one row for everything that happened, in order."""

# What spreadsheets take for a formula, as OWASP lists it under "CSV injection".
_FORMULA = ("=", "+", "-", "@")
_LONGEST_NAME = 40


def session_folder_name(session: SessionRecord) -> str:
    """Return a folder name that every file system takes, FAT included."""
    plain = unicodedata.normalize("NFKD", session.spec.specimen).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", plain)[:_LONGEST_NAME].strip("-")
    return f"session-{session.id}-{safe}" if safe else f"session-{session.id}"


def guarded(text: str) -> str:
    """Return a text as one line that no spreadsheet takes for a formula.

    >>> guarded("=1+1")
    "'=1+1"
    """
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(_FORMULA) else line


def session_cell_row(cell: CellRecord, picture: str) -> list[object]:
    """Return a cell's row in ``cells.csv``; ``picture`` is its file, empty without one."""
    probability = cell.probabilities[list(CellClass).index(cell.cell_class)]
    return [
        cell.number,
        cell.segment,
        f"{cell.x_um:.2f}",
        f"{cell.y_um:.2f}",
        cell.cell_class,
        f"{probability:.4f}",
        cell.status,
        guarded(cell.reason),
        cell.views,
        f"{cell.area_um2:.2f}",
        f"{cell.sharpness:.2f}",
        picture,
        *(f"{probability:.4f}" for probability in cell.probabilities),
    ]


def session_log_row(entry: LogEntry) -> list[object]:
    """Return an entry's row in ``log.csv``."""
    moment = entry.moment
    return [
        entry.sequence,
        moment.boot_id,
        f"{moment.monotonic_s:.3f}",
        moment.wall.isoformat(),
        _yes(is_so=moment.clock_is_set),
        guarded(entry.kind),
        json.dumps(dict(entry.detail), ensure_ascii=False),
    ]


def session_summary(
    session: SessionRecord,
    count: DifferentialCount,
    *,
    changes: Sequence[str] = (),
    stain: Mapping[str, object] | None = None,
    wbc: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Return what a session's ``differential.json`` says, percentages unrounded."""
    spec = session.spec
    # Behind both stands the beginning of the sum, which is given whole below.
    bundle_id, bundle_version = (*spec.bundle.split(" "), "")[:2]
    return {
        "statement": STATEMENT,
        "not_recognised": NOT_RECOGNISED,
        "session": session.id,
        "specimen": spec.specimen,
        "operator": spec.operator,
        "state": session.state,
        "target": str(spec.target),
        "started": _moment(session.started),
        "changed": _moment(session.changed),
        "n": count.n,
        "counts": dict(count.counts),
        "percent": dict(count.percent),
        "interval95": {name: list(interval) for name, interval in count.interval95.items()},
        "excluded": dict(count.excluded),
        "excluded_per_100": dict(count.beside_per_100),
        "unclassified": count.unclassified,
        "tallied_by_eye": {
            "smudge_cells": count.smudge_cells,
            "smudge_per_100": count.smudge_per_100,
        },
        "bundle": {"id": bundle_id, "version": bundle_version, "sha256": spec.bundle_sha256},
        "um_per_px": spec.um_per_px,
        "changes": list(changes),
        "device": spec.device_serial,
        "settings": dict(spec.settings),
        "calibration": dict(spec.calibration),
        "stain": None if stain is None else dict(stain),
        "estimated_wbc": None if wbc is None else dict(wbc),
    }


def _moment(moment: Moment) -> dict[str, object]:
    return {
        "wall": moment.wall.isoformat(),
        "clock_is_set": moment.clock_is_set,
        "boot_id": moment.boot_id,
        "monotonic_s": moment.monotonic_s,
    }


def _yes(*, is_so: bool) -> str:
    return "yes" if is_so else "no"
