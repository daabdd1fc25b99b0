"""Leukocytes stained otherwise than what lies around them."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko_training.parted_stain import part

NUCLEUS, CYTOPLASM, RED_CELL, BACKGROUND = (40, 40), (40, 55), (95, 95), (10, 110)


@pytest.fixture(scope="module")
def scene() -> tuple[RGBImage, NDArray[np.uint8]]:
    """A leukocyte with nucleus and cytoplasm, and a red cell."""
    image = np.full((128, 128, 3), BACKGROUND_LEVEL, np.uint8)
    mask = np.zeros((128, 128), np.uint8)
    cv2.circle(mask, NUCLEUS, 24, 255, -1)
    cv2.circle(image, NUCLEUS, 24, (190, 170, 200), -1)
    cv2.circle(image, NUCLEUS, 8, (90, 60, 140), -1)
    cv2.circle(image, RED_CELL, 16, (200, 150, 150), -1)
    return image, mask


def densities(image: RGBImage, at: tuple[int, int]) -> NDArray[np.float64]:
    return np.asarray(-np.log((image[at].astype(float) + 1) / (BACKGROUND_LEVEL + 1)))


@pytest.fixture(scope="module")
def views(scene: tuple[RGBImage, NDArray[np.uint8]]) -> list[RGBImage]:
    rng = np.random.default_rng(1)
    return [part(*scene, rng) for _ in range(200)]


def relative(
    views: list[RGBImage], scene: tuple[RGBImage, NDArray[np.uint8]], at: tuple[int, int]
) -> NDArray[np.float64]:
    """Density of each view at one place against the scene's, mean of the channels."""
    return np.array([(densities(v, at) / densities(scene[0], at)).mean() for v in views])


def test_cytoplasm_pales_in_a_third_of_the_views(
    views: list[RGBImage], scene: tuple[RGBImage, NDArray[np.uint8]]
) -> None:
    kept = relative(views, scene, CYTOPLASM)
    assert 0.2 < (abs(kept - 1) > 0.03).mean() < 0.45
    assert 0.2 < kept.min() < 0.4
    assert kept.max() < 1.15


def test_nucleus_and_background_stay(
    views: list[RGBImage], scene: tuple[RGBImage, NDArray[np.uint8]]
) -> None:
    assert relative(views, scene, NUCLEUS) == pytest.approx(np.ones(200), abs=0.03)
    assert all((view[BACKGROUND] == scene[0][BACKGROUND]).all() for view in views)


def test_the_red_cell_s_dye_strays_in_half_of_the_views(
    views: list[RGBImage], scene: tuple[RGBImage, NDArray[np.uint8]]
) -> None:
    strayed = relative(views, scene, RED_CELL)
    changed = abs(strayed - 1) > 0.01
    assert 0.35 < changed.mean() < 0.6
    assert 0.15 < strayed[changed].std() < 0.45


def test_a_view_without_a_leukocyte_can_be_parted(
    scene: tuple[RGBImage, NDArray[np.uint8]],
) -> None:
    rng = np.random.default_rng(2)
    views = [part(scene[0], np.zeros_like(scene[1]), rng) for _ in range(20)]
    assert all(view.dtype == np.uint8 and view.shape == scene[0].shape for view in views)
