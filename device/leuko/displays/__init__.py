"""Displays: what a running count shows, drawn for every size, and a driver a kind."""

from leuko.class_colours import CLASS_COLOURS
from leuko.displays._base import Display, DisplayOptions, RecordingDisplay
from leuko.displays._drawing import SMALLEST_SIZE, draw
from leuko.displays._registry import list_displays, load_display
from leuko.displays._thread import DisplayThread

__all__ = [
    "CLASS_COLOURS",
    "SMALLEST_SIZE",
    "Display",
    "DisplayOptions",
    "DisplayThread",
    "RecordingDisplay",
    "draw",
    "list_displays",
    "load_display",
]
