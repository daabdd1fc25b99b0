"""The stain of cells that are seen afterwards, compared with the calibrated one."""

import math
from types import MappingProxyType

from leuko.calibration._record import StainPart
from leuko.calibration._stain import StainSamples
from leuko.cells import CellClass
from leuko.vision.stain import StainColours, StainDifference, colours_of, stain_difference

STAIN_DIFFERS = "stain differs from calibration: check the batch"
"""What a person is told."""

FEWEST_SEEN = 8
"""Neutrophils and lymphocytes that must be seen before anything is said."""
STAIN_LIMIT = 3.3
"""Score from which a stain differs.

At most one slide in twenty has it within the two laboratories that it and the spreads were chosen
on; with the spreads of one of them it is more in the other, so another laboratory may have more
(docs/results/stain.md).
"""
_BACK = 3.0
"""Score below which it no longer does; between them what was said stands."""


class StainWatch:
    """Compares the cells seen so far with the calibrated stain; never stops anything.

    Attributes:
        samples: the cells seen so far.
        differs: whether the stain is another one; stays as it is near the limit.
    """

    def __init__(self, part: StainPart, *, differs: bool = False) -> None:
        """Begin without a cell.

        Args:
            part: the calibrated stain.
            differs: what was said before.
        """
        self._calibrated = _calibrated_colours(part)
        self.samples = StainSamples()
        self.differs = differs

    def judge(self) -> StainDifference | None:
        """Return how far the stain is by now; None while there are too few cells."""
        seen = colours_of(self.samples.cells) if self.samples.judged >= FEWEST_SEEN else None
        difference = stain_difference(seen, self._calibrated) if seen else None
        if difference:
            self.differs = difference.score >= (_BACK if self.differs else STAIN_LIMIT)
        return difference

    def detail(self, difference: StainDifference) -> dict[str, object]:
        """Return what is kept of a comparison."""
        return {
            "differs": self.differs,
            "score": round(difference.score, 2),
            "limit": STAIN_LIMIT,
            "most": difference.words,
            "nuclei_degrees": round(difference.nuclei_degrees, 1),
            "nuclei_density_ratio": round(math.exp(difference.nuclei_density), 3),
            "red_cells_degrees": round(difference.red_cells_degrees, 1),
            "red_cells_density_ratio": round(math.exp(difference.red_cells_density), 3),
            "cells": self.samples.judged,
        }


def _calibrated_colours(part: StainPart) -> StainColours:
    """Return a calibrated stain as it is compared."""
    nuclei = {CellClass.NEUTROPHIL: part.neutrophils, CellClass.LYMPHOCYTE: part.lymphocytes}
    return StainColours(MappingProxyType(nuclei), part.red_cells, part.cells)
