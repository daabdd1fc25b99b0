"""Which images train, which watch over the training, and which are never seen."""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from leuko_training.datasets import LabelledImage, available_datasets, read_dataset

TRAINING_FOLDS = ("1", "2", "3", "4")
"""Fold 0 is the test set of everything that is published, and Raabin Test-B has its own fold."""

TEST_FOLD = "0"
"""Held out of training and of every choice."""

_VALIDATION_FOLD = "4"
_VALIDATION_PART = 4
"""One group in this many of the last fold watches, at least one of every laboratory."""

_LABORATORY = {"bcisc_crops": "bcisc", "bcisc_fields": "bcisc"}
"""Sets that show the same slides: a slide watches in both or in neither."""


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


def partition(items: Sequence[LabelledImage]) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Return training and validation images; groups stay together, nothing is random."""
    watching = _watching({_group(item) for item in items if item.fold == _VALIDATION_FOLD})
    training = [item for item in items if _group(item) not in watching]
    validation = [item for item in items if _group(item) in watching]
    return training, validation


def _group(item: LabelledImage) -> tuple[str, str, str]:
    return _LABORATORY.get(item.dataset, item.dataset), item.group, item.fold


def _watching(groups: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Return a quarter of the groups of every laboratory, at least one, by their hashes."""
    chosen: set[tuple[str, str, str]] = set()
    by_laboratory = sorted(groups)
    for _, same in groupby(by_laboratory, key=itemgetter(0)):
        ranked = sorted(same, key=_digest)
        chosen.update(ranked[: -(-len(ranked) // _VALIDATION_PART)])
    return chosen


def _digest(group: tuple[str, str, str]) -> bytes:
    return hashlib.sha256("/".join(group).encode()).digest()
