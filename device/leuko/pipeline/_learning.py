"""Getting to know a laboratory by some of its fields, before a cell is named."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeVar

import numpy as np

from leuko.cells import Cell, RGBImage
from leuko.errors import ImageError
from leuko.pipeline._protocol import Analyser

FEW_FIELDS, _FEW_CELLS = 40, 60
"""That tell how dark a laboratory's cells are."""
MOST_FIELDS, ENOUGH_CELLS = 300, 400
"""That tell how they lie to each other."""
_SEED = 1
"""The same fields are learnt from whenever they are counted."""

Picture = tuple[RGBImage, float]
"""A field, ``(height, width, 3)`` uint8, RGB, and its scale in µm per pixel."""

_T = TypeVar("_T")


def spread_out(fields: Sequence[_T]) -> list[_T]:
    """Return the fields in an order in which the first few are from all over the run."""
    return [fields[index] for index in np.random.default_rng(_SEED).permutation(len(fields))]


def learn_laboratory(analyser: Analyser, fields: Callable[[], Iterable[Picture]]) -> None:
    """Let the analyser know its laboratory by fields, no more of them than it takes.

    They are gone through twice: the first names are given before anything is known. A few will do
    for how dark its cells are, and how these lie to each other is learnt then. A field that cannot
    be analysed teaches nothing; what is wrong with it is told when its cells are counted. If enough
    is known then, what is counted teaches nothing of how dark they are: fields often come in the
    order of their cells' classes, and the newest would mislead.

    Args:
        analyser: what is to know the laboratory.
        fields: yields them; no more than `MOST_FIELDS` are asked for, and none once
            `ENOUGH_CELLS` were seen.

    Raises:
        EngineError: the engine failed.
    """
    if not analyser.evens_laboratory:
        return
    _go_through(
        lambda rgb, um_per_px: _counted(analyser.analyse(rgb, um_per_px=um_per_px)),
        islice(fields(), FEW_FIELDS),
        enough=_FEW_CELLS,
    )
    most, enough = (
        (MOST_FIELDS, ENOUGH_CELLS) if analyser.compares_cells else (FEW_FIELDS, _FEW_CELLS)
    )
    _go_through(
        lambda rgb, um_per_px: analyser.learn(rgb, um_per_px=um_per_px),
        islice(fields(), most),
        enough=enough,
    )
    analyser.settle_tone()


def _go_through(
    look: Callable[[RGBImage, float], int], fields: Iterable[Picture], *, enough: int
) -> None:
    """Look at fields until enough leukocytes were seen."""
    cells = 0
    for rgb, um_per_px in fields:
        with suppress(ImageError):
            cells += look(rgb, um_per_px)
        if cells >= enough:
            break


def _counted(cells: Iterable[Cell]) -> int:
    return sum(cell.cell_class.is_counted for cell in cells)
