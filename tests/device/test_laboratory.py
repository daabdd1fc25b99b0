"""What the cells of one laboratory have in common."""

import math

import numpy as np
import pytest

from leuko.cells import CellClass
from leuko.errors import EngineError
from leuko.vision.laboratory import (
    USUAL_DIAMETERS_UM,
    Laboratory,
    diameter_um,
    laboratory_size,
)
from leuko.vision.tone import Tone

PALE = Tone(nucleus=0.6, cytoplasm=0.2)
LARGE = 1.15


def area_um2(name: CellClass, size: float) -> float:
    return math.pi / 4 * (size * USUAL_DIAMETERS_UM[name]) ** 2


def test_a_disc_s_diameter_comes_from_its_area() -> None:
    assert diameter_um(math.pi * 36) == pytest.approx(12)


def test_a_smear_with_more_lymphocytes_has_no_smaller_cells() -> None:
    cells = [(name, LARGE * usual) for name, usual in USUAL_DIAMETERS_UM.items()]
    lymphocyte = (CellClass.LYMPHOCYTE, LARGE * USUAL_DIAMETERS_UM[CellClass.LYMPHOCYTE])
    for found in (cells, [*cells, *[lymphocyte] * 20]):
        assert laboratory_size(found) == pytest.approx(LARGE)


def test_no_laboratory_is_believed_to_have_giants() -> None:
    assert laboratory_size([(CellClass.NEUTROPHIL, 40.0)]) == pytest.approx(1.25)
    assert laboratory_size([(CellClass.NEUTROPHIL, 4.0)]) == pytest.approx(0.8)


def test_what_is_no_leukocyte_of_the_five_classes_tells_nothing() -> None:
    assert laboratory_size([]) is None
    assert laboratory_size([(CellClass.ERYTHROBLAST, 9.0)]) is None
    laboratory, crop = Laboratory(), np.full((8, 8, 3), 100, np.uint8)
    laboratory.add_tone(CellClass.PLATELET_OR_ARTEFACT, PALE)
    laboratory.add_tone(CellClass.NEUTROPHIL, None)
    laboratory.add_size(CellClass.PLATELET_OR_ARTEFACT, 10.0)
    assert laboratory.size == 1
    assert (laboratory.evened(crop) == crop).all()


def test_a_laboratory_is_taken_for_usual_the_less_the_more_of_its_cells_are_known() -> None:
    laboratory, nucleus = Laboratory(), np.full((8, 8, 3), 129, np.uint8)
    sizes, levels = [], []
    for name in (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE, CellClass.NEUTROPHIL):
        for _ in range(4):
            laboratory.add_tone(name, PALE)
            laboratory.add_size(name, area_um2(name, LARGE))
        sizes.append(laboratory.size)
        levels.append(int(laboratory.evened(nucleus)[0, 0, 0]))
    assert 1 < sizes[0] < sizes[1] < sizes[2] < LARGE
    assert 129 > levels[0] > levels[2]


def test_a_field_that_was_cut_short_teaches_nothing() -> None:
    laboratory, crop = Laboratory(), np.full((8, 8, 3), 129, np.uint8)
    laboratory.add_size(CellClass.MONOCYTE, area_um2(CellClass.MONOCYTE, LARGE))
    laboratory.add_tone(CellClass.MONOCYTE, PALE)
    size, evened = laboratory.size, laboratory.evened(crop)

    def learn(error: EngineError | None = None) -> None:
        for _ in range(9):
            laboratory.add_size(CellClass.MONOCYTE, area_um2(CellClass.MONOCYTE, LARGE))
            laboratory.add_tone(CellClass.MONOCYTE, PALE)
        if error:
            raise error

    with pytest.raises(EngineError), laboratory.learning():
        learn(EngineError("unplugged"))
    assert laboratory.size == size
    assert (laboratory.evened(crop) == evened).all()
    with laboratory.learning():
        learn()
    assert laboratory.size > size
    assert (laboratory.evened(crop) != evened).any()


def test_an_old_slide_is_forgotten() -> None:
    laboratory = Laboratory()
    for size in (0.9, LARGE):
        for _ in range(200):
            laboratory.add_size(CellClass.MONOCYTE, area_um2(CellClass.MONOCYTE, size))
    assert laboratory.size == pytest.approx(LARGE, rel=0.01)
