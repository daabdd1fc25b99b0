"""Augmentation: seeded, bounded, and changing what another laboratory would change."""

from collections.abc import Callable

import numpy as np
import pytest

from leuko.cells import RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko_training.augment import View, degrade, recolour, sampling_maps

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
