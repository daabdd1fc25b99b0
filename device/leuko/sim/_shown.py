"""Which true cells a path has shown, and for how long: told without drawing a picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.sim._hand import Hand, Look
from leuko.sim._places import CellBoxes, SlideCell


@dataclass(frozen=True, slots=True)
class ViewLimits:
    """What makes a good view of a cell.

    Attributes:
        margin_um: least distance of the box around it from the frame's border.
        fastest_um_s: greatest speed of the stage.
        most_defocus_um: greatest blur from lost focus, as a standard deviation.
    """

    margin_um: float = 0.5
    fastest_um_s: float = 50.0
    most_defocus_um: float = 0.15


@dataclass(frozen=True, slots=True)
class Showing:
    """How a true cell was shown.

    Attributes:
        frames: in how many frames it was whole, in focus and slow.
        longest_run: how many of them followed upon each other at most.
        visits: in how many runs they came.
        first: number of the first of them; None if there is none.
        glimpses: in how many frames it was whole, however blurred.
    """

    frames: int
    longest_run: int
    visits: int
    first: int | None
    glimpses: int


def cells_shown(
    cells: Sequence[SlideCell],
    hand: Hand,
    *,
    limits: ViewLimits | None = None,
    frames: Iterable[int] | None = None,
) -> tuple[Showing, ...]:
    """Return how each cell was shown along a path; dropped frames show nothing.

    Args:
        cells: true cells.
        hand: the path.
        limits: what makes a good view; None for the usual.
        frames: numbers of the frames that were taken, rising; None for all.

    Returns:
        One showing a cell, in the order of the cells.
    """
    limits = limits or ViewLimits()
    margin_px = limits.margin_um / hand.um_per_px
    boxes = CellBoxes(cells)
    tally = _Tally(len(cells))
    for number in range(len(hand)) if frames is None else frames:
        look = hand.look(number)
        if not look.is_dropped:
            corner = (look.x_px, look.y_px)
            whole = boxes.whole_in(corner, hand.view_size, margin_px=margin_px)
            tally.add(number, whole, is_good=_is_good(look, limits, hand.um_per_px))
    return tally.showings()


def _is_good(look: Look, limits: ViewLimits, um_per_px: float) -> bool:
    is_sharp = look.defocus_px * um_per_px <= limits.most_defocus_um
    return is_sharp and look.speed_um_s <= limits.fastest_um_s


class _Tally:
    """Counts views as the path goes on."""

    def __init__(self, cells: int) -> None:
        self._glimpses = np.zeros(cells, np.int64)
        self._good: list[list[int]] = [[] for _ in range(cells)]

    def add(self, number: int, whole: NDArray[np.intp], *, is_good: bool) -> None:
        self._glimpses[whole] += 1
        if is_good:
            for index in whole.tolist():
                self._good[index].append(number)

    def showings(self) -> tuple[Showing, ...]:
        return tuple(
            _showing(numbers, int(glimpses))
            for numbers, glimpses in zip(self._good, self._glimpses, strict=True)
        )


def _showing(numbers: list[int], glimpses: int) -> Showing:
    if not numbers:
        return Showing(0, 0, 0, None, glimpses)
    ends = np.flatnonzero(np.diff(numbers) > 1) + 1
    runs = [len(run) for run in np.split(np.array(numbers), ends)]
    return Showing(len(numbers), max(runs), len(runs), numbers[0], glimpses)
