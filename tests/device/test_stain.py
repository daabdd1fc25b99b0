"""The stain of single cells and of many: what is measured, and what makes no difference."""

from collections.abc import Callable

import numpy as np
import pytest

from leuko.cells import CellClass, RGBImage
from leuko.vision.stain import StainColours, cell_stain, colours_of, stain_difference

Stained = Callable[..., RGBImage]

NEUTROPHIL, LYMPHOCYTE = CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE
PURPLE = (90, 40, 120)


def densities(rgb: tuple[int, int, int]) -> list[float]:
    return [-np.log10(level / 235) for level in rgb]


def colours(stained: Stained, nucleus: tuple[int, int, int], **other: object) -> StainColours:
    stain = cell_stain(stained(nucleus, **other), um_per_px=0.2)
    found = colours_of([(NEUTROPHIL, stain)] * 5)
    assert found is not None
    return found


def test_nucleus_and_red_cells_are_measured_apart_from_cytoplasm_and_glass(
    stained: Stained,
) -> None:
    stain = cell_stain(stained(PURPLE), um_per_px=0.2)
    assert stain.nucleus == pytest.approx(densities(PURPLE), abs=0.01)
    assert stain.red_cells == pytest.approx(densities((200, 140, 150)), abs=0.01)


def test_a_paler_stain_differs_in_density_and_a_redder_one_in_hue(stained: Stained) -> None:
    usual = colours(stained, PURPLE)
    pale = stain_difference(colours(stained, (130, 79, 155)), usual)
    red = stain_difference(colours(stained, (150, 30, 80)), usual)
    assert pale is not None
    assert red is not None
    assert pale.nuclei_density < -0.3
    assert pale.nuclei_degrees < 4
    assert pale.words.startswith("nuclei")
    assert pale.words.endswith("% paler")
    assert red.nuclei_degrees > 15
    assert red.words == "nuclei of another hue"


def test_the_same_stain_has_no_difference_and_an_empty_picture_no_error(
    stained: Stained,
) -> None:
    usual = colours(stained, PURPLE)
    same = stain_difference(usual, usual)
    assert same is not None
    assert same.score == pytest.approx(0, abs=1e-4)
    blank = cell_stain(np.full((96, 96, 3), 235, np.uint8), um_per_px=0.2)
    assert blank.nucleus == (0, 0, 0)


def test_more_lymphocytes_are_no_other_stain(stained: Stained) -> None:
    cells = {
        NEUTROPHIL: cell_stain(stained(PURPLE), um_per_px=0.2),
        LYMPHOCYTE: cell_stain(stained((60, 30, 110)), um_per_px=0.2),
    }
    usual = colours_of(
        [(NEUTROPHIL, cells[NEUTROPHIL])] * 70 + [(LYMPHOCYTE, cells[LYMPHOCYTE])] * 30
    )
    other = colours_of(
        [(NEUTROPHIL, cells[NEUTROPHIL])] * 5 + [(LYMPHOCYTE, cells[LYMPHOCYTE])] * 95
    )
    assert usual is not None
    assert other is not None
    difference = stain_difference(other, usual)
    assert difference is not None
    assert difference.score == pytest.approx(0, abs=1e-4)


def test_a_few_cells_or_other_classes_say_nothing(stained: Stained) -> None:
    stain = cell_stain(stained(PURPLE), um_per_px=0.2)
    assert colours_of([(NEUTROPHIL, stain)] * 3) is None
    assert colours_of([(CellClass.BASOPHIL, stain)] * 30) is None
    only_lymphocytes = colours_of([(LYMPHOCYTE, stain)] * 5)
    only_neutrophils = colours_of([(NEUTROPHIL, stain)] * 5)
    assert only_lymphocytes is not None
    assert only_neutrophils is not None
    assert stain_difference(only_lymphocytes, only_neutrophils) is None
