"""What became of every cell and every frame of a slide, beside what truly lies on it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot

from leuko.cells import Cell, CellStatus
from leuko.live import LiveUpdate
from leuko.sim.camera import Look, Scene, SlideCell, cells_shown
from leuko.tracking import Track, TrackedCell

LONG_ENOUGH = 8
"""Good frames in a row from which a cell was shown long enough: 0.4 s at 20 frames a second."""

_SAME_CELL_UM = 6.0
"""A counted cell lies on the true one whose middle is nearer than this."""

LOST, SETTLED, SEARCHED = "lost", "settled", "searched"
"""What became of a frame, beside the gate's guidance; settled: nothing new was expected in it."""

FOUND, CUT, UNFOUND = "found", "cut", "not found"
"""What became of a cell in a frame that was searched."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A counted cell that should not have been.

    Attributes:
        x_um: column on the true slide.
        y_um: row on the true slide.
        number: its number in the session.
        segment: stretch of the track that it was counted in.
        frame: number of the frame that it was counted at.
        name: the class that it was counted as in the end, or that it is unclassified.
    """

    x_um: float
    y_um: float
    number: int
    segment: int
    frame: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """A true cell that was shown long enough and was not counted.

    Attributes:
        x_um: column on the true slide.
        y_um: row on the true slide.
        cell_class: what it is; empty if nobody said.
        frames: what became of the good frames that showed it: the place was lost, the gate's
            guidance, a view where nothing new was expected, and of those that were searched
            whether it was found whole, found cut, or not found.
        verdict: why it was set aside if the ledger has it; empty if it has not.
    """

    x_um: float
    y_um: float
    cell_class: str
    frames: Mapping[str, int]
    verdict: str


@dataclass(frozen=True, slots=True)
class CountingResult:
    """How a count over a slide compares with the slide.

    Attributes:
        slide: what was counted.
        seed: of the path, dust, flicker and noise.
        um_per_px: scale of the frames.
        true_cells: leukocytes on the slide.
        shown: those that were shown long enough.
        counted_of_shown: those of them that were counted.
        counted: cells counted or unclassified, however often each true one.
        doubles: counted cells beyond the first at one place.
        elsewhere: counted cells on no known true cell, the first at each place.
        others: counted cells on a true cell that is no leukocyte.
        missed: cells shown long enough that were not counted.
        segments: stretches that the track was cut into, before joins.
        joins: how many of these were found to be part of an older one.
        fates: how many frames came to what: lost, the gate's guidance, settled, or searched.
        good_fates: the same of the frames that the simulation knows to be sharp and slow.
        registration_ms: median processor time of finding a frame's place.
    """

    slide: str
    seed: int
    um_per_px: float
    true_cells: int
    shown: int
    counted_of_shown: int
    counted: int
    doubles: tuple[Spot, ...]
    elsewhere: tuple[Spot, ...]
    others: tuple[Spot, ...]
    missed: tuple[Missed, ...]
    segments: int
    joins: int
    fates: Mapping[str, int]
    good_fates: Mapping[str, int]
    registration_ms: float

    @property
    def shortfall_percent(self) -> float:
        """Cells shown long enough that were not counted, in percent."""
        return 100 * len(self.missed) / max(1, self.shown)

    @property
    def frames(self) -> int:
        """Frames given to the counter."""
        return sum(self.fates.values())


