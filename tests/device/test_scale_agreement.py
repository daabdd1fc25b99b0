"""Whether single fields' scales are of one microscope: on real fields, and on figures alone."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from leuko.errors import ScaleError
from leuko.images import read_image
from leuko.vision.scale import estimate_scale
from leuko.vision.scale_agreement import comparable_scale, contradict, parted

FIELDS = {
    "bccd": ("bccd/BCCD/JPEGImages", "*.jpg", 15),
    "krd-wbc": ("krd-wbc/data/KRD-WBC dataset/Dataset/image", "*.jpg", 40),
    "bcisc": ("bcisc/original-images", "*/*.jpg", 9),
}
"""Folder, names, and of how many fields one is taken."""


def scales(datasets: Path, laboratory: str) -> list[float]:
    folder, names, every = FIELDS[laboratory]
    found = []
    for path in sorted((datasets / folder).glob(names))[::every]:
        with suppress(ScaleError):
            found.append(comparable_scale(estimate_scale([read_image(path)])))
    return [scale for scale in found if scale]


@pytest.mark.parametrize("laboratory", FIELDS)
def test_fields_of_one_laboratory_are_of_one_microscope(datasets: Path, laboratory: str) -> None:
    found = scales(datasets, laboratory)
    assert len(found) >= 6
    assert not contradict(found[::2], found[1::2])
    assert not contradict(found[: len(found) // 2], found[len(found) // 2 :])
    assert not parted({str(number): scale for number, scale in enumerate(found)})


def test_folders_of_two_laboratories_are_not(datasets: Path) -> None:
    assert contradict(scales(datasets, "bccd"), scales(datasets, "krd-wbc"))


@pytest.mark.parametrize(
    ("one", "other", "is_contradiction"),
    [
        ([0.1] * 3, [0.117] * 3, True),
        ([0.1] * 2, [0.2] * 9, False),
        ([0.1] * 30, [0.108] * 30, False),
        ([0.09, 0.1, 0.11], [0.105, 0.117, 0.129], False),
    ],
)
def test_two_folders_contradict_each_other_by_more_than_single_fields_vary(
    one: Sequence[float], other: Sequence[float], *, is_contradiction: bool
) -> None:
    assert contradict(one, other) == is_contradiction


def test_fields_that_nobody_told_apart_part_where_a_gap_is() -> None:
    found = {"b1": 0.121, "a1": 0.1, "b2": 0.12, "a2": 0.102, "a3": 0.099, "b3": 0.125}
    assert parted(found) == (
        "the red cells of 3 images (such as a3) say about 0.1 µm per pixel, those of 3 "
        "(such as b3) about 0.121"
    )
    assert not parted({name: scale for name, scale in found.items() if name != "b1"})
    assert not parted({f"{n}": 0.1 * 1.02**n for n in range(12)})
    assert not parted({})
