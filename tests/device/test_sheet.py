"""Cells on one sheet: what is shown of each, and in which order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.bundle import ModelBundle, load_bundle
from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.count import Pictures, count_images
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser, Wanted, everywhere
from leuko.vision.sheet import (
    MOST_SHOWN,
    Group,
    Portrait,
    draw_sheet,
    portrait_picture,
    shortened,
)

UM_PER_PX = 0.5
SIDE = 50
"""25 µm in pixels."""
RED = (190, 0, 30)
HEADERS = 40


def stamped(count: int) -> RGBImage:
    """A field of squares of 50 pixels, the first of grey level 0, the next of 1, and so on."""
    field = np.full((SIDE, SIDE * count, 3), 255, np.uint8)
    for number in range(count):
        field[:, SIDE * number : SIDE * (number + 1)] = number
    return field


def cell(number: int, probability: float, status: CellStatus = CellStatus.COUNTED) -> Cell:
    """A neutrophil in the middle of a square."""
    box = Box(SIDE * number + 20, 20, 10, 10)
    region = CellRegion(box, np.ones((10, 10), np.bool_), 25.0, cut_by_border=False)
    rest = (1 - probability) / 7
    return Cell(region, CellClass.NEUTROPHIL, (probability, *[rest] * 7), 100.0, status, "")


class Scripted(FieldAnalyser):
    """Finds what it is told to find."""

    cells: tuple[Cell, ...] = ()

    def analyse(
        self, rgb: RGBImage, *, um_per_px: float, wanted: Wanted = everywhere
    ) -> tuple[Cell, ...]:
        del rgb, um_per_px, wanted
        return self.cells


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> ModelBundle:
    return load_bundle(tiny_bundle)


def tiles(sheet: RGBImage, *, header: int) -> list[int]:
    """The grey levels in the middles of the tiles of the rows below so many headers."""
    pitch, height = 168 + 8, 168 + 38
    rows = range(header * HEADERS + 84, sheet.shape[0], height)
    return [int(sheet[row, 8 + 84 + column * pitch, 0]) for row in rows for column in range(11)]


def sheet_of(cells: tuple[Cell, ...], tmp_path: Path, bundle: ModelBundle) -> RGBImage:
    (tmp_path / "in").mkdir()
    Image.fromarray(stamped(100)).save(tmp_path / "in" / "one.png")
    analyser = Scripted(bundle, LiteRTEngine())
    analyser.cells = cells
    count_images(
        [tmp_path / "in"],
        tmp_path / "out",
        bundle=bundle,
        analyser=analyser,
        um_per_px=UM_PER_PX,
        pictures=Pictures(sheet=True),
    )
    with Image.open(tmp_path / "out" / "cells-by-class.png") as image:
        return np.asarray(image.convert("RGB"))


def test_a_portrait_is_25_micrometres_wide() -> None:
    picture = portrait_picture(stamped(3), Box(SIDE + 20, 20, 10, 10), um_per_px=UM_PER_PX)
    assert picture.shape == (168, 168, 3)
    assert (picture == 1).all()


def test_a_portrait_at_the_border_is_moved_into_the_image() -> None:
    picture = portrait_picture(stamped(3), Box(0, 0, 4, 4), um_per_px=UM_PER_PX)
    assert (picture == 0).all()


def test_an_image_smaller_than_a_portrait_stands_on_white() -> None:
    picture = portrait_picture(stamped(1)[:20], Box(20, 5, 10, 10), um_per_px=UM_PER_PX)
    assert picture[84, 84].tolist() == [0, 0, 0]
    assert picture[5, 84].tolist() == [255, 255, 255]


def test_what_is_wrong_is_framed_in_red_and_empty_groups_are_left_away() -> None:
    right = Portrait(np.zeros((168, 168, 3), np.uint8), "a", "b")
    groups = [Group("none", 0, []), Group("some", 2, [right, replace(right, is_wrong=True)])]
    sheet = draw_sheet("title", groups, nothing="nothing")
    assert sheet.shape[0] == 2 * HEADERS + 168 + 38
    assert sheet[2 * HEADERS + 1, 8 + 84].tolist() != list(RED)
    assert sheet[2 * HEADERS + 1, 8 + 84 + 176].tolist() == list(RED)


def test_an_empty_sheet_says_so() -> None:
    sheet = draw_sheet("title", [], nothing="no cell was found")
    assert sheet.shape[0] == 2 * HEADERS
    assert (sheet[HEADERS:] < 128).any()


def test_the_least_sure_cells_come_first(tmp_path: Path, bundle: ModelBundle) -> None:
    sure = (0.9, 0.7, 0.8)
    sheet = sheet_of(tuple(map(cell, range(3), sure)), tmp_path, bundle)
    assert tiles(sheet, header=2)[:4] == [1, 2, 0, 255]


def test_the_surest_cells_give_way_where_there_are_too_many(
    tmp_path: Path, bundle: ModelBundle
) -> None:
    cells = tuple(cell(number, 0.99 - 0.004 * number) for number in range(100))
    sheet = sheet_of(cells, tmp_path, bundle)
    assert tiles(sheet, header=2) == list(range(99, 99 - MOST_SHOWN, -1))


def test_cells_that_were_set_aside_are_left_away(tmp_path: Path, bundle: ModelBundle) -> None:
    cells = cell(0, 0.9, CellStatus.EXCLUDED), cell(1, 0.3, CellStatus.UNCLASSIFIED)
    sheet = sheet_of(cells, tmp_path, bundle)
    assert [level for level in tiles(sheet, header=2) if level < 255] == [1]


def test_a_long_name_loses_its_beginning_and_never_the_cell_s_number() -> None:
    assert shortened("one.png", " #3") == "one.png #3"
    long = shortened("W" * 200 + "-7.png", " #12")
    assert long.startswith("..W")
    assert long.endswith("-7.png #12")
    assert len(long) < 30


def test_a_heading_says_which_are_shown_if_not_all() -> None:
    portrait = Portrait(np.zeros((168, 168, 3), np.uint8), "a", "b")
    assert Group("immature_granulocyte", 1, [portrait]).heading == "immature granulocyte: 1"
    some = Group("neutrophil", 3, [portrait], which="least sure")
    assert some.heading == "neutrophil: 3, of which the 1 least sure are shown"
