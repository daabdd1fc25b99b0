"""What the cells of one laboratory have in common: how dark they are, and how large.

Stain and camera make one laboratory's cells darker than another's (`leuko.vision.tone`); how thin
the film is and how it dries makes them larger, and so does a scale that is misjudged. Neither tells
anything of a single cell, so both are taken away before it is named.
"""

import contextlib
import math
from collections import deque
from collections.abc import Generator, Iterable, Mapping
from statistics import median
from types import MappingProxyType

from leuko.cells import CellClass, RGBImage
from leuko.vision.tone import Tone, evened, laboratory_tone

USUAL_DIAMETERS_UM: Mapping[CellClass, float] = MappingProxyType({
    CellClass.NEUTROPHIL: 14.4,
    CellClass.LYMPHOCYTE: 11.0,
    CellClass.MONOCYTE: 16.2,
    CellClass.EOSINOPHIL: 14.9,
    CellClass.BASOPHIL: 13.6,
})
"""Diameters of discs as large as the cells, in µm: the classes' part when the medians of eight
laboratories' classes are taken apart into laboratory and class by least squares of logarithms."""

_MOST_CELLS = 200
"""Newest cells that are gone by; a live count looks at each several times."""
_LOOKS_OF_TONE, _LOOKS_OF_SIZE = 6, 9
"""Looks at cells that the usual laboratory is worth: each is looked at three times or more, and
cells vary, squared, twice as much in contrast and thrice in size as laboratories do (logarithms:
contrasts 0.40 and 0.31, diameters 0.12 and 0.07)."""
_FARTHEST = 1.25
"""Laboratories of one scale are within a fifth of each other; more is another mistake."""


def laboratory_size(cells: Iterable[tuple[CellClass, float]]) -> float | None:
    """Return how large a laboratory's cells are, 1 if as usual; None if none of them tells.

    Args:
        cells: class and diameter in µm of each; only the five leukocyte classes tell anything.
    """
    ratios = [
        diameter_um / USUAL_DIAMETERS_UM[name]
        for name, diameter_um in cells
        if name in USUAL_DIAMETERS_UM
    ]
    return min(max(median(ratios), 1 / _FARTHEST), _FARTHEST) if ratios else None


def diameter_um(area_um2: float) -> float:
    """Return the diameter in µm of a disc of an area in µm²."""
    return 2 * math.sqrt(area_um2 / math.pi)


class Laboratory:
    """One laboratory, known by its cells as they are named.

    The fewer of them are known, the more it is taken for the usual one.
    """

    def __init__(self) -> None:
        """Begin with a laboratory that nothing is known of."""
        self._tones: deque[tuple[CellClass, Tone]] = deque(maxlen=_MOST_CELLS)
        self._diameters: deque[tuple[CellClass, float]] = deque(maxlen=_MOST_CELLS)

    @property
    def size(self) -> float:
        """How large its cells are, 1 if as usual."""
        found = laboratory_size(self._diameters)
        count = len(self._diameters)
        return found ** (count / (count + _LOOKS_OF_SIZE)) if found else 1.0

    @contextlib.contextmanager
    def learning(self) -> Generator[None]:
        """Forget what is taken in meanwhile if that is cut short: then all of it comes again."""
        before, is_whole = (self._tones.copy(), self._diameters.copy()), False
        try:
            yield
            is_whole = True
        finally:
            if not is_whole:
                self._tones, self._diameters = before

    def add_tone(self, cell_class: CellClass, tone: Tone | None) -> None:
        """Take in how dark a cell is, by what it was named."""
        if tone and cell_class.is_counted:
            self._tones.append((cell_class, tone))

    def add_size(self, cell_class: CellClass, area_um2: float) -> None:
        """Take in how large a whole cell is, by what it was named."""
        if cell_class.is_counted:
            self._diameters.append((cell_class, diameter_um(area_um2)))

    def evened(self, crop: RGBImage) -> RGBImage:
        """Return a crop as if the laboratory's tone were the usual one.

        Args:
            crop: ``(height, width, 3)`` uint8, RGB, white balanced; left as it is.
        """
        tone, count = laboratory_tone(self._tones), len(self._tones)
        return evened(crop, tone, share=count / (count + _LOOKS_OF_TONE)) if tone else crop
