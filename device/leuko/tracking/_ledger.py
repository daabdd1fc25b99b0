"""The cells of a slide, each counted once however often it comes into view."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from leuko.cells import Cell, RGBImage
from leuko.tracking._cell_map import CellMap, Known
from leuko.tracking._cell_pictures import CellPictures
from leuko.tracking._cut_off import CutOff
from leuko.tracking._positions import Position, SegmentJoin
from leuko.tracking._sightings import middle, on_slide, sighting
from leuko.tracking._tracked import (
    Decide,
    LedgerChange,
    TrackedCell,
    combined,
    shifted,
)


@dataclass(frozen=True, slots=True)
class LedgerRules:
    """When a cell counts.

    Attributes:
        least_views: good views from which a cell is counted.
        enough_views: good views from which it is settled and not looked at any more.
        most_candidates: cells not yet counted that are remembered; those not seen for longest
            are forgotten first.
    """

    least_views: int = 3
    enough_views: int = 6
    most_candidates: int = 128


class CellLedger:
    """Follows the cells of a slide over frames, segments and restarts; computes only.

    A cell counts when it was seen whole in several good frames. Its class comes from all of its
    views until it is settled. A frame costs what it shows, however many cells are known.
    """

    def __init__(
        self, *, um_per_px: float, decide: Decide, rules: LedgerRules | None = None
    ) -> None:
        """Begin with a slide of which no cell is known.

        Args:
            um_per_px: scale of the frames.
            decide: gives a cell its status from its probabilities and its area.
            rules: when a cell counts; None for the usual.
        """
        self._um_per_px = um_per_px
        self._decide = decide
        self._rules = rules or LedgerRules()
        self._map = CellMap()
        self._candidates: dict[Known, None] = {}
        self._held: dict[Known, None] = {}
        self._cut_off = CutOff()
        self._next_number = 1
        self._counted = 0
        self._awaited = 0

    def __len__(self) -> int:
        """How many cells were counted, whatever their status."""
        return self._counted

    @property
    def rules(self) -> LedgerRules:
        """When a cell counts."""
        return self._rules

    @property
    def awaited(self) -> int:
        """How many cells of the last view have not been seen often enough to count."""
        return self._awaited

    @property
    def held(self) -> tuple[TrackedCell, ...]:
        """Cells that were seen often enough, and wait until it is known where they lie."""
        return tuple(known.cell for known in self._held)

    def see(
        self, position: Position, cells: Sequence[Cell], rgb: RGBImage, *, hold: bool = False
    ) -> LedgerChange:
        """Take in the cells of a good frame.

        Args:
            position: where the frame lies.
            cells: what was found in it; cells cut by the border neither count nor vote.
            rgb: the frame; pictures are cut from it, nothing of it is kept.
            hold: whether to wait with new cells, for they may lie in an older segment.

        Returns:
            Cells counted or changed now, those that waited included.
        """
        height, width = rgb.shape[:2]
        self._cut_off.view_um = (height * self._um_per_px, width * self._um_per_px)
        cut = [cell for cell in cells if cell.region.cut_by_border]
        places = (on_slide(position, *middle(cell), um_per_px=self._um_per_px) for cell in cut)
        self._cut_off.note(position, places)
        whole = [cell for cell in cells if not cell.region.cut_by_border]
        sightings = [
            sighting(position, cell, um_per_px=self._um_per_px, decide=self._decide)
            for cell in whole
        ]
        matches = self._map.matches(sightings)
        pictures = CellPictures(rgb, self._um_per_px)
        touched = []
        for cell, view, known in zip(whole, sightings, matches, strict=True):
            if known is None or not self._is_settled(known.cell):
                is_sharper = known is None or view.sharpness > known.cell.sharpness
                picture = pictures.of(cell) if is_sharper else None
                touched.append(self._with_view(known, replace(view, picture=picture)))
        change = self._told(touched, hold=hold)
        self._awaited = sum(known in self._candidates for known in touched)
        return change

    def wants(self, position: Position, row: float, column: float) -> bool:
        """Return whether another view of what lies there would change anything.

        Args:
            position: where the frame lies.
            row: place in the frame, in pixels.
            column: place in the frame, in pixels.
        """
        x, y = on_slide(position, row, column, um_per_px=self._um_per_px)
        if self._cut_off.holds(position, x, y):
            return False
        known = self._map.nearest(position.segment, x, y)
        return known is None or not self._is_settled(known.cell)

    def join(self, join: SegmentJoin) -> LedgerChange:
        """Move the cells of a segment into another; those that coincide become one.

        Of two numbers that of the cell with more views stays.
        """
        moved = self._map.taken_from(join.gone)
        for known in moved:
            known.cell = shifted(known.cell, join)
        # All are matched before any is laid down: cells of one segment were seen to be two.
        matches = self._map.matches([known.cell for known in moved])
        merged: dict[int, int] = {}
        standing: list[Known] = []
        for known, other in zip(moved, matches, strict=True):
            standing.append(self._united(known, other, merged) if other else known)
            if other is None:
                self._map.add(known)
        return LedgerChange(
            changed=tuple(self._told_again(known) for known in standing if known.told),
            merged=merged,
        )

    def released(self) -> LedgerChange:
        """Count the cells that were held, for it is no longer asked where else they may lie."""
        return self._told((), hold=False)

    def restore(self, cells: Iterable[TrackedCell], *, first_number: int = 1) -> None:
        """Take up the cells of a session that was cut off; for a ledger that has seen nothing.

        Args:
            cells: those that stand, without the ones that were merged into others.
            first_number: a number from which on none was ever given away.
        """
        self._next_number = first_number
        for cell in cells:
            told = replace(cell, picture=None)
            self._map.add(Known(told, told))
            self._counted += 1
            self._next_number = max(self._next_number, cell.number + 1)

    def _is_settled(self, cell: TrackedCell) -> bool:
        return cell.views >= self._rules.enough_views

    def _with_view(self, known: Known | None, view: TrackedCell) -> Known:
        if known is None:
            known = Known(view)
        else:
            self._map.discard(known)
            known.cell = combined(known.cell, view, self._decide)
        self._map.add(known)
        return known

    def _told(self, touched: Iterable[Known], *, hold: bool) -> LedgerChange:
        changed = []
        for known in touched:
            if known.told is None:
                self._wait(known)
            elif self._is_news(known.cell, known.told):
                changed.append(self._told_again(known))
        new = () if hold else tuple(self._counted_now(known) for known in self._held)
        if not hold:
            self._held.clear()
        return LedgerChange(new, tuple(changed))

    def _wait(self, known: Known) -> None:
        """Have a cell wait until it is seen often enough, then until it may be counted."""
        self._candidates.pop(known, None)
        if known.cell.views >= self._rules.least_views:
            self._held[known] = None
            return
        self._candidates[known] = None
        if len(self._candidates) > self._rules.most_candidates:
            forgotten = next(iter(self._candidates))
            del self._candidates[forgotten]
            self._map.discard(forgotten)

    def _is_news(self, cell: TrackedCell, told: TrackedCell) -> bool:
        is_other = (cell.cell_class, cell.status) != (told.cell_class, told.status)
        return is_other or (self._is_settled(cell) and not self._is_settled(told))

    def _counted_now(self, known: Known) -> TrackedCell:
        known.cell = replace(known.cell, number=self._next_number)
        self._next_number += 1
        self._counted += 1
        return self._told_again(known)

    @staticmethod
    def _told_again(known: Known) -> TrackedCell:
        told = known.cell
        known.cell = known.told = replace(told, picture=None)
        return told

    def _united(self, known: Known, other: Known, merged: dict[int, int]) -> Known:
        """Merge two cells that are one, and return which of them stands."""
        ranks = [(one.told is not None, one.cell.views) for one in (known, other)]
        stays, goes = (known, other) if ranks[0] > ranks[1] else (other, known)
        self._map.discard(other)
        stays.cell = combined(stays.cell, goes.cell, self._decide)
        self._map.add(stays)
        for waiting in (self._candidates, self._held):
            waiting.pop(goes, None)
        if goes.told is not None:
            merged[goes.cell.number] = stays.cell.number
            self._counted -= 1
        if stays.told is None:
            self._wait(stays)
        return stays
