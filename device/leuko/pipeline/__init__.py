"""From a field to named cells: locate coarsely, outline finely, classify each."""

from leuko.pipeline._analyser import (
    Analyser,
    ExaminedCell,
    FieldAnalyser,
    Wanted,
    everywhere,
)
from leuko.pipeline._field import LARGEST_COARSE_AREA
from leuko.pipeline._learning import fields_to_learn_from, learn_laboratory

__all__ = [
    "LARGEST_COARSE_AREA",
    "Analyser",
    "ExaminedCell",
    "FieldAnalyser",
    "Wanted",
    "everywhere",
    "fields_to_learn_from",
    "learn_laboratory",
]
