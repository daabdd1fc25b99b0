"""A cell whose class a person is asked for, in a terminal: two pixels in each letter."""

import numpy as np
from PIL import Image
from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from leuko.cells import CellClass, RGBImage
from leuko.displays import _words
from leuko.shown import ReviewStep

_WORDS_COLUMNS = 26
_FEWEST_ROWS = 11
"""So many lines the classes take with what stands above them."""
_MOST_ROWS = 48
"""More would show no more of a picture of 96 pixels."""


def review_text(step: ReviewStep, *, columns: int, rows: int) -> RenderableType:
    """Return a cell and its classes as text of so many columns and rows.

    Args:
        step: what is to be shown.
        columns: of the terminal.
        rows: of the terminal.
    """
    table, answers = Table.grid(padding=(0, 2)), Text(step.answers, style="bold")
    side = 2 * max(_FEWEST_ROWS, min(_MOST_ROWS, rows - 3))
    side = min(side, columns - _WORDS_COLUMNS)
    if side < 2 * _FEWEST_ROWS:
        return Group(_words_of(step), answers)
    table.add_row(_picture(step.picture, side - side % 2), _words_of(step))
    return Group(table, answers)


def _picture(rgb: RGBImage, side: int) -> Text:
    """Return a picture in half blocks: the letter's ink is its upper pixel."""
    small = np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.BICUBIC))
    text = Text(no_wrap=True)
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        for above, below in zip(upper, lower, strict=True):
            text.append("▀", Style(color=_colour(above), bgcolor=_colour(below)))
        text.append("\n")
    return text


def _colour(pixel: np.ndarray) -> str:
    return f"#{pixel[0]:02x}{pixel[1]:02x}{pixel[2]:02x}"


def _words_of(step: ReviewStep) -> Text:
    proposed = step.proposed.replace("_", " ")
    lines = Text.assemble((step.progress, "bold"), "\n", f"{proposed}?\n{step.remark}\n")
    for key, name in enumerate(CellClass, start=1):
        number = step.confirmed.get(name, 0)
        style = "reverse" if name is step.proposed else ""
        lines.append(f"{key} {_words.SHORT_NAMES[name]:<8}{number:>3}\n", style)
    return lines
