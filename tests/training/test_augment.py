"""Augmentation: seeded, bounded, and changing what another laboratory would change."""

from collections.abc import Callable

import numpy as np
import pytest

from leuko.cells import RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko_training.augment import (
    ColourSpread,
    View,
    recolour,
    sampling_maps,
)
from leuko_training.dyes import dyes_of, redye
from leuko_training.lenses import (
    LensSpread,
    degrade,
)

Change = Callable[[RGBImage, np.random.Generator], RGBImage]

CELL = np.full((64, 64, 3), BACKGROUND_LEVEL, np.uint8)
CELL[20:44, 20:44] = (110, 60, 150)


@pytest.mark.parametrize("change", [recolour, degrade])
def test_the_same_seed_gives_the_same_image(change: Change) -> None:
    first = change(CELL, np.random.default_rng(3))
    assert (first == change(CELL, np.random.default_rng(3))).all()


@pytest.mark.parametrize("change", [recolour, degrade])
def test_another_seed_gives_another_image(change: Change) -> None:
    images = {change(CELL, np.random.default_rng(seed)).tobytes() for seed in range(8)}
    assert len(images) > 1


def test_no_strength_changes_no_colour() -> None:
    unchanged = recolour(CELL, np.random.default_rng(1), strength=0.0)
    assert np.abs(unchanged.astype(int) - CELL).max() <= 1


def test_the_stain_is_changed_more_than_the_background() -> None:
    rng = np.random.default_rng(5)
    changes = np.array([
        np.abs(recolour(CELL, rng).astype(int) - CELL).mean(axis=2) for _ in range(40)
    ])
    assert changes[:, 32, 32].mean() > changes[:, 4:8, 4:8].mean()


def test_a_view_is_centred_on_its_point() -> None:
    view = View(row=40, column=70, zoom=1.5, size=33)
    columns, rows = sampling_maps(view, np.random.default_rng(2))
    assert rows[16, 16] == pytest.approx(40)
    assert columns[16, 16] == pytest.approx(70)


def test_a_view_spans_what_its_zoom_says() -> None:
    view = View(row=0, column=0, zoom=2.0, size=65, squeeze=0.0)
    columns, rows = sampling_maps(view, np.random.default_rng(2))
    across = np.hypot(rows[32, 64] - rows[32, 0], columns[32, 64] - columns[32, 0])
    assert across == pytest.approx(2.0 * 64, rel=1e-3)


def test_elastic_displacement_stays_within_its_limit() -> None:
    plain = sampling_maps(View(0, 0, 1.0, 65, squeeze=0.0), np.random.default_rng(4))
    bent = sampling_maps(View(0, 0, 1.0, 65, 3.0, squeeze=0.0), np.random.default_rng(4))
    moved = np.hypot(plain[0] - bent[0], plain[1] - bent[1])
    # Cubic interpolation of the coarse field may overshoot its largest value a little.
    assert 0 < moved.max() < 3.0 * np.sqrt(2) * 1.4


def test_tone_changes_how_much_darker_a_nucleus_is_than_its_cytoplasm() -> None:
    cell = CELL.copy()
    cell[28:36, 28:36] = 40
    still = ColourSpread(mixing=0, density=0, channel=0, gamma=0, grey_share=0, tone=0.5)
    ratios = [
        _contrast(recolour(cell, np.random.default_rng(seed), spread=still)) for seed in range(12)
    ]
    assert max(ratios) > 1.3 * _contrast(cell)
    assert min(ratios) < 0.8 * _contrast(cell)


def test_the_darkest_pixel_stays_dark_under_any_tone() -> None:
    black = np.zeros((16, 16, 3), np.uint8)
    toned = [
        recolour(black, np.random.default_rng(seed), spread=ColourSpread(tone=0.6))
        for seed in range(20)
    ]
    assert max(image.max() for image in toned) < 128


def test_coarse_grain_is_rougher_over_two_pixels_than_white_noise() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    always = LensSpread(blurred=0, sharpened=0, noisy=1, noise=12, coded=0)
    grainy = LensSpread(blurred=0, sharpened=0, noisy=1, noise=12, coded=0, grain_px=2)
    white = degrade(grey, np.random.default_rng(1), spread=always)
    coarse = degrade(grey, np.random.default_rng(1), spread=grainy)
    assert _alike_beside(coarse) > 0.3 > abs(_alike_beside(white))


def test_a_cell_takes_over_the_dyes_of_another() -> None:
    cell = np.zeros((64, 64), np.bool_)
    cell[20:44, 20:44] = True
    pink = CELL.copy()
    pink[cell] = (200, 90, 120)
    redyed = redye(CELL, dyes_of(CELL, cell), dyes_of(pink, cell))
    assert np.abs(redyed[cell].astype(int) - pink[cell]).max() <= 2
    assert (redyed[~cell] == CELL[~cell]).all()


def test_no_share_of_other_dyes_changes_nothing() -> None:
    cell = CELL[..., 0] < BACKGROUND_LEVEL
    other = np.full_like(CELL, 90)
    unchanged = redye(CELL, dyes_of(CELL, cell), dyes_of(other, cell), share=0.0)
    assert np.abs(unchanged.astype(int) - CELL).max() <= 1


def _contrast(image: RGBImage) -> float:
    density = -np.log((image.astype(float).mean(axis=2) + 1) / (BACKGROUND_LEVEL + 1))
    return float(density[30:34, 30:34].mean() / density[22:26, 22:26].mean())


def _alike_beside(image: RGBImage) -> float:
    grey = image[..., 0].astype(float) - 128
    return float((grey[:, 1:] * grey[:, :-1]).mean() / (grey**2).mean())


def test_a_smoothing_camera_takes_texture_and_leaves_edges() -> None:
    rows, columns = np.mgrid[:64, :64]
    grains = CELL.copy()
    grains[20:44, 20:44][(rows[:24, :24] + columns[:24, :24]) % 4 == 0] = (150, 100, 180)
    smoothing = LensSpread(blurred=0, sharpened=0, noisy=0, coded=0, smoothed=1)
    views = [degrade(grains, np.random.default_rng(seed), spread=smoothing) for seed in range(12)]
    left = [view[26:38, 26:38, 0].std() / grains[26:38, 26:38, 0].std() for view in views]
    assert np.median(left) < 0.5
    assert max(left) <= 1
    assert all(int(view[32, 16, 0]) - int(view[32, 24, 0]) > 60 for view in views)
