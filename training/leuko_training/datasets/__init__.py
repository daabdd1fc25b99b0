"""Public sets of labelled smears, each read by its published layout."""

from collections.abc import Mapping
from pathlib import Path

from leuko_training.datasets import (
    all_idb,
    bccd,
    bcisc,
    kaggle_blood_cells,
    krd_wbc,
    lisc,
    pbc,
    raabin,
    segmentation_wbc,
    sigtuple,
)
from leuko_training.datasets._base import RED_CELL_DIAMETER_UM, DatasetSpec, LabelledImage
from leuko_training.datasets._masks import load_mask, load_nucleus_mask
from leuko_training.datasets.splits import (
    FOLDS,
    TRANSFER_FOLD,
    UNLABELLED_FOLD,
    assign_folds,
    fold_of_group,
    read_splits,
)
from leuko_training.errors import DatasetError

__all__ = [
    "DATASETS",
    "FOLDS",
    "RED_CELL_DIAMETER_UM",
    "TRANSFER_FOLD",
    "UNLABELLED_FOLD",
    "DatasetSpec",
    "LabelledImage",
    "available_datasets",
    "fold_of_group",
    "load_mask",
    "load_nucleus_mask",
    "missing_layout",
    "read_dataset",
]

_ADAPTERS = (
    segmentation_wbc,
    bcisc,
    krd_wbc,
    bccd,
    pbc,
    raabin,
    sigtuple,
    lisc,
    all_idb,
    kaggle_blood_cells,
)

DATASETS: Mapping[str, DatasetSpec] = {
    spec.name: spec for adapter in _ADAPTERS for spec in adapter.SPECS
}
"""All known sets by name."""

NEVER_SPLIT = frozenset({"kaggle_blood_cells"})
"""Sets of copies of another set's photographs: no fold of their own would be honest."""


def read_dataset(name: str, root: Path) -> list[LabelledImage]:
    """All images of a set, with group and fold.

    Args:
        name: a key of `DATASETS`.
        root: folder of all data sets; its ``splits.csv`` gives the folds where it lists the
            image, else a hash of the group does.

    Raises:
        DatasetError: No such set is known, or it is missing or not in its published layout.
    """
    spec = _spec(name)
    if missing := missing_layout(spec, root):
        message = f"{spec.title} is not complete in {root}: no {missing[0]}; {spec.remedy}"
        raise DatasetError(message)
    items = _read(spec, root)
    return items if name in NEVER_SPLIT else assign_folds(items, root, read_splits(root))


def _read(spec: DatasetSpec, root: Path) -> list[LabelledImage]:
    try:
        return spec.read(root)
    except DatasetError:
        raise
    except (KeyError, ValueError, OSError) as error:
        message = f"{spec.title} in {root} is not laid out as published: {error!r}; {spec.remedy}"
        raise DatasetError(message) from error


def _spec(name: str) -> DatasetSpec:
    if name not in DATASETS:
        message = f"no data set is called {name!r}; choose one of {', '.join(DATASETS)}"
        raise DatasetError(message)
    return DATASETS[name]


def missing_layout(spec: DatasetSpec, root: Path) -> tuple[str, ...]:
    """What of a set's published layout is not below the root of all data sets."""
    return tuple(pattern for pattern in spec.layout if next(root.glob(pattern), None) is None)


def available_datasets(root: Path) -> tuple[str, ...]:
    """Names of the sets whose layout is complete below the root of all data sets."""
    return tuple(name for name, spec in DATASETS.items() if not missing_layout(spec, root))
