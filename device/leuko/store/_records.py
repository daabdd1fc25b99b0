"""What is kept: sessions, cells and what happened, and how they lie in a row."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leuko.cells import CellClass, CellStatus
from leuko.clock import Moment
from leuko.status import SessionState, Target

JSONObject = Mapping[str, object]
"""What ``json`` writes as an object: numbers, texts, booleans, None, lists and objects."""


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What a session is begun with.

    Attributes:
        specimen: the specimen's id.
        operator: who counts; empty if nobody said.
        target: when the count is complete.
        bundle: the model bundle's name and version.
        bundle_sha256: hash of the bundle's manifest, which has those of all its files.
        settings: every setting in force.
        calibration: what was measured of this microscope and camera.
        device_serial: serial number of the device.
        um_per_px: scale of the frames in µm per pixel; None while it is not known.
    """

    specimen: str
    operator: str = ""
    target: Target = field(default_factory=Target)
    bundle: str = ""
    bundle_sha256: str = ""
    settings: JSONObject = field(default_factory=dict)
    calibration: JSONObject = field(default_factory=dict)
    device_serial: str = ""
    um_per_px: float | None = None


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as it is kept.

    Attributes:
        id: counts the sessions of this store, from 1.
        spec: what it was begun with; its target is the present one.
        state: where it stands.
        started: when it was begun.
        changed: when its state, target or tally last changed.
        sequence: number of the log's entry of that change.
        smudge_cells: how many of those a person has tallied by eye.
    """

    id: int
    spec: SessionSpec
    state: SessionState
    started: Moment
    changed: Moment
    sequence: int
    smudge_cells: int = 0


@dataclass(frozen=True, slots=True)
class CellRecord:
    """A cell as it is kept.

    Attributes:
        number: counts the cells of its session, as the ledger numbers them.
        segment: connected stretch of the slide, from 1.
        x_um: column of its middle in that segment's coordinates, in µm.
        y_um: row of its middle in that segment's coordinates, in µm.
        status: counted, excluded or unclassified.
        cell_class: the likeliest class.
        probabilities: one per `CellClass`, in its order.
        views: how many good views the class comes from.
        area_um2: area in µm².
        sharpness: of its sharpest view, in grey levels squared.
        reason: why it is not counted, in words; empty for a counted cell.
        picture: PNG or JPEG of its sharpest view. None in what is saved leaves the picture that
            is kept; None in what is read: there is none, or it was not asked for.
        merged_into: number of the cell that this one turned out to be; None for a cell that
            stands. Told by the store, and not taken from what is saved.
        sequence: number of the log's entry of its last change; told by the store.
        changed: when that was; told by the store.
    """

    number: int
    segment: int
    x_um: float
    y_um: float
    status: CellStatus
    cell_class: CellClass
    probabilities: tuple[float, ...]
    views: int
    area_um2: float
    sharpness: float
    reason: str = ""
    picture: bytes | None = None
    merged_into: int | None = None
    sequence: int = 0
    changed: Moment | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened.

    Attributes:
        sequence: counts the entries, from 1, without gaps.
        moment: when.
        session: id of the session it belongs to; None for the device as a whole.
        kind: what happened, in a few words that stay the same.
        detail: the rest.
    """

    sequence: int
    moment: Moment
    session: int | None
    kind: str
    detail: JSONObject


def to_json(content: JSONObject) -> str:
    """Return an object as it is kept."""
    return json.dumps(dict(content), ensure_ascii=False, allow_nan=False)


def moment_values(moment: Moment) -> tuple[str, float, str, int]:
    """Return a moment as its four columns."""
    return (
        moment.boot_id,
        moment.monotonic_s,
        moment.wall.isoformat(timespec="microseconds"),
        int(moment.clock_is_set),
    )


def read_session(row: sqlite3.Row) -> SessionRecord:
    """Return the session that a row holds."""
    spec = SessionSpec(
        specimen=row["specimen"],
        operator=row["operator"],
        target=Target(cells=row["target_cells"], half_width=row["target_half_width"]),
        bundle=row["bundle"],
        bundle_sha256=row["bundle_sha256"],
        settings=json.loads(row["settings"]),
        calibration=json.loads(row["calibration"]),
        device_serial=row["device_serial"],
        um_per_px=row["um_per_px"],
    )
    return SessionRecord(
        id=row["id"],
        spec=spec,
        state=SessionState(row["state"]),
        started=_moment(row, "started_"),
        changed=_moment(row, ""),
        sequence=row["sequence"],
        smudge_cells=row["smudge_cells"],
    )


def read_cell(row: sqlite3.Row) -> CellRecord:
    """Return the cell that a row holds."""
    return CellRecord(
        number=row["number"],
        segment=row["segment"],
        x_um=row["x_um"],
        y_um=row["y_um"],
        status=CellStatus(row["status"]),
        cell_class=CellClass(row["class"]),
        probabilities=tuple(json.loads(row["probabilities"])),
        views=row["views"],
        area_um2=row["area_um2"],
        sharpness=row["sharpness"],
        reason=row["reason"],
        picture=row["picture"],
        merged_into=row["merged_into"],
        sequence=row["sequence"],
        changed=_moment(row, ""),
    )


def read_entry(row: sqlite3.Row) -> LogEntry:
    """Return the entry of the log that a row holds."""
    return LogEntry(
        sequence=row["sequence"],
        moment=_moment(row, ""),
        session=row["session"],
        kind=row["kind"],
        detail=json.loads(row["detail"]),
    )


def _moment(row: sqlite3.Row, prefix: str) -> Moment:
    return Moment(
        boot_id=row[f"{prefix}boot_id"],
        monotonic_s=row[f"{prefix}monotonic_s"],
        wall=datetime.fromisoformat(row[f"{prefix}wall"]),
        clock_is_set=bool(row[f"{prefix}clock_is_set"]),
    )
