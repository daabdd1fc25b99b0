"""The session that is open: kept on disk first, shown then."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.counting import DifferentialCount, Entry
from leuko.images import decoded_picture, plain_png
from leuko.service._surplus import admitted
from leuko.status import LastCell, SessionState, Target
from leuko.store import CellRecord, SessionRecord, Store
from leuko.tracking import LedgerChange, TrackedCell

_MOST_WAITING = 100
"""Changes that wait for the disk, 30 kB each; then no more cells are looked for."""


class OpenSession:
    """A session as the store has it.

    Attributes:
        record: what the store says of it.
        last_cell: the cell counted last; None before the first.
        next_number: a cell's number that was never given away when the session was taken up.
        is_reached: whether what is kept reaches the target.
        on_kept: called when everything that was brought is kept.

    Changes that cannot be kept, on a full disk for instance, wait for the next attempt; until
    then they are not shown. Cells beyond the target wait until there is room for them.
    """

    def __init__(self, store: Store, record: SessionRecord) -> None:
        """Take up a session where the store has it.

        Args:
            store: where it is kept.
            record: which one.
        """
        self._store = store
        self.record = record
        self._entries: dict[int, Entry] = {}
        self._waiting: deque[LedgerChange] = deque()
        self._surplus: Mapping[int, TrackedCell] = {}
        self.next_number = 1
        for cell in store.cells(record.id, pictures=False):
            self.next_number = cell.number + 1
            if cell.merged_into is None:
                self._entries[cell.number] = Entry(cell.cell_class, cell.status)
        self._tally = Counter(self._entries.values())
        self._recount()
        last = store.last_cell(record.id)
        self.last_cell: LastCell | None = None
        self._last_number = 0
        self.on_kept: Callable[[], None] = lambda: None
        if last:
            self._show_last(tracked_cell(last))

    @property
    def count(self) -> DifferentialCount:
        """The differential of what is kept."""
        return self._count

    @property
    def has_surplus(self) -> bool:
        """Whether cells beyond the target wait for room."""
        return bool(self._surplus)

    def seen(self, held: Iterable[TrackedCell] = ()) -> DifferentialCount:
        """Return the differential of all that was seen often enough, kept or not.

        Args:
            held: cells that the counter has not yet brought.
        """
        tally = self._tally.copy()
        for number, cell in self._surplus.items():
            if number in self._entries:
                tally[self._entries[number]] -= 1
            tally[_entry(cell)] += 1
        tally.update(map(_entry, held))
        return DifferentialCount.from_tally(tally)

    @property
    def is_counting(self) -> bool:
        """Whether cells are counted."""
        has_room = len(self._waiting) < _MOST_WAITING
        return self.record.state is SessionState.COUNTING and has_room

    @property
    def is_open(self) -> bool:
        """Whether the session is not yet closed."""
        return self.record.state.is_open

    def kept_cells(self) -> list[CellRecord]:
        """Return the cells that stand, without pictures."""
        cells = self._store.cells(self.record.id, pictures=False)
        return [cell for cell in cells if cell.merged_into is None]

    def keep(self, change: LedgerChange) -> None:
        """Keep what a frame brought, and what could not be kept before, in that order.

        Raises:
            StoreError: it cannot be kept now; it waits.
        """
        if change or (self._surplus and not self._waiting):
            self._waiting.append(change)
        while self._waiting:
            self._keep_as_far_as_there_is_room(self._waiting[0])
            self._waiting.popleft()
        self.on_kept()

    def set_state(self, state: SessionState, *, asked_by: str) -> None:
        """Change where the session stands.

        Raises:
            StoreError: it cannot be kept.
        """
        if state is self.record.state:
            return
        self.record = self._store.set_state(self.record.id, state, asked_by=asked_by)

    def set_target(self, target: Target, *, asked_by: str) -> None:
        """Change when the session is complete.

        Raises:
            StoreError: it cannot be kept.
        """
        self.record = self._store.set_target(self.record.id, target, asked_by=asked_by)
        self._recount()

    def tally_smudge_cell(self, *, undo: bool, asked_by: str) -> None:
        """Take note of a smudge cell that a person has seen, or take the last one back.

        Raises:
            SessionError: none is left to take back.
            StoreError: it cannot be kept.
        """
        self.record = self._store.tally_smudge_cell(self.record.id, undo=undo, asked_by=asked_by)
        self._recount()

    def _keep_as_far_as_there_is_room(self, change: LedgerChange) -> None:
        target = self.record.spec.target
        change, surplus = admitted(
            change,
            self._surplus,
            entries=self._entries,
            room=None if target.cells is None else target.cells - self._count.n,
        )
        self._write(change)
        self._surplus = surplus
        if change:
            self._show(change)

    def _write(self, change: LedgerChange) -> None:
        cells = [_record(cell) for cell in change.cells]
        self._store.save_cells(self.record.id, cells, merged=change.merged)

    def _show(self, change: LedgerChange) -> None:
        for cell in change.cells:
            self._replace(cell.number, _entry(cell))
        for number in change.merged:
            self._replace(number, None)
        self._recount()
        if self._last_number in change.merged:
            self._last_number, self.last_cell = 0, None
        for cell in change.cells:
            self._show_last(cell)

    def _recount(self) -> None:
        self._count = DifferentialCount.from_tally(
            self._tally, smudge_cells=self.record.smudge_cells
        )
        self.is_reached = self.record.spec.target.is_reached(self._count)

    def _replace(self, number: int, entry: Entry | None) -> None:
        if number in self._entries:
            self._tally[self._entries.pop(number)] -= 1
        if entry is not None:
            self._entries[number] = entry
            self._tally[entry] += 1

    def _show_last(self, cell: TrackedCell) -> None:
        is_last = cell.number == self._last_number
        if cell.status is CellStatus.EXCLUDED:
            if is_last:
                self._last_number, self.last_cell = 0, None
            return
        if is_last and self.last_cell and cell.picture is None:
            # Its class has changed, and its best picture is still the one that is shown.
            cell = replace(cell, picture=self.last_cell.picture)
        if cell.picture is not None:
            self._last_number, self.last_cell = cell.number, _last_cell(cell, cell.picture)


def tracked_cell(cell: CellRecord) -> TrackedCell:
    """Return a cell that is kept as the ledger follows it."""
    return TrackedCell(
        number=cell.number,
        segment=cell.segment,
        x_um=cell.x_um,
        y_um=cell.y_um,
        status=cell.status,
        cell_class=cell.cell_class,
        probabilities=cell.probabilities,
        views=cell.views,
        area_um2=cell.area_um2,
        sharpness=cell.sharpness,
        # One that cannot be read is no reason to lose the cell.
        picture=decoded_picture(cell.picture),
        reason=cell.reason,
    )


def _entry(cell: TrackedCell) -> Entry:
    return Entry(cell.cell_class, cell.status)


def _record(cell: TrackedCell) -> CellRecord:
    return CellRecord(
        number=cell.number,
        segment=cell.segment,
        x_um=cell.x_um,
        y_um=cell.y_um,
        status=cell.status,
        cell_class=cell.cell_class,
        probabilities=cell.probabilities,
        views=cell.views,
        area_um2=cell.area_um2,
        sharpness=cell.sharpness,
        reason=cell.reason,
        picture=None if cell.picture is None else plain_png(cell.picture),
    )


def _last_cell(cell: TrackedCell, picture: RGBImage) -> LastCell:
    is_named = cell.status is not CellStatus.UNCLASSIFIED
    probability = cell.probabilities[list(CellClass).index(cell.cell_class)]
    return LastCell(cell.cell_class if is_named else None, probability, picture)
