"""The picture of the slide with its cells, as a person gets it."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.displays import CLASS_COLOURS
from leuko.reports import draw_overview, png_of
from leuko.store import CellRecord
from leuko.tracking import Overview, Position

GROUND = (235, 215, 210)
UM_PER_PX = 2.0
ZOOM = 4
"""How much a small overview is enlarged."""


@pytest.fixture
def overview() -> Overview:
    """A plain stretch of 400 x 200 µm whose corner is not the segment's; the view is small."""
    picture = np.full((100, 200, 3), GROUND, np.uint8)
    view = Position(2, 50.0, -30.0)
    return Overview(picture, 2, -100.0, -50.0, UM_PER_PX, view, (80.0, 60.0))


def cell(number: int, name: CellClass, x_um: float, y_um: float, **changes: object) -> CellRecord:
    sure = tuple(0.93 if each is name else 0.01 for each in CellClass)
    counted = CellStatus.COUNTED
    record = CellRecord(number, 2, x_um, y_um, counted, name, sure, 3, 100.0, 50.0, "", None)
    return replace(record, **changes)  # type: ignore[arg-type]


def pixels(picture: RGBImage, colour: tuple[int, int, int]) -> tuple[float, float, int]:
    """Middle column and row of a colour, and how many pixels have it."""
    rows, columns = np.nonzero((picture == colour).all(axis=2))
    return float(columns.mean()), float(rows.mean()), rows.size


def test_a_counted_cell_is_ringed_in_its_colour_where_it_lies(overview: Overview) -> None:
    colour = CLASS_COLOURS[CellClass.BASOPHIL]
    bare = draw_overview(overview)
    drawn = draw_overview(overview, [cell(1, CellClass.BASOPHIL, 100.0, 50.0)])
    assert drawn.shape == bare.shape
    stretch = drawn[: ZOOM * 100]
    column, row, number = pixels(stretch, colour)
    # The letter at the lower right draws the mean a little that way.
    assert (column, row) == pytest.approx((400 + 2, 200 + 2), abs=4)
    assert 50 < number < 1000
    assert tuple(stretch[200, 400]) == GROUND
    assert not (bare[: ZOOM * 100] == colour).all(axis=2).any()


def test_the_view_is_outlined(overview: Overview) -> None:
    column, row, _ = pixels(draw_overview(overview), (255, 210, 0))
    assert (column, row) == pytest.approx((2 * (150 + 40), 2 * (20 + 30)), abs=2)
    lost = draw_overview(replace(overview, view=None))
    assert not (lost == (255, 210, 0)).all(axis=2).any()


def test_only_the_cells_that_stand_in_this_stretch_are_drawn(overview: Overview) -> None:
    gone = [
        cell(1, CellClass.BASOPHIL, 0.0, 0.0, merged_into=2),
        cell(2, CellClass.BASOPHIL, 0.0, 0.0, segment=1),
    ]
    stretch = draw_overview(overview, gone)[: ZOOM * 100]
    assert (stretch == draw_overview(overview)[: ZOOM * 100]).all()


def test_what_was_set_aside_or_is_unsure_has_no_colour_of_a_class(overview: Overview) -> None:
    beside = [
        cell(1, CellClass.ERYTHROBLAST, 0.0, 0.0, status=CellStatus.EXCLUDED),
        cell(2, CellClass.MONOCYTE, 200.0, 0.0, status=CellStatus.UNCLASSIFIED),
    ]
    stretch = draw_overview(overview, beside)[: ZOOM * 100]
    assert not (stretch == CLASS_COLOURS[CellClass.MONOCYTE]).all(axis=2).any()
    assert (stretch == (176, 176, 176)).all(axis=2).any()


def test_the_picture_reaches_to_cells_on_ground_that_it_does_not_show(overview: Overview) -> None:
    drawn = draw_overview(overview, [cell(1, CellClass.EOSINOPHIL, 900.0, 50.0)])
    assert drawn.shape[1] == 1024
    assert (drawn[:10, 600:] == Overview.BARE).all()
    assert pixels(drawn[:150], CLASS_COLOURS[CellClass.EOSINOPHIL])[0] > 900


def test_known_ground_whose_picture_was_lost_is_grey_with_its_cells(overview: Overview) -> None:
    grey = np.full((1, 1, 3), Overview.BARE, np.uint8)
    known = replace(overview, picture=grey, left_um=50.0, top_um=-30.0)
    drawn = draw_overview(known, [cell(1, CellClass.EOSINOPHIL, 4000.0, 50.0)])
    assert (drawn == CLASS_COLOURS[CellClass.EOSINOPHIL]).all(axis=2).any()
    assert (drawn == (255, 210, 0)).all(axis=2).any()


def test_the_picture_is_a_png(overview: Overview) -> None:
    drawn = draw_overview(overview)
    with Image.open(io.BytesIO(png_of(drawn))) as picture:
        assert picture.format == "PNG"
        assert (np.asarray(picture) == drawn).all()
