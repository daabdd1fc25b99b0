"""What is measured of one cell, drawn as discs."""

import cv2
import numpy as np
import pytest

from leuko.cells import Mask, RGBImage
from leuko.vision.traits import TRAITS, cell_traits


def drawn(
    nucleus: tuple[int, int, int] = (90, 50, 140), *, lobes: int = 2, noise: float = 4.0
) -> tuple[RGBImage, Mask]:
    rng = np.random.default_rng(1)
    rgb = np.full((128, 128, 3), 235, np.uint8)
    cv2.circle(rgb, (64, 64), 40, (200, 170, 205), cv2.FILLED, cv2.LINE_AA)
    for lobe in range(lobes):
        middle = (48 + 30 * lobe, 60)
        cv2.circle(rgb, middle, 12, nucleus, cv2.FILLED, cv2.LINE_AA)
    mask = cv2.circle(np.zeros((128, 128), np.uint8), (64, 64), 40, 1, cv2.FILLED)
    noisy = np.clip(rgb + rng.normal(0, noise, rgb.shape), 0, 255).astype(np.uint8)
    return noisy, np.asarray(mask > 0)


def test_turning_and_mirroring_a_cell_change_next_to_nothing() -> None:
    rgb, mask = drawn()
    traits = cell_traits(rgb, mask)
    assert traits.shape == (TRAITS,)
    quarter = cell_traits(np.ascontiguousarray(np.rot90(rgb)), np.ascontiguousarray(np.rot90(mask)))
    mirrored = cell_traits(np.ascontiguousarray(rgb[:, ::-1]), np.ascontiguousarray(mask[:, ::-1]))
    np.testing.assert_allclose(quarter, traits, rtol=0.02, atol=0.02)
    np.testing.assert_allclose(mirrored, traits, rtol=0.02, atol=0.02)


@pytest.mark.parametrize(
    "other",
    [drawn((120, 60, 110)), drawn(lobes=1), drawn(noise=20.0)],
    ids=["hue", "lobes", "noise"],
)
def test_colour_lobes_and_texture_show(other: tuple[RGBImage, Mask]) -> None:
    assert np.abs(cell_traits(*drawn()) - cell_traits(*other)).max() > 0.2


def test_a_mask_without_a_pixel_and_a_blank_view_give_numbers() -> None:
    nothing = np.zeros((128, 128), np.bool_)
    for level in (0, 235, 255):
        blank = np.full((128, 128, 3), level, np.uint8)
        assert np.isfinite(cell_traits(blank, nothing)).all()
