"""Which laboratories there are, and what a model may learn from when one is left out."""

from collections.abc import Collection, Mapping, Sequence

from leuko_training.datasets import LabelledImage
from leuko_training.errors import DatasetError
from leuko_training.partition import TRAINING_FOLDS

LABORATORIES: Mapping[str, tuple[str, ...]] = {
    "segmentation_wbc_1": ("segmentation_wbc_1",),
    "segmentation_wbc_2": ("segmentation_wbc_2",),
    "bcisc": ("bcisc_crops", "bcisc_fields"),
    "krd-wbc": ("krd-wbc",),
    "bccd": ("bccd",),
    "pbc": ("pbc",),
    "raabin": ("raabin",),
    "raabin_test_b": ("raabin_test_b",),
}
"""The data sets of each laboratory that is left out in turn."""

PROXY_GROUPS: tuple[tuple[str, ...], ...] = (
    ("bcisc", "segmentation_wbc_1"),
    ("raabin", "bccd"),
    ("pbc", "krd-wbc", "segmentation_wbc_2", "raabin_test_b"),
)
"""Laboratories that the short run leaves out together: three trainings instead of eight."""


def sets_of(laboratories: Collection[str]) -> frozenset[str]:
    """Return the data sets of some laboratories.

    Raises:
        DatasetError: no laboratory is called so.
    """
    unknown = sorted(set(laboratories) - set(LABORATORIES))
    if unknown:
        msg = f"no laboratory is called {unknown[0]!r}; choose among {', '.join(LABORATORIES)}"
        raise DatasetError(msg)
    return frozenset(name for laboratory in laboratories for name in LABORATORIES[laboratory])


def others(items: Sequence[LabelledImage], left_out: Collection[str]) -> list[LabelledImage]:
    """Return what may be learnt from: folds 1 to 4 of every set of no laboratory left out."""
    absent = sets_of(left_out)
    return [item for item in items if item.dataset not in absent and item.fold in TRAINING_FOLDS]


def of_laboratories(
    items: Sequence[LabelledImage], laboratories: Collection[str]
) -> list[LabelledImage]:
    """Return all images of some laboratories, whatever their fold: none was learnt from."""
    wanted = sets_of(laboratories)
    return [item for item in items if item.dataset in wanted]
