"""From camera frames to counted cells: the live count, one frame after another.

A frame gets its place on the slide, passes the quality gate, and only then is searched for cells;
what is found goes to the ledger, which counts a cell once however often it comes into view.
"""

from dataclasses import dataclass
from math import hypot

from leuko.cells import RGBImage
from leuko.pipeline import Analyser
from leuko.status import Guidance
from leuko.tracking import (
    CellLedger,
    LedgerChange,
    Located,
    Overview,
    Position,
    SearchedGround,
    SegmentJoin,
    SlideTracker,
    Track,
    TrackedCell,
)
from leuko.vision.quality import DEFAULT_LIMITS, Quality, QualityLimits, judge

_STILL_UM = 0.5
"""Movement below which a frame shows what the last one showed."""


@dataclass(frozen=True, slots=True)
class LiveUpdate:
    """What one frame brought.

    Attributes:
        located: its place on the slide.
        quality: what the gate says of it.
        guidance: instruction to the person.
        change: cells counted, changed or merged by it; empty where nothing was counted.
        was_analysed: whether it was searched for cells.
    """

    located: Located
    quality: Quality
    guidance: Guidance
    change: LedgerChange
    was_analysed: bool


class LiveCounter:
    """Counts the cells of frames that come one after another from a moving slide."""

    def __init__(
        self,
        analyser: Analyser,
        ledger: CellLedger,
        tracker: SlideTracker,
        *,
        um_per_px: float,
        limits: QualityLimits = DEFAULT_LIMITS,
    ) -> None:
        """Begin with a slide that has not been looked at.

        Args:
            analyser: finds and names cells.
            ledger: empty, or restored to the cells of a session that goes on.
            tracker: new, or restored with the ledger.
            um_per_px: scale of the frames.
            limits: what is asked of a frame.
        """
        self._analyser = analyser
        self._ledger = ledger
        self._tracker = tracker
        self._um_per_px = um_per_px
        self._limits = limits
        self._settled_at: Position | None = None
        self._ground: SearchedGround | None = None
        self._is_ground_known = True

    @property
    def fields(self) -> float | None:
        """How much ground was searched, see `leuko.tracking.SearchedGround.fields`.

        None where the count goes on from one whose ground is not known.
        """
        if not self._is_ground_known:
            return None
        return self._ground.fields if self._ground else 0.0

    @property
    def ground(self) -> SearchedGround | None:
        """The ground that was searched; None before the first, and where it is not known."""
        return self._ground if self._is_ground_known else None

    @property
    def held(self) -> tuple[TrackedCell, ...]:
        """Cells that were seen often enough, and wait until it is known where they lie."""
        return self._ledger.held

    def take_up_ground(self, ground: SearchedGround | None) -> None:
        """Go on from the ground of a session that was begun before; None where it is not known."""
        self._ground, self._is_ground_known = ground, ground is not None

    def see(self, rgb: RGBImage, *, is_counting: bool) -> LiveUpdate:
        """Take a frame in.

        Args:
            rgb: ``(height, width, 3)`` uint8, RGB; all frames of one size.
            is_counting: whether cells are counted; the place is followed all the same.
        """
        located = self._tracker.locate(rgb)
        quality = judge(
            rgb, um_per_px=self._um_per_px, moved_um=located.moved_um, limits=self._limits
        )
        merged = self._join(located.joined)
        place = located.position
        if place is None or not quality.is_good or not is_counting or self._is_settled(located):
            guidance = _guidance(located, quality)
            return LiveUpdate(located, quality, guidance, merged, was_analysed=False)
        cells = self._analyser.analyse(
            rgb,
            um_per_px=self._um_per_px,
            wanted=lambda row, column: self._ledger.wants(place, row, column),
        )
        change = self._ledger.see(place, cells, rgb, hold=located.is_searching)
        self._searched(place, rgb)
        self._settled_at = None if cells or located.is_searching else place
        guidance = Guidance.HOLD if cells else _guidance(located, quality)
        return LiveUpdate(located, quality, guidance, merged | change, was_analysed=True)

    def settle(self) -> LedgerChange:
        """Return what was held back, now that the count ends or is handed on.

        Cells of a new stretch wait until it is compared with all older ones; that is done now.
        """
        merged = self._join(self._tracker.finish_search())
        return merged | self._ledger.released()

    def overview(self) -> Overview | None:
        """Return a picture of the stretch of slide in view; None before anything was seen."""
        return self._tracker.overview()

    def _join(self, join: SegmentJoin | None) -> LedgerChange:
        if join is None:
            return LedgerChange()
        if self._ground:
            self._ground.join(join)
        return self._ledger.join(join)

    def _searched(self, place: Position, rgb: RGBImage) -> None:
        height_um, width_um = (side * self._um_per_px for side in rgb.shape[:2])
        if self._ground and self._ground.size_um != (width_um, height_um):
            # Fields of two sizes cannot be added up.
            self.take_up_ground(None)
        if self._ground is None:
            self._ground = SearchedGround(
                width_um=width_um,
                height_um=height_um,
                enough=self._ledger.rules.least_views,
            )
        self._ground.add(place, is_settled=not self._ledger.awaited)

    def _is_settled(self, located: Located) -> bool:
        """Return whether every cell in view was already seen often enough, and none has come."""
        place, last = located.position, self._settled_at
        if place is None or last is None or located.track is not Track.FOLLOWED:
            return False
        moved = hypot(place.x_um - last.x_um, place.y_um - last.y_um)
        return place.segment == last.segment and moved < _STILL_UM


def _guidance(located: Located, quality: Quality) -> Guidance:
    if quality.guidance is not Guidance.NONE:
        return quality.guidance
    return Guidance.LOST if located.track is Track.LOST else Guidance.NONE
