"""Getting to know a laboratory by some of its fields."""

from collections.abc import Iterator

import numpy as np
import pytest

from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.errors import ImageError
from leuko.pipeline import (
    FEW_FIELDS,
    MOST_FIELDS,
    Picture,
    Wanted,
    everywhere,
    learn_laboratory,
    spread_out,
)

FIELD = np.zeros((4, 4, 3), np.uint8)
NEUTROPHIL = Cell(
    CellRegion(Box(0, 0, 1, 1), np.ones((1, 1), np.bool_), 80.0, cut_by_border=False),
    CellClass.NEUTROPHIL,
    tuple(float(name is CellClass.NEUTROPHIL) for name in CellClass),
    sharpness=1.0,
    status=CellStatus.COUNTED,
    reason="",
)


class Counting:
    """An analyser that knows of each field how many cells it has, by its first grey level."""

    def __init__(self, *, evens_laboratory: bool = True, has_own_cells: bool = True) -> None:
        self.evens_laboratory = evens_laboratory
        self.has_own_cells = has_own_cells
        self.seen: list[int] = []
        self.learnt = 0
        self.is_settled = False

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        del um_per_px, wanted
        return (NEUTROPHIL,) * self._seen(rgb)

    @property
    def compares_cells(self) -> bool:
        return self.has_own_cells

    @property
    def is_comparing(self) -> bool:
        return False

    @property
    def doubts_eosinophils(self) -> bool:
        return False

    @property
    def unclassified_below(self) -> float:
        return 0.5

    def begin_specimen(self) -> None: ...

    def settle_tone(self) -> None:
        assert self.learnt
        self.is_settled = True

    def learn_cell(self, picture: RGBImage, *, um_per_px: float) -> None:
        del um_per_px
        self._seen(picture)

    def learn(self, rgb: RGBImage, *, um_per_px: float) -> int:
        del um_per_px
        self.learnt += 1
        return self._seen(rgb)

    def _seen(self, rgb: RGBImage) -> int:
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
    ("cells", "first", "learnt"),
    [
        ([25] * 17, [25] * 3, [25] * 16),
        ([0, 59, 0, 1, 200, 140, 1], [0, 59, 0, 1], [0, 59, 0, 1, 200, 140]),
        ([1] * 400, [1] * FEW_FIELDS, [1] * MOST_FIELDS),
        ([5, 6], [5, 6], [5, 6]),
    ],
    ids=["enough cells", "fields that cannot be analysed", "many fields", "few fields"],
)
def test_no_more_fields_are_looked_at_than_it_takes_a_few_for_the_tone_and_then_more(
    cells: list[int], first: list[int], learnt: list[int]
) -> None:
    analyser = Counting()
    learn_laboratory(analyser, lambda: fields(*cells))
    assert analyser.seen == first + learnt
    assert analyser.learnt == len(learnt)
    assert analyser.is_settled


def test_for_a_bundle_that_compares_no_cells_a_few_fields_will_do() -> None:
    analyser = Counting(has_own_cells=False)
    learn_laboratory(analyser, lambda: fields(*[1] * 200))
    assert analyser.seen == [1] * (2 * FEW_FIELDS)


def test_nothing_is_looked_at_for_a_bundle_that_does_not_want_it() -> None:
    analyser = Counting(evens_laboratory=False)
    learn_laboratory(analyser, lambda: fields(9, 9))
    assert analyser.seen == []


def test_the_first_fields_are_from_all_over_the_run() -> None:
    order = spread_out(range(400))
    assert sorted(order) == list(range(400))
    assert {number // 100 for number in order[:20]} == {0, 1, 2, 3}
