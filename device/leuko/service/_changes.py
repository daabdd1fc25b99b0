"""What is no longer as it was when the open session was begun: for status, log and results."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from leuko.store import LogEntry, SessionRecord, SessionSpec

LOG_NAME = "changes"
"""What the log calls it, where it tells of a start."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a person must know of a session that goes on: its record says how it was begun.

    Attributes:
        sentences: one each.
        remedy: what to do if that is not wanted; empty if nothing has changed.
    """

    sentences: tuple[str, ...] = ()
    remedy: str = ""

    @classmethod
    def since(
        cls, record: SessionRecord | None, spec: SessionSpec, um_per_px: float | None
    ) -> Self:
        """Return what has changed since a session was begun.

        Args:
            record: the open session; None if there is none.
            spec: what sessions are begun with now.
            um_per_px: the scale that is set or calibrated now; None if neither.
        """
        if record is None:
            return cls()
        others = _other_models(record, spec)
        models = (f"session {record.id} was begun with {', and '.join(others)}",) if others else ()
        if not (scales := _other_scales(record, um_per_px)):
            present = "the present one" if len(others) == 1 else "the present ones"
            return cls(models, f"finish or discard it to count with {present}" if others else "")
        begun, later = scales
        scale = f"session {record.id} was begun at {begun} µm per pixel and keeps that scale"
        return cls(
            (*models, f"{scale}, though {later} was set or calibrated later"),
            f"finish or discard it to count at {later}",
        )

    def notice(self, *, is_open: bool) -> str:
        """Return what is shown; empty if nothing has changed.

        Args:
            is_open: whether something can still be done about it.
        """
        return "; ".join(filter(None, (*self.sentences, self.remedy if is_open else "")))


def changes_of_log(entries: Iterable[LogEntry]) -> tuple[str, ...]:
    """Return what had changed whenever a session went on, each sentence once."""
    told: list[str] = []
    for entry in entries:
        sentences = entry.detail.get(LOG_NAME)
        if isinstance(sentences, list):
            told.extend(map(str, sentences))
    return tuple(dict.fromkeys(told))


def _other_models(record: SessionRecord, spec: SessionSpec) -> tuple[str, ...]:
    """Return with what else than now a session was begun that decides what a cell is called."""
    begun, changes = record.spec, []
    if begun.bundle_sha256 != spec.bundle_sha256:
        changes.append(f"bundle {begun.bundle}, now {spec.bundle}")
    if begun.calibration != spec.calibration:
        changes.append("another calibration than now")
    return tuple(changes)


def _other_scales(record: SessionRecord, um_per_px: float | None) -> tuple[str, ...]:
    """Return the scale a session was begun at and the present one, where people see them differ."""
    if record.spec.um_per_px is None or um_per_px is None:
        return ()
    scales = (f"{record.spec.um_per_px:.4f}", f"{um_per_px:.4f}")
    return scales if len(set(scales)) > 1 else ()