class Account:
    """What became of every cell and every frame."""

    def __init__(self, scene: Scene) -> None:
        """Begin before the first frame.

        Args:
            scene: the slide and the path over it.
        """
        self._scene = scene
        self._spots: dict[int, Spot] = {}
        self._verdicts: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._shifts: dict[int, tuple[float, float]] = {}
        self._joins = 0
        self._fates: Counter[str] = Counter()
        self._good_fates: Counter[str] = Counter()
        self._views = [Counter[str]() for _ in scene.cells]

    def note(self, number: int, update: LiveUpdate, found: Sequence[Cell]) -> None:
        """Take in what a frame brought.

        Args:
            number: of the frame.
            update: what the counter made of it.
            found: cells found in it, if it was searched.
        """
        look = self._scene.hand.look(number)
        fate = _fate(update)
        self._fates[fate] += 1
        self._note_views(look, fate, found)
        self._joins += update.located.joined is not None
        if position := update.located.position:
            scale = self._scene.hand.um_per_px
            at = (look.x_px * scale - position.x_um, look.y_px * scale - position.y_um)
            self._shifts[position.segment] = at
        for gone in update.change.merged:
            self._spots.pop(gone, None)
            self._verdicts.pop(gone, None)
        for cell in update.change.new:
            dx_um, dy_um = self._shifts[cell.segment]
            spot = Spot(
                cell.x_um + dx_um, cell.y_um + dy_um, cell.number, cell.segment, frame=number
            )
            self._spots[cell.number] = spot
        for cell in update.change.cells:
            self._verdicts[cell.number] = _verdict(cell)
            self._names[cell.number] = _name(cell)

    def _note_views(self, look: Look, fate: str, found: Sequence[Cell]) -> None:
        showings = cells_shown(self._scene.cells, self._scene.hand, frames=[look.number])
        for index, showing in enumerate(showings):
            if showing.frames:
                view = (
                    self._view_of(self._scene.cells[index], look, found)
                    if fate == SEARCHED
                    else fate
                )
                self._views[index][view] += 1
        if self._is_good(look):
            self._good_fates[fate] += 1

    def _is_good(self, look: Look) -> bool:
        """Return whether a cell in the middle of the view would be well seen."""
        width, height = self._scene.hand.view_size
        middle = SlideCell(look.x_px + width / 2, look.y_px + height / 2, 1, 1, None)
        return cells_shown([middle], self._scene.hand, frames=[look.number])[0].frames == 1

    def _view_of(self, cell: SlideCell, look: Look, found: Sequence[Cell]) -> str:
        scale = self._scene.hand.um_per_px
        row, column = cell.y_px - look.y_px, cell.x_px - look.x_px
        near = [
            one.region.cut_by_border
            for one in found
            if hypot(one.region.box.centre[0] - row, one.region.box.centre[1] - column) * scale
            < _SAME_CELL_UM
        ]
        if not near:
            return UNFOUND
        return CUT if all(near) else FOUND

    def result(self, *, seed: int, frames: range, registration_ms: float) -> CountingResult:
        """Compare with the truth.

        Args:
            seed: of path and noise.
            frames: numbers of the frames that were taken.
            registration_ms: median time of finding a place.
        """
        cells = self._scene.cells
        hits: dict[int | None, list[Spot]] = {}
        for number, spot in self._spots.items():
            if not self._verdicts[number]:
                named = replace(spot, name=self._names[number])
                hits.setdefault(self._nearest(spot.x_um, spot.y_um), []).append(named)
        strays, doubles = _apart(hits.pop(None, []))
        doubles += [spot for spots in hits.values() for spot in spots[1:]]
        is_leukocyte = [cell.cell_class is None or cell.cell_class.is_counted for cell in cells]
        showings = cells_shown(cells, self._scene.hand, frames=frames)
        shown = [
            index
            for index, showing in enumerate(showings)
            if showing.longest_run >= LONG_ENOUGH and is_leukocyte[index]
        ]
        others = [
            spots[0]
            for index, spots in hits.items()
            if index is not None and not is_leukocyte[index]
        ]
        return CountingResult(
            slide=self._scene.slide.name,
            seed=seed,
            um_per_px=self._scene.hand.um_per_px,
            true_cells=sum(is_leukocyte),
            shown=len(shown),
            counted_of_shown=sum(index in hits for index in shown),
            counted=sum(not verdict for verdict in self._verdicts.values()),
            doubles=tuple(doubles),
            elsewhere=tuple(strays),
            others=tuple(others),
            missed=tuple(self._missed(index) for index in shown if index not in hits),
            segments=len(self._shifts),
            joins=self._joins,
            fates=dict(self._fates),
            good_fates=dict(self._good_fates),
            registration_ms=registration_ms,
        )

    def _missed(self, index: int) -> Missed:
        cell, scale = self._scene.cells[index], self._scene.hand.um_per_px
        x_um, y_um = cell.x_px * scale, cell.y_px * scale
        verdicts = [
            self._verdicts[number]
            for number, spot in self._spots.items()
            if hypot(spot.x_um - x_um, spot.y_um - y_um) < _SAME_CELL_UM
        ]
        name = str(cell.cell_class or "")
        return Missed(x_um, y_um, name, dict(self._views[index]), "; ".join(verdicts))

    def _nearest(self, x_um: float, y_um: float) -> int | None:
        scale = self._scene.hand.um_per_px
        ways = (
            (hypot(cell.x_px * scale - x_um, cell.y_px * scale - y_um), index)
            for index, cell in enumerate(self._scene.cells)
        )
        way, index = min(ways, default=(_SAME_CELL_UM, 0))
        return index if way < _SAME_CELL_UM else None


def _fate(update: LiveUpdate) -> str:
    if update.located.track is Track.LOST:
        return LOST
    if not update.quality.is_good:
        return str(update.quality.guidance)
    return SEARCHED if update.was_analysed else SETTLED


def _verdict(cell: TrackedCell) -> str:
    if cell.status is not CellStatus.EXCLUDED:
        return ""
    return cell.reason or str(cell.cell_class)


def _name(cell: TrackedCell) -> str:
    return str(cell.cell_class if cell.status is CellStatus.COUNTED else cell.status)


def _apart(spots: list[Spot]) -> tuple[list[Spot], list[Spot]]:
    """Divide counted cells into the first at each place, and the others there."""
    firsts: list[Spot] = []
    doubles: list[Spot] = []
    for spot in spots:
        near = (hypot(one.x_um - spot.x_um, one.y_um - spot.y_um) for one in firsts)
        is_double = any(way < _SAME_CELL_UM for way in near)
        (doubles if is_double else firsts).append(spot)
    return firsts, doubles
