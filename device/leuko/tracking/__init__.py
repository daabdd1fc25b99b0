"""Where each frame lies on the slide, though only a hand moves the stage."""

from leuko.tracking._cell_pictures import PICTURE_UM_PER_PX, CellPictures
from leuko.tracking._field_map import FieldMap, PlacedField
from leuko.tracking._ground import KeptGround, SearchedGround
from leuko.tracking._keyframes import Keyframe, KeyframeArchive, MemoryArchive
from leuko.tracking._ledger import CellLedger, LedgerRules
from leuko.tracking._overview import Overview
from leuko.tracking._positions import Located, Position, SegmentJoin, Track
from leuko.tracking._tracked import Decide, LedgerChange, TrackedCell
from leuko.tracking._tracker import SlideTracker

__all__ = [
    "PICTURE_UM_PER_PX",
    "CellLedger",
    "CellPictures",
    "Decide",
    "FieldMap",
    "KeptGround",
    "Keyframe",
    "KeyframeArchive",
    "LedgerChange",
    "LedgerRules",
    "Located",
    "MemoryArchive",
    "Overview",
    "PlacedField",
    "Position",
    "SearchedGround",
    "SegmentJoin",
    "SlideTracker",
    "Track",
    "TrackedCell",
]
