"""One nucleated cell of each class, drawn at its own scale."""

from collections.abc import Callable
from typing import Final

import numpy as np

from leuko.cells import CellClass
from leuko.sim._cytoplasm import Drawing
from leuko.sim._granulocytes import basophil, eosinophil, immature_granulocyte, neutrophil
from leuko.sim._mononuclear import erythroblast, lymphocyte, monocyte
from leuko.sim._texture import Plate

_DRAW: Final[dict[CellClass, Callable[[Plate, float], Drawing]]] = {
    CellClass.NEUTROPHIL: neutrophil,
    CellClass.LYMPHOCYTE: lymphocyte,
    CellClass.MONOCYTE: monocyte,
    CellClass.EOSINOPHIL: eosinophil,
    CellClass.BASOPHIL: basophil,
    CellClass.IMMATURE_GRANULOCYTE: immature_granulocyte,
    CellClass.ERYTHROBLAST: erythroblast,
}

NUCLEATED = tuple(_DRAW)
"""The classes a leukocyte of the simulated smear can have."""

# Diameters on a dried film in µm, shortest and longest of ordinary cells: usual textbook ranges,
# narrowed so that the largest cells stay rare.
_DIAMETERS_UM: Final[dict[CellClass, tuple[float, float]]] = {
    CellClass.NEUTROPHIL: (11.8, 14.2),
    CellClass.LYMPHOCYTE: (8.0, 10.4),
    CellClass.MONOCYTE: (14.8, 19.0),
    CellClass.EOSINOPHIL: (12.0, 15.0),
    CellClass.BASOPHIL: (10.5, 13.2),
    CellClass.IMMATURE_GRANULOCYTE: (13.5, 18.5),
    CellClass.ERYTHROBLAST: (7.8, 11.0),
}
_LARGE_LYMPHOCYTES_UM = (11.2, 14.5)
_LARGE_LYMPHOCYTE_SHARE = 0.22


def drawn_diameter_um(cell_class: CellClass, rng: np.random.Generator) -> float:
    """A diameter that a cell of that class may have, in µm."""
    low, high = _DIAMETERS_UM[cell_class]
    if cell_class is CellClass.LYMPHOCYTE and rng.uniform() < _LARGE_LYMPHOCYTE_SHARE:
        low, high = _LARGE_LYMPHOCYTES_UM
    return float(rng.uniform(low, high))


def leukocyte(cell_class: CellClass, diameter_um: float, rng: np.random.Generator) -> Drawing:
    """A cell of that class and size, of random shape and texture.

    Args:
        cell_class: one of `NUCLEATED`.
        diameter_um: diameter of the disc of equal area.
        rng: source of the shape.

    Returns:
        The drawing, centred on its plate.
    """
    radius_um = diameter_um / 2
    return _DRAW[cell_class](Plate.laid(rng, half_um=radius_um * 1.3 + 0.8), radius_um)
