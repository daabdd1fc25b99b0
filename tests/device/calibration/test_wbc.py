"""Leukocytes a litre: only ever an estimate, with what chance leaves of it."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from leuko.calibration import (
    CalibrationHistory,
    Circumstances,
    Shot,
    estimated_wbc,
    measure_wbc_factor,
)
from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.counting import DifferentialCount, Entry
from leuko.errors import CalibrationError

Shots = Callable[[Iterable[RGBImage]], Iterator[Shot]]

FIELD = np.zeros((192, 256, 3), np.uint8)


def cell(status: CellStatus) -> Cell:
    region = CellRegion(Box(0, 0, 2, 2), np.ones((2, 2), np.bool_), 80.0, cut_by_border=False)
    share = tuple(float(name is CellClass.NEUTROPHIL) for name in CellClass)
    return Cell(region, CellClass.NEUTROPHIL, share, 50.0, status, "")


FOUND = (cell(CellStatus.COUNTED),) * 3 + (cell(CellStatus.UNCLASSIFIED), cell(CellStatus.EXCLUDED))


def test_the_factor_makes_the_known_count_of_the_cells_that_were_seen(
    shots: Shots, circumstances: Circumstances, tmp_path: Path
) -> None:
    part = measure_wbc_factor(shots([FIELD] * 16), circumstances, find=lambda _: FOUND, known=6.4)
    assert (part.cells, part.fields, part.per_cell) == (64, 16, 1.6)
    assert part.within_percent == pytest.approx(24.5)
    kept = CalibrationHistory(tmp_path).keep({"wbc_factor": part}, cause="wbc-factor", by="Ada")
    count = DifferentialCount.from_entries([Entry(CellClass.BASOPHIL, CellStatus.COUNTED)] * 50)
    guess = estimated_wbc(kept, count, fields=10)
    assert guess.startswith("about 8.0 × 10⁹ leukocytes a litre, a mere estimate: 50 in 10 fields")
    assert "±37 % by chance alone" in guess
    assert not estimated_wbc(kept, DifferentialCount.from_entries([]), fields=10)


@pytest.mark.parametrize(
    ("fields", "words"), [(7, "28 leukocytes in 7"), (9, "36 leukocytes in 9")]
)
def test_a_few_cells_or_fields_make_no_factor(
    shots: Shots, circumstances: Circumstances, fields: int, words: str
) -> None:
    with pytest.raises(CalibrationError, match=words):
        measure_wbc_factor(shots([FIELD] * fields), circumstances, find=lambda _: FOUND, known=6.4)
