"""The hue of each class, wherever cells are marked: on displays, overviews and overlays.

The five of the differential are Okabe and Ito's (jfly.uni-koeln.de/color, 2008), which colour-blind
readers can tell apart; no meaning rests on colour alone.
"""

from collections.abc import Mapping
from types import MappingProxyType

from leuko.cells import CellClass

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

CLASS_COLOURS: Mapping[CellClass | None, Colour] = MappingProxyType({
    CellClass.NEUTROPHIL: (86, 180, 233),
    CellClass.LYMPHOCYTE: (0, 190, 140),
    CellClass.MONOCYTE: (230, 159, 0),
    CellClass.EOSINOPHIL: (235, 110, 30),
    CellClass.BASOPHIL: (204, 121, 167),
})
"""Colour of each class of the differential on a dark ground."""

BESIDE_COLOURS: Mapping[CellClass | None, Colour] = MappingProxyType({
    CellClass.IMMATURE_GRANULOCYTE: (95, 75, 215),
    CellClass.ERYTHROBLAST: (190, 30, 60),
    CellClass.PLATELET_OR_ARTEFACT: (110, 110, 110),
})
"""Colour of each class outside the differential."""
