"""Colours of the five classes wherever a count is shown on a dark ground.

They are Okabe and Ito's (jfly.uni-koeln.de/color, 2008), which colour-blind readers can tell
apart; no meaning rests on colour alone.
"""

from collections.abc import Mapping
from types import MappingProxyType

from leuko.cells import CellClass

CLASS_COLOURS: Mapping[CellClass | None, tuple[int, int, int]] = MappingProxyType({
    CellClass.NEUTROPHIL: (86, 180, 233),
    CellClass.LYMPHOCYTE: (0, 190, 140),
    CellClass.MONOCYTE: (230, 159, 0),
    CellClass.EOSINOPHIL: (235, 110, 30),
    CellClass.BASOPHIL: (204, 121, 167),
})
"""Red, green and blue of each class of the differential."""
