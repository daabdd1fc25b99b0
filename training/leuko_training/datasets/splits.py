"""Which fold an image is in: from ``splits.csv``, or by a hash of its group."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from leuko.cells import CellClass
from leuko_training.datasets._base import LabelledImage
from leuko_training.datasets._files import csv_rows
from leuko_training.datasets._labels import class_from_word
from leuko_training.errors import DatasetError

SPLITS_FILE = "splits.csv"
FOLDS = ("0", "1", "2", "3", "4")
"""The five folds of cross-validation; fold 0 is the test set of everything published."""

TRANSFER_FOLD = "transfer"
"""Kept out of training altogether, to measure transfer to another microscope."""

UNLABELLED_FOLD = "unlabelled"
"""Without mask and class."""

_COLUMNS = {"dataset", "image", "mask", "group", "label", "fold"}


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One line of ``splits.csv``; paths are relative to its folder."""

    dataset: str
    image: str
    mask: str
    group: str
    label: CellClass | None
    fold: str


def read_splits(root: Path) -> Mapping[str, SplitRow]:
    """The published split below a root, by image path relative to it.

    Args:
        root: folder of all data sets.

    Returns:
        Empty when there is no ``splits.csv``.

    Raises:
        DatasetError: The file lacks a column, or has a line whose fold is unknown.
    """
    path = root / SPLITS_FILE
    if not path.is_file():
        return {}
    rows = csv_rows(path)
    if rows and not rows[0].keys() >= _COLUMNS:
        message = f"{path} lacks the columns {sorted(_COLUMNS - rows[0].keys())}; restore the file"
        raise DatasetError(message)
    return {row["image"]: _split_row(row, path) for row in rows}


def _split_row(row: Mapping[str, str], path: Path) -> SplitRow:
    if row["fold"] not in {*FOLDS, TRANSFER_FOLD, UNLABELLED_FOLD}:
        message = f"{path} puts {row['image']} into the unknown fold {row['fold']!r}; correct it"
        raise DatasetError(message)
    return SplitRow(
        dataset=row["dataset"],
        image=row["image"],
        mask=row["mask"],
        group=row["group"],
        label=class_from_word(row["label"]),
        fold=row["fold"],
    )


def fold_of_group(group: str) -> str:
    """The fold of a group where no split is published: the same on every machine.

    >>> fold_of_group("lisc/1") == fold_of_group("lisc/1")
    True
    """
    return FOLDS[hashlib.sha256(group.encode()).digest()[0] % len(FOLDS)]


def assign_folds(
    items: Iterable[LabelledImage], root: Path, splits: Mapping[str, SplitRow]
) -> list[LabelledImage]:
    """The images with the fold, group and class of the published split where it lists them.

    An unlisted image goes where its group went; failing that, the group's hash decides.
    A fold that the set itself fixes stays.

    Args:
        items: images as their set's reader gives them.
        root: folder of all data sets, which paths of the split are relative to.
        splits: what `read_splits` found.
    """
    rows = [(item, splits.get(item.image.relative_to(root).as_posix())) for item in items]
    listed = {item.group: row.fold for item, row in rows if row and row.fold in FOLDS}
    return [
        _as_listed(item, row)
        if row
        else replace(item, fold=item.fold or listed.get(item.group) or _hashed_fold(item))
        for item, row in rows
    ]


def _hashed_fold(item: LabelledImage) -> str:
    return fold_of_group(f"{item.dataset}/{item.group}")


def _as_listed(item: LabelledImage, row: SplitRow) -> LabelledImage:
    return replace(item, fold=row.fold, label=row.label, group=_wider_group(item, row))


def _wider_group(item: LabelledImage, row: SplitRow) -> str:
    # The published split calls some Raabin images a group of their own although their
    # names tell the slide; the slide is what has to stay together.
    alone = row.group in {"", item.image.name, item.image.stem}
    return item.group if alone else row.group
