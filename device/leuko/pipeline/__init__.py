"""From a field to named cells: locate coarsely, outline finely, classify each."""

from leuko.pipeline._analyser import FieldAnalyser
from leuko.pipeline._comparing import prior_spared
from leuko.pipeline._field import LARGEST_COARSE_AREA
from leuko.pipeline._learning import (
    ENOUGH_CELLS,
    FEW_FIELDS,
    MOST_FIELDS,
    Picture,
    learn_laboratory,
    spread_out,
)
from leuko.pipeline._namer import both_ways
from leuko.pipeline._protocol import Analyser, ExaminedCell, Wanted, everywhere

__all__ = [
    "ENOUGH_CELLS",
    "FEW_FIELDS",
    "LARGEST_COARSE_AREA",
    "MOST_FIELDS",
    "Analyser",
    "ExaminedCell",
    "FieldAnalyser",
    "Picture",
    "Wanted",
    "both_ways",
    "everywhere",
    "learn_laboratory",
    "prior_spared",
    "spread_out",
]
