"""Getting to know a laboratory by some of its fields, before a cell is named."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np

from leuko.cells import RGBImage
from leuko.errors import ImageError
from leuko.pipeline._analyser import Analyser

_MOST_FIELDS = 40
_ENOUGH_CELLS = 60
_SEED = 1

T = TypeVar("T")

Field = tuple[RGBImage, float]
"""A field, ``(height, width, 3)`` uint8, RGB, and its scale in µm per pixel."""


def fields_to_learn_from(fields: Sequence[T]) -> list[T]:
    """Return at most forty of the fields, the first few already from all over the run."""
    order = np.random.default_rng(_SEED).permutation(len(fields))
    return [fields[index] for index in order[:_MOST_FIELDS]]


def learn_laboratory(analyser: Analyser, fields: Callable[[], Iterable[Field]]) -> None:
    """Let the analyser know its laboratory by fields, no more of them than it takes.

    They are gone through twice: the first names are given before anything is known. A field that
    cannot be analysed teaches nothing; what is wrong with it is told when its cells are counted.

    Args:
        analyser: what is to know the laboratory.
        fields: yields them; no more are asked for once sixty cells were seen.

    Raises:
        EngineError: the engine failed.
    """
    for _ in range(2):
        cells = 0
        for rgb, um_per_px in fields():
            with suppress(ImageError):
                cells += analyser.learn(rgb, um_per_px=um_per_px)
            if cells >= _ENOUGH_CELLS:
                break
