"""What a service answers, and what all messages have: one JSON object a line."""

import base64
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
)

from leuko.cells import CellClass
from leuko.control._target import parse_target
from leuko.counting import DifferentialCount
from leuko.status import Guidance, Health, LastCell, LiveStatus, SessionState, Target

PROTOCOL: Final = 1
"""Version of these messages; a service answers no other."""
MOST_SESSIONS = 1000
"""Sessions that one list may hold."""
LONGEST_NAME = 64
"""Characters of a specimen's id or an operator's name."""


def _printable(text: str) -> str:
    stripped = " ".join(text.split())
    if not stripped.isprintable():
        raise ValueError("which holds characters that cannot be printed")
    if len(stripped) > LONGEST_NAME:
        raise ValueError(f"which has {len(stripped)} characters, and {LONGEST_NAME} are the most")
    return stripped


def _bytes(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _target(value: object) -> Target:
    return parse_target(str(value))


Name = Annotated[str, AfterValidator(_printable)]
TargetText = Annotated[Target, BeforeValidator(_target), PlainSerializer(str, return_type=str)]
"""A target, written as a person writes it."""
PNG = Annotated[bytes, BeforeValidator(_bytes), PlainSerializer(_base64, return_type=str)]
"""A picture's file, written as base64."""
WBCEntry = Mapping[str, bool | int | float | str | None]
"""An estimate of the leukocytes in blood, as it is written."""


class Message(BaseModel):
    """Anything that goes over the socket."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = PROTOCOL
    """`PROTOCOL` of the one who wrote it."""


class Differential(BaseModel):
    """A differential as scripts read it; the names are those of ``differential.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    """Counted leukocytes."""
    counts: Mapping[CellClass, int]
    """Of each of the five classes."""
    percent: Mapping[CellClass, float]
    """Share of each of the five, 0 to 100."""
    interval95: Mapping[CellClass, tuple[float, float]]
    """Exact 95 % interval of each share."""
    excluded: Mapping[CellClass, int]
    """Cells set aside, those at the border included."""
    beside: Mapping[CellClass, int]
    """Whole cells of the classes outside the differential."""
    excluded_per_100: Mapping[CellClass, float | None]
    """These per 100 counted leukocytes; none when nothing is counted."""
    unclassified: int
    """Leukocytes of uncertain class; never in the denominator."""
    smudge_cells: int = 0
    """Those that a person has tallied by eye; no model names them."""
    smudge_per_100: float | None = None
    """These per 100 counted leukocytes; none when nothing is counted."""

    @classmethod
    def of(cls, count: DifferentialCount) -> Self:
        """Return what is written of a count."""
        return cls(
            n=count.n,
            counts=dict(count.counts),
            percent=dict(count.percent),
            interval95=dict(count.interval95),
            excluded=dict(count.excluded),
            beside=dict(count.beside),
            excluded_per_100=dict(count.beside_per_100),
            unclassified=count.unclassified,
            smudge_cells=count.smudge_cells,
            smudge_per_100=count.smudge_per_100,
        )

    @property
    def count(self) -> DifferentialCount:
        """The count that was written."""
        return DifferentialCount(
            counts=MappingProxyType(dict(self.counts)),
            excluded=MappingProxyType(dict(self.excluded)),
            beside=MappingProxyType(dict(self.beside)),
            unclassified=self.unclassified,
            smudge_cells=self.smudge_cells,
        )


class LastCellEntry(BaseModel):
    """The cell counted last, without its picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell_class: CellClass | None
    """Its class; none if it is unclassified."""
    probability: float
    """Of that class, 0 to 1."""

    @classmethod
    def of(cls, cell: LastCell) -> Self:
        """Return what is written of a cell."""
        return cls(cell_class=cell.cell_class, probability=cell.probability)


class StatusReply(Message):
    """What is shown of the running count."""

    reply: Literal["status"] = "status"
    state: SessionState
    specimen: str
    target: TargetText
    differential: Differential
    guidance: Guidance
    last_cell: LastCellEntry | None
    camera: Health
    accelerator: Health
    disk: Health
    clock: Health
    segment: int
    frames_per_s: float
    notice: str
    stain: str = ""
    bench: Mapping[str, Health] = Field(default_factory=dict)
    """Keypad, buttons and display, those that are set."""
    estimated_wbc: WBCEntry | None = None
    """Estimate of the leukocytes in blood by now, as in ``differential.json``; none while there is
    too little for one, and without a factor."""

    @classmethod
    def of(cls, status: LiveStatus) -> Self:
        """Return what is written of a status."""
        return cls(
            state=status.state,
            specimen=status.specimen,
            target=status.target,
            differential=Differential.of(status.count),
            guidance=status.guidance,
            last_cell=LastCellEntry.of(status.last_cell) if status.last_cell else None,
            camera=status.camera,
            accelerator=status.accelerator,
            disk=status.disk,
            clock=status.clock,
            segment=status.segment,
            frames_per_s=status.frames_per_s,
            notice=status.notice,
            stain=status.stain,
            bench=dict(status.bench),
            estimated_wbc=status.estimated_wbc.detail if status.estimated_wbc else None,
        )


class SessionEntry(BaseModel):
    """A session in a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    session: int
    """Its number."""
    specimen: str
    operator: str
    state: SessionState
    target: TargetText
    started: str
    """Wall clock at the start, UTC, ISO 8601."""
    clock_is_set: bool
    """Whether that clock could be believed."""
    n: int
    """Counted leukocytes."""


class SessionsReply(Message):
    """The sessions that are kept."""

    reply: Literal["sessions"] = "sessions"
    sessions: tuple[SessionEntry, ...]
    """Newest first."""


class SessionReply(Message):
    """One session."""

    reply: Literal["session"] = "session"
    session: SessionEntry
    differential: Differential
    bundle: str
    """The models that were used."""
    um_per_px: float | None
    """Scale of the camera's pictures."""
    changes: tuple[str, ...] = ()
    """What was no longer as at its beginning when it went on, a sentence each."""
    device: str
    """Serial number of the device."""
    estimated_wbc: WBCEntry | None = None
    """Estimate of the leukocytes in blood, as in ``differential.json``; none without a factor."""


class ExportReply(Message):
    """Where a session was written to."""

    reply: Literal["export"] = "export"
    folder: Path
    """The folder that was made."""


class OverviewReply(Message):
    """A picture of the slide."""

    reply: Literal["overview"] = "overview"
    png: PNG
    session: int | None
    """Whose cells are marked in it; none without a session."""


class ErrorReply(Message):
    """Why the request was not carried out."""

    reply: Literal["error"] = "error"
    error: str
    """One sentence: what happened, and what to do."""
    kind: str
    """Name of the `LeukoError`."""


Reply = StatusReply | SessionsReply | SessionReply | ExportReply | OverviewReply | ErrorReply
REPLIES: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="reply")])
