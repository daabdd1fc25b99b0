"""Which region is which true leukocyte."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leuko.cells import Cell, CellRegion
from leuko_training.evaluation._findings import iou

SAME_LEUKOCYTE_IOU = 0.5
"""Intersection over union from which a region is a masked leukocyte found.

Above one half no region can match two leukocytes, nor two regions without overlap one.
"""


@dataclass(frozen=True, slots=True)
class Matching:
    """What was found of the true leukocytes of a field.

    Attributes:
        found: the cell that matches each leukocyte found, by the leukocyte's index.
        unmatched: cells that match none, with their largest intersection over union.
    """

    found: Mapping[int, Cell]
    unmatched: tuple[tuple[Cell, float], ...]


def matched(cells: Sequence[Cell], truths: Sequence[CellRegion]) -> Matching:
    """Return which cell matches which true region; a second one on a leukocyte matches none."""
    found: dict[int, Cell] = {}
    unmatched = []
    for cell in cells:
        fits = [iou(cell.region, truth) for truth in truths]
        best = max(fits, default=0.0)
        if best >= SAME_LEUKOCYTE_IOU and fits.index(best) not in found:
            found[fits.index(best)] = cell
        else:
            unmatched.append((cell, best))
    return Matching(found, tuple(unmatched))
