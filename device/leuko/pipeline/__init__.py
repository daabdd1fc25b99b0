"""From a field to named cells: locate coarsely, outline finely, classify each."""

from leuko.pipeline._analyser import (
    Analyser,
    ExaminedCell,
    FieldAnalyser,
    Wanted,
    everywhere,
)
from leuko.pipeline._field import LARGEST_COARSE_AREA

__all__ = [
    "LARGEST_COARSE_AREA",
    "Analyser",
    "ExaminedCell",
    "FieldAnalyser",
    "Wanted",
    "everywhere",
]
