"""From a field to named cells, with the shipped bundle on simulated smears."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.bundle import ModelBundle, default_bundle_path, load_bundle
from leuko.cells import Cell, CellClass, CellStatus, RGBImage
from leuko.errors import BundleError
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko.sim import SimulatedSmear, SmearSpec

UM_PER_PX = 0.15
WIDTH_PX, HEIGHT_PX = 900, 700


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    return load_bundle(default_bundle_path())


@pytest.fixture(scope="module")
def smear() -> SimulatedSmear:
    return SimulatedSmear(SmearSpec(seed=21, width_um=135, height_um=105, leukocytes=9))


@pytest.fixture(scope="module")
def field(smear: SimulatedSmear) -> RGBImage:
    return smear.render(0, 0, width_px=WIDTH_PX, height_px=HEIGHT_PX, um_per_px=UM_PER_PX)


@pytest.fixture(scope="module")
def cells(bundle: ModelBundle, field: RGBImage) -> tuple[Cell, ...]:
    return FieldAnalyser(bundle, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)


@pytest.fixture(scope="module")
def labels(smear: SimulatedSmear) -> NDArray[np.int32]:
    return smear.leukocyte_mask(0, 0, width_px=WIDTH_PX, height_px=HEIGHT_PX, um_per_px=UM_PER_PX)


def changed(bundle: ModelBundle, table: str, **values: object) -> ModelBundle:
    spec = getattr(bundle.manifest, table).model_copy(update=values)
    return replace(bundle, manifest=bundle.manifest.model_copy(update={table: spec}))


def test_every_leukocyte_of_a_simulated_field_is_found_once_also_where_two_touch(
    smear: SimulatedSmear, labels: NDArray[np.int32], cells: tuple[Cell, ...]
) -> None:
    centres = [tuple(round(value) for value in cell.region.box.centre) for cell in cells]
    hit = [int(labels[centre]) for centre in centres if labels[centre]]
    assert sorted(hit) == list(range(1, len(smear.cells) + 1))


def test_most_cells_of_a_simulated_field_are_named_right(
    smear: SimulatedSmear, labels: NDArray[np.int32], cells: tuple[Cell, ...]
) -> None:
    right = 0
    for cell in cells:
        row, column = (round(value) for value in cell.region.box.centre)
        number = int(labels[row, column])
        right += number > 0 and smear.cells[number - 1].cell_class is cell.cell_class
    assert right >= len(smear.cells) - 1


def test_cells_come_in_reading_order_with_probabilities_that_sum_to_one(
    cells: tuple[Cell, ...],
) -> None:
    rows = [cell.region.box.y for cell in cells]
    assert rows == sorted(rows)
    assert all(sum(cell.probabilities) == pytest.approx(1) for cell in cells)
    assert all(len(cell.probabilities) == len(CellClass) for cell in cells)


def test_a_cell_cut_by_the_border_is_set_aside(
    bundle: ModelBundle, field: RGBImage, cells: tuple[Cell, ...]
) -> None:
    box = cells[0].region.box
    cut = field[:, box.x + box.width // 2 :]
    found = FieldAnalyser(bundle, LiteRTEngine()).analyse(cut, um_per_px=UM_PER_PX)
    at_border = [cell for cell in found if cell.region.box.x == 0]
    assert at_border
    assert {cell.status for cell in at_border} == {CellStatus.EXCLUDED}


def test_an_unsure_name_is_unclassified_and_says_why(bundle: ModelBundle, field: RGBImage) -> None:
    strict = changed(bundle, "classifier", unclassified_below=1.0)
    found = FieldAnalyser(strict, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    whole = [cell for cell in found if not cell.region.cut_by_border]
    assert {cell.status for cell in whole} == {CellStatus.UNCLASSIFIED}
    assert all("is below 1.00" in cell.reason for cell in whole)


def test_a_region_larger_than_a_leukocyte_is_set_aside(
    bundle: ModelBundle, field: RGBImage
) -> None:
    strict = changed(bundle, "segmenter", largest_area_um2=21.0)
    found = FieldAnalyser(strict, LiteRTEngine()).analyse(field, um_per_px=UM_PER_PX)
    assert all(cell.status is CellStatus.EXCLUDED for cell in found)


def test_an_empty_field_has_no_cells(bundle: ModelBundle) -> None:
    blank = np.full((300, 400, 3), 230, np.uint8)
    assert FieldAnalyser(bundle, LiteRTEngine()).analyse(blank, um_per_px=UM_PER_PX) == ()


def test_models_that_do_not_fit_the_manifest_are_refused(bundle: ModelBundle) -> None:
    wrong = changed(bundle, "segmenter", tile_height=64)
    with pytest.raises(BundleError, match="the manifest says"):
        FieldAnalyser(wrong, LiteRTEngine())
