"""Getting to know a laboratory by some of its fields."""

from collections.abc import Iterator

import numpy as np
import pytest

from leuko.cells import Cell, CellStatus, RGBImage
from leuko.errors import ImageError
from leuko.pipeline import MOST_FIELDS, Picture, Wanted, everywhere, learn_laboratory, spread_out

FIELD = np.zeros((4, 4, 3), np.uint8)


class Counting:
    """An analyser that knows of each field how many cells it has, by its first grey level."""

    def __init__(self, *, evens_laboratory: bool = True) -> None:
        self.evens_laboratory = evens_laboratory
        self.seen: list[int] = []

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        del rgb, um_per_px, wanted
        return ()

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        del um_per_px
        cells = int(rgb[0, 0, 0])
        self.seen.append(cells)
        if cells == 0:
            raise ImageError("this field is too large")
        return cells

    def decide(self, probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
        del probabilities, area_um2
        return CellStatus.COUNTED, ""


def fields(*cells: int) -> Iterator[Picture]:
    return ((np.full_like(FIELD, count), 0.2) for count in cells)


@pytest.mark.parametrize(
    ("cells", "seen"),
    [
        ([25, 25, 25, 25], [25, 25, 25]),
        ([0, 59, 0, 1, 1], [0, 59, 0, 1]),
        ([1] * 50, [1] * MOST_FIELDS),
    ],
    ids=["enough cells", "fields that cannot be analysed", "many fields"],
)
def test_no_more_fields_are_looked_at_than_it_takes_and_each_twice(
    cells: list[int], seen: list[int]
) -> None:
    analyser = Counting()
    learn_laboratory(analyser, lambda: fields(*cells))
    assert analyser.seen == 2 * seen


def test_nothing_is_looked_at_for_a_bundle_that_does_not_want_it() -> None:
    analyser = Counting(evens_laboratory=False)
    learn_laboratory(analyser, lambda: fields(9, 9))
    assert analyser.seen == []


def test_the_first_fields_are_from_all_over_the_run() -> None:
    order = spread_out(range(400))
    assert sorted(order) == list(range(400))
    assert {number // 100 for number in order[:20]} == {0, 1, 2, 3}
