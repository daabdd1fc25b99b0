"""Cells beyond the target: a count stops exactly there, and nothing that was seen is lost."""

from collections.abc import Mapping

from leuko.cells import CellStatus
from leuko.counting import Entry
from leuko.tracking import LedgerChange, TrackedCell


def admitted(
    change: LedgerChange,
    surplus: Mapping[int, TrackedCell],
    *,
    entries: Mapping[int, Entry],
    room: int | None,
) -> tuple[LedgerChange, dict[int, TrackedCell]]:
    """Return what may be kept and shown of a change, and the cells that wait for room.

    Args:
        change: what a frame brought.
        surplus: cells that have been waiting, by number.
        entries: the cells that are kept and stand, by number.
        room: how many more may be counted; None for any number.
    """
    whole = LedgerChange(new=tuple(surplus.values())) | change
    merged = {gone: into for gone, into in whole.merged.items() if gone in entries}
    if room is not None:
        room += sum(_counts(entries[gone]) for gone in merged)
    now: list[TrackedCell] = []
    later: dict[int, TrackedCell] = {}
    for cell in sorted(whole.cells, key=lambda cell: _turn(cell, entries, merged)):
        taken = _takes(cell, entries)
        # What a kept cell turned out to be must be kept itself.
        if room is not None and taken > room and taken > 0 and cell.number not in merged.values():
            later[cell.number] = cell
            continue
        now.append(cell)
        room = None if room is None else room - taken
    return LedgerChange(new=tuple(now), merged=merged), later


def _turn(
    cell: TrackedCell, entries: Mapping[int, Entry], merged: Mapping[int, int]
) -> tuple[int, bool]:
    """Cells that take no room come first, then those that others are merged into."""
    return _takes(cell, entries), cell.number not in merged.values()


def _takes(cell: TrackedCell, entries: Mapping[int, Entry]) -> int:
    return _counts(Entry(cell.cell_class, cell.status)) - _counts(entries.get(cell.number))


def _counts(entry: Entry | None) -> int:
    return int(entry is not None and entry.status is CellStatus.COUNTED)
