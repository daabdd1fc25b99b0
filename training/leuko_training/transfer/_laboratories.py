"""Which laboratories there are, and what a model may learn from when one is left out."""

from collections.abc import Collection, Mapping

from leuko_training.errors import DatasetError

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

LABORATORY_OF: Mapping[str, str] = {
    name: laboratory for laboratory, names in LABORATORIES.items() for name in names
}
"""The laboratory that each data set is of."""

PROXY_GROUPS: tuple[tuple[str, ...], ...] = (
    ("bcisc", "segmentation_wbc_1"),
    ("raabin", "bccd"),
    ("pbc", "krd-wbc", "segmentation_wbc_2", "raabin_test_b"),
)
"""Laboratories that the short run leaves out together: three trainings instead of eight."""

RAABIN_ALONE = tuple(name for name in LABORATORIES if name != "raabin")
"""What a published protocol leaves out: all but Raabin (Tsutsui et al., 2023)."""


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
