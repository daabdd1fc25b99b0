"""White balance, resampling and crops."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leuko.vision.preprocess import (
    BACKGROUND_LEVEL,
    background_colour,
    cut_balanced_window,
    cut_window,
    isolate,
    resample,
    white_balance,
    window_around,
)

TEAL = (120, 200, 190)


def smear(background: tuple[int, int, int]) -> np.ndarray:
    """A plain background with red cells over a third of it and one dark nucleus."""
    field = np.full((120, 160, 3), background, np.uint8)
    field[20:100, 10:60] = (150, 110, 110)
    field[40:60, 100:120] = (70, 30, 110)
    return field


def test_the_background_is_found_beside_red_cells_and_nuclei() -> None:
    assert background_colour(smear(TEAL)) == pytest.approx(TEAL, abs=1)


def test_a_small_bright_flare_does_not_pass_for_background() -> None:
    field = smear(TEAL)
    field[70:78, 100:130] = 255
    assert background_colour(field) == pytest.approx(TEAL, abs=1)


def test_white_balance_brings_every_channel_of_the_background_to_one_level() -> None:
    field = smear(TEAL)
    balanced = white_balance(field, background_colour(field))
    assert np.abs(balanced[0, 0].astype(int) - BACKGROUND_LEVEL).max() <= 1


def test_a_black_image_is_balanced_without_dividing_by_zero() -> None:
    black = np.zeros((40, 40, 3), np.uint8)
    assert white_balance(black, background_colour(black)).max() == 0


def test_white_balance_leaves_its_input_as_it_is() -> None:
    field = smear(TEAL)
    white_balance(field, np.array(TEAL, float))
    assert (field == smear(TEAL)).all()


@given(st.floats(0.05, 1.0), st.floats(0.1, 0.6))
def test_resampling_keeps_the_size_in_micrometres(um_per_px: float, wanted: float) -> None:
    out = resample(np.zeros((96, 64, 3), np.uint8), um_per_px=um_per_px, to_um_per_px=wanted)
    assert abs(out.shape[0] * wanted - 96 * um_per_px) <= max(wanted, um_per_px)
    assert abs(out.shape[1] * wanted - 64 * um_per_px) <= max(wanted, um_per_px)


@given(st.floats(0.02, 1.0), st.sampled_from([0.16, 0.2]))
def test_a_window_halves_evenly_and_is_as_wide_as_asked_for(
    um_per_px: float, wanted: float
) -> None:
    side = window_around(0, 0, um_per_px=um_per_px, to_um_per_px=wanted, size=128).side
    assert side * um_per_px == pytest.approx(128 * wanted, rel=0.004, abs=um_per_px / 2)
    while side >= 2 * 128:
        assert side % 2 == 0
        side //= 2


def test_a_window_shows_its_point_in_the_middle() -> None:
    field = np.full((200, 300, 3), BACKGROUND_LEVEL, np.uint8)
    field[149:152, 39:42] = 0
    window = window_around(150.5, 40.5, um_per_px=0.1, to_um_per_px=0.2, size=32)
    view = cut_window(field, window)
    row, column = np.unravel_index(int(view[..., 0].argmin()), view.shape[:2])
    assert abs(row - 15.5) <= 1
    assert abs(column - 15.5) <= 1


def test_outside_the_field_a_window_is_plain_background() -> None:
    field = np.zeros((50, 50, 3), np.uint8)
    window = window_around(0, 0, um_per_px=0.2, to_um_per_px=0.2, size=32)
    view = cut_window(field, window)
    assert (view[:15, :15] == BACKGROUND_LEVEL).all()
    assert (view[17:, 17:] == 0).all()


def test_a_window_far_outside_the_field_is_all_background() -> None:
    window = window_around(-500, 900, um_per_px=0.2, to_um_per_px=0.2, size=32)
    assert (cut_window(np.zeros((50, 50, 3), np.uint8), window) == BACKGROUND_LEVEL).all()


def test_balancing_a_crop_equals_cropping_a_balanced_field() -> None:
    field = smear(TEAL)
    background = background_colour(field)
    window = window_around(50, 110, um_per_px=0.2, to_um_per_px=0.2, size=64)
    late = cut_balanced_window(field, window, background)
    early = cut_window(white_balance(field, background), window)
    assert np.abs(late.astype(int) - early.astype(int)).max() <= 1


def test_isolating_a_cell_paints_over_its_neighbours_and_keeps_the_cell() -> None:
    crop = np.full((64, 64, 3), 50, np.uint8)
    mask = np.zeros((64, 64), bool)
    mask[24:40, 24:40] = True
    alone = isolate(crop, mask, margin=4)
    assert (alone[26:38, 26:38] == 50).all()
    assert (alone[:12] == BACKGROUND_LEVEL).all()


@given(st.integers(1, 12), st.integers(0, 63), st.integers(0, 63), st.integers(1, 40))
def test_the_rim_of_a_lone_cell_fades_into_the_background_by_its_share(
    margin: int, row: int, column: int, side: int
) -> None:
    crop = np.random.default_rng(side).integers(0, 256, (64, 64, 3), np.uint8)
    mask = np.zeros((64, 64), bool)
    mask[row : row + side, column : column + side] = True
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2)
    kept = cv2.dilate(mask.astype(np.uint8) * 255, kernel)
    share = cv2.blur(kept, (margin + 1, margin + 1))[..., None] / 255
    mixed = crop * share + BACKGROUND_LEVEL * (1 - share)
    assert np.abs(isolate(crop, mask, margin=margin) - mixed).max() <= 0.51
