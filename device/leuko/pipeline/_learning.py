"""Getting to know a laboratory by some of its fields, before a cell is named."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeVar

import numpy as np

from leuko.cells import RGBImage
from leuko.errors import ImageError
from leuko.pipeline._analyser import Analyser

MOST_FIELDS = 40
"""That are looked at."""
_ENOUGH_CELLS = 60
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

    They are gone through twice: the first names are given before anything is known. A field that
    cannot be analysed teaches nothing; what is wrong with it is told when its cells are counted.

    Args:
        analyser: what is to know the laboratory.
        fields: yields them; no more than `MOST_FIELDS` are asked for, and none once sixty cells
            were seen.

    Raises:
        EngineError: the engine failed.
    """
    if not analyser.evens_laboratory:
        return
    for _ in range(2):
        cells = 0
        for rgb, um_per_px in islice(fields(), MOST_FIELDS):
            with suppress(ImageError):
                cells += analyser.learn(rgb, um_per_px=um_per_px)
            if cells >= _ENOUGH_CELLS:
                break
