"""What is the laboratory's of a cell's look, and what is its class's."""

from pathlib import Path

import numpy as np
import pytest

from leuko.cells import LEUKOCYTES, CellClass
from leuko_training.compared_laboratories import compare_and_report, compared, measured
from leuko_training.errors import DatasetError
from leuko_training.simulated import simulated_crops

SETS = {"pale": np.array([0.5, 0.8, 1.1]), "dark": np.array([2.0, 1.25, 1 / 1.1])}


def usual(name: CellClass) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    place = LEUKOCYTES.index(name)
    return np.array([0.9 - 0.05 * place, 0.25 + 0.05 * place, 11.0 + place])


def test_classes_and_sets_are_taken_apart_though_no_set_has_all_classes() -> None:
    known = {
        (name, label): np.outer(np.array([0.9, 1.0, 1.1]), factors * usual(label))
        for name, factors in SETS.items()
        for label in LEUKOCYTES
        if (name, label) != ("pale", CellClass.BASOPHIL)
    }
    found = compared(known)
    assert all(found.classes[label] == pytest.approx(usual(label)) for label in LEUKOCYTES)
    assert all(found.sets[name] == pytest.approx(factors) for name, factors in SETS.items())
    assert found.cells == {"dark": 15, "pale": 12}
    # More than half of a healthy adult's leukocytes are neutrophils.
    assert found.smear == pytest.approx(usual(CellClass.NEUTROPHIL), rel=0.11)


def test_rendered_cells_are_measured_class_by_class() -> None:
    found = measured(simulated_crops(3))
    assert {label for _, label in found} == set(LEUKOCYTES)
    (_, _, lymphocyte) = np.median(found["simulated", CellClass.LYMPHOCYTE], axis=0)
    (_, _, monocyte) = np.median(found["simulated", CellClass.MONOCYTE], axis=0)
    assert 6 < lymphocyte < monocyte < 22


def test_without_cells_or_a_segmenter_nothing_is_compared(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no set with named leukocytes"):
        compared({})
    with pytest.raises(DatasetError, match="train the segmenter first"):
        compare_and_report(tmp_path, tmp_path, segmenter=tmp_path / "none.keras")
