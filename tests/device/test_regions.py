"""From probabilities to single leukocytes."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leuko.cells import CellRegion
from leuko.vision.preprocess import window_around
from leuko.vision.regions import (
    find_seeds,
    inscribed_circles,
    mask_in_window,
    overlap,
    own_part,
    region_in_field,
)
from leuko.vision.tiling import continued, predict_field, tile_origins

UM_PER_PX = 0.2


def discs(*circles: tuple[int, int, int], size: int = 128) -> np.ndarray:
    """A map that is 1 on circles of (x, y, radius)."""
    canvas = np.zeros((size, size), np.uint8)
    for x, y, radius in circles:
        cv2.circle(canvas, (x, y), radius, 1, cv2.FILLED)
    return canvas.astype(np.float32)


def seeds(probability: np.ndarray) -> list[tuple[float, float]]:
    found = find_seeds(probability, threshold=0.5, um_per_px=UM_PER_PX, smallest_um2=20)
    return [(seed.row, seed.column) for seed in found]


def test_separate_leukocytes_give_a_seed_each() -> None:
    assert len(seeds(discs((30, 30, 20), (90, 90, 25)))) == 2


@pytest.mark.parametrize("second", [(85, 64, 25), (80, 64, 16), (78, 84, 22)])
def test_touching_leukocytes_are_parted(second: tuple[int, int, int]) -> None:
    assert len(seeds(discs((40, 64, 25), second))) == 2


def test_a_kidney_shaped_leukocyte_stays_whole() -> None:
    kidney = discs((64, 64, 40))
    kidney[discs((64, 30, 14)) > 0] = 0
    assert len(seeds(kidney)) == 1


def test_a_lobe_with_a_neck_nearly_as_wide_stays_with_its_leukocyte() -> None:
    assert len(seeds(discs((50, 64, 25), (78, 64, 22)))) == 1


def test_a_spot_smaller_than_a_leukocyte_gives_no_seed() -> None:
    assert seeds(discs((30, 30, 6))) == []


def test_the_parts_of_touching_leukocytes_do_not_overlap_and_lose_nothing() -> None:
    mask = discs((40, 64, 25), (85, 64, 25)) > 0
    left = own_part(mask, 64, 40, um_per_px=UM_PER_PX)
    right = own_part(mask, 64, 85, um_per_px=UM_PER_PX)
    assert not (left & right).any()
    assert (left | right).sum() >= 0.99 * mask.sum()


def test_a_solid_mask_has_one_inscribed_circle() -> None:
    ((row, column, radius),) = inscribed_circles(discs((60, 50, 22)) > 0, um_per_px=UM_PER_PX)
    assert (row, column) == pytest.approx((50, 60), abs=2)
    assert radius == pytest.approx(22, abs=1.5)


def region(
    x: int, y: int, *, um_per_px: float = UM_PER_PX, field: tuple[int, int] = (400, 500)
) -> CellRegion:
    window = window_around(y, x, um_per_px=um_per_px, to_um_per_px=UM_PER_PX, size=128)
    found = region_in_field(
        discs((64, 64, 30)), window, threshold=0.5, field_shape=field, um_per_px=um_per_px
    )
    assert found is not None
    return found


@given(st.floats(0.06, 0.4))
@settings(max_examples=25, deadline=None)
def test_the_area_in_micrometres_does_not_depend_on_the_scale_of_the_field(scale: float) -> None:
    found = region(1000, 1000, um_per_px=scale, field=(2000, 2000))
    assert found.area_um2 == pytest.approx(np.pi * (30 * UM_PER_PX) ** 2, rel=0.05)


def test_a_region_lies_where_its_window_was() -> None:
    box = region(200, 150).box
    assert box.x + box.width / 2 == pytest.approx(200, abs=1.5)
    assert box.y + box.height / 2 == pytest.approx(150, abs=1.5)


def test_a_leukocyte_over_the_border_is_cut_there() -> None:
    found = region(10, 150)
    assert found.cut_by_border
    assert found.box.x == 0
    assert found.mask.shape == (found.box.height, found.box.width)


def test_a_leukocyte_inside_the_field_is_whole() -> None:
    assert not region(200, 150).cut_by_border


def test_nothing_in_the_window_is_no_region() -> None:
    window = window_around(50, 50, um_per_px=0.2, to_um_per_px=0.2, size=128)
    empty = np.zeros((128, 128), np.float32)
    assert (
        region_in_field(empty, window, threshold=0.5, field_shape=(99, 99), um_per_px=0.2) is None
    )


def test_a_region_overlaps_itself_wholly_and_a_distant_one_not_at_all() -> None:
    assert overlap(region(200, 150), region(200, 150)) == 1
    assert overlap(region(200, 150), region(350, 150)) == 0


def test_a_region_is_seen_through_a_window_where_it_lies() -> None:
    found = region(200, 150)
    window = window_around(150, 200, um_per_px=0.2, to_um_per_px=0.16, size=128)
    seen = mask_in_window(found, window)
    rows, columns = np.nonzero(seen)
    assert (rows.mean(), columns.mean()) == pytest.approx((63.5, 63.5), abs=1.5)
    assert seen.sum() * 0.16**2 == pytest.approx(found.area_um2, rel=0.05)


@given(st.integers(20, 150), st.integers(20, 150), st.integers(0, 12))
@settings(max_examples=40, deadline=None)
def test_tiling_and_stitching_give_the_field_back(height: int, width: int, shared: int) -> None:
    field = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    stitched = predict_field(
        field, lambda tile: tile[..., 0].astype(np.float32), tile=(32, 48), overlap=shared
    )
    assert np.abs(stitched - field[..., 0]).max() < 1e-3


def test_a_field_smaller_than_a_tile_may_lie_among_its_mirror_images() -> None:
    field = np.random.default_rng(1).integers(0, 255, (10, 14, 3), np.uint8)
    tiles = []

    def seen(tile: np.ndarray) -> np.ndarray:
        tiles.append(tile)
        return tile[..., 0].astype(np.float32)

    predict_field(field, seen, tile=(32, 48), overlap=4, mirrored=True)
    (tile,) = tiles
    assert tile.shape == (32, 48, 3)
    np.testing.assert_array_equal(tile[11:21, 17:31], field)
    np.testing.assert_array_equal(tile[11:21, 3:17], field[:, ::-1])
    np.testing.assert_array_equal(tile[1:11, 17:31], field[::-1])


def test_an_image_of_the_wanted_size_is_not_continued() -> None:
    image = np.random.default_rng(1).integers(0, 255, (10, 14, 3), np.uint8)
    np.testing.assert_array_equal(continued(image, 10, 14), image)


@given(st.integers(1, 3000), st.integers(40, 320), st.integers(0, 39))
def test_tiles_cover_the_whole_length_and_overlap_enough(
    length: int, tile: int, shared: int
) -> None:
    origins = tile_origins(max(length, tile), tile, shared)
    assert origins[0] == 0
    assert origins[-1] + tile >= length
    assert all(b - a <= tile - shared for a, b in pairwise(origins))
