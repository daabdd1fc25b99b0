"""Which images train, which watch over the training, and which are never seen."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from leuko_training.datasets import LabelledImage, available_datasets, read_dataset

TRAINING_FOLDS = ("1", "2", "3", "4")
"""Fold 0 is the test set of everything that is published, and Raabin Test-B has its own fold."""

TEST_FOLD = "0"
"""Held out of training and of every choice."""

_VALIDATION_FOLD = "4"
_VALIDATION_PART = 4
"""One group in this many of the last fold watches; the rest of it trains."""


def read_everything(root: Path) -> list[LabelledImage]:
    """Return the images of every set found under the root that any fold trains on.

    Raises:
        DatasetError: a set that is there is not in its published layout.
    """
    return read_folds(root, TRAINING_FOLDS)


def read_folds(root: Path, folds: tuple[str, ...]) -> list[LabelledImage]:
    """Return the images of some folds of every set found under the root.

    Raises:
        DatasetError: a set that is there is not in its published layout.
    """
    items = [item for name in available_datasets(root) for item in read_dataset(name, root)]
    return [item for item in items if item.fold in folds]


def partition(items: Iterable[LabelledImage]) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Return training and validation images; groups stay together, nothing is random."""
    training: list[LabelledImage] = []
    validation: list[LabelledImage] = []
    for item in items:
        (validation if _validates(item) else training).append(item)
    return training, validation


def _validates(item: LabelledImage) -> bool:
    if item.fold != _VALIDATION_FOLD:
        return False
    digest = hashlib.sha256(f"{item.dataset}/{item.group}".encode()).digest()
    return int.from_bytes(digest, "big") % _VALIDATION_PART == 0
