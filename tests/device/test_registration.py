"""One view laid on another: measured finely, and refused where nothing fits."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision.imprints import Imprint, imprint, restored, shrunk_density, stored
from leuko.vision.registration import match

WIDTH, HEIGHT = 320, 240
FINE_PX = WIDTH / 160


def red_cells(seed: int) -> RGBImage:
    """A field of 600 x 480 pixels with red cells 14 pixels wide."""
    rng = np.random.default_rng(seed)
    rgb = np.full((480, 600, 3), 225, np.uint8)
    for _ in range(420):
        middle = (int(rng.integers(600)), int(rng.integers(480)))
        cv2.circle(rgb, middle, int(rng.integers(6, 9)), (205, 140, 140), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(rgb, middle, 3, (215, 175, 175), cv2.FILLED, cv2.LINE_AA)
    return rgb


def photographed(
    field: RGBImage,
    x: float,
    y: float,
    *,
    seed: int = 0,
    blur: float = 0.0,
    light: NDArray[np.float32] | float = 1.0,
) -> RGBImage:
    """The view with its corner at (x, y), through optics with that transmission."""
    to_slide = np.array([[1, 0, x], [0, 1, y]], np.float32)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(field, to_slide, (WIDTH, HEIGHT), flags=flags)
    view = cv2.GaussianBlur(view, (0, 0), blur) if blur else view
    noise = np.random.default_rng(seed).normal(0, 2, view.shape)
    picture: RGBImage = np.clip(view * light + noise, 0, 255).astype(np.uint8)
    return picture


def seen(rgb: RGBImage) -> Imprint:
    return imprint(shrunk_density(rgb))


@pytest.fixture(scope="module")
def field() -> RGBImage:
    return red_cells(1)


@pytest.fixture(scope="module")
def real_fields(datasets: Path) -> list[RGBImage]:
    """Eight fields at a quarter of the camera's resolution, 512 x 384 pixels, 0.24 µm each."""
    paths = sorted((datasets / "bcisc" / "original-images").glob("*/*.jpg"))
    read = [cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_4) for path in paths[4::15]]
    return [
        np.ascontiguousarray(one[..., ::-1]) for one in read if one is not None and len(one) > 300
    ]


@pytest.fixture(scope="module")
def dusty() -> NDArray[np.float32]:
    """Transmission of optics with vignetting and dark dust."""
    rng = np.random.default_rng(4)
    dust = np.ones((HEIGHT, WIDTH), np.float32)
    for _ in range(25):
        middle = (int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)))
        cv2.circle(dust, middle, int(rng.integers(2, 6)), float(rng.uniform(0.5, 0.85)), cv2.FILLED)
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH]
    distance2 = ((row - HEIGHT / 2) ** 2 + (column - WIDTH / 2) ** 2) / (WIDTH / 2) ** 2
    light: NDArray[np.float32] = (dust * (1 - 0.2 * distance2))[..., None].astype(np.float32)
    return light


@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (7.3, -4.6), (-61.7, 40.2), (150.5, -18.9)])
def test_a_shift_is_measured_to_a_fraction_of_a_fine_pixel(
    field: RGBImage, dx: float, dy: float
) -> None:
    first = seen(photographed(field, 100, 100, seed=1))
    second = seen(photographed(field, 100 + dx, 100 + dy, seed=2))
    shift = match(first, second)
    assert shift is not None
    assert np.hypot(shift.dx * FINE_PX - dx, shift.dy * FINE_PX - dy) < 0.15 * FINE_PX
    assert shift.overlap == pytest.approx((1 - abs(dx) / WIDTH) * (1 - abs(dy) / HEIGHT), abs=0.01)


def test_the_shift_back_is_the_opposite(field: RGBImage) -> None:
    first, second = (
        seen(photographed(field, 100, 100)),
        seen(photographed(field, 143, 81, seed=1)),
    )
    there, back = match(first, second), match(second, first)
    assert there is not None
    assert back is not None
    assert (there.dx, there.dy) == pytest.approx((-back.dx, -back.dy), abs=0.1)


def test_strangers_do_not_match_though_dust_and_vignetting_are_the_same(
    dusty: NDArray[np.float32],
) -> None:
    views = [seen(photographed(red_cells(i), 90, 90, seed=i, light=dusty)) for i in range(8)]
    matches = [match(a, b) for i, a in enumerate(views) for b in views[:i]]
    assert matches == [None] * 28


def test_dust_does_not_hold_a_moving_stage(field: RGBImage, dusty: NDArray[np.float32]) -> None:
    first = seen(photographed(field, 100, 100, seed=1, light=dusty))
    second = seen(photographed(field, 130, 90, seed=2, light=dusty))
    shift = match(first, second)
    assert shift is not None
    assert (shift.dx * FINE_PX, shift.dy * FINE_PX) == pytest.approx((30, -10), abs=0.5)


def test_a_defocused_view_does_not_rest_on_the_dust(
    field: RGBImage, dusty: NDArray[np.float32]
) -> None:
    sharp = seen(photographed(field, 100, 100, seed=1, light=dusty))
    blurred = seen(photographed(field, 130, 90, seed=2, blur=10, light=dusty))
    assert match(sharp, blurred) is None


def test_brightness_changes_nothing(field: RGBImage) -> None:
    first = seen(photographed(field, 100, 100, seed=1))
    dimmed = seen(photographed(field, 125, 110, seed=2, light=0.6))
    shift = match(first, dimmed)
    assert shift is not None
    assert (shift.dx * FINE_PX, shift.dy * FINE_PX) == pytest.approx((25, 10), abs=0.3)


def test_a_blurred_view_is_told_from_a_sharp_one(field: RGBImage) -> None:
    sharp = seen(photographed(field, 100, 100, seed=1))
    blurred = seen(photographed(field, 110, 100, seed=2, blur=2))
    there, back = match(sharp, blurred), match(blurred, sharp)
    assert there is not None
    assert back is not None
    assert there.sharpness < 0.75
    assert there.sharpness * back.sharpness == pytest.approx(1, abs=0.05)


def test_empty_glass_matches_nothing(field: RGBImage) -> None:
    glass = np.full((480, 600, 3), 228, np.uint8)
    empty = [seen(photographed(glass, 0, 0, seed=seed)) for seed in range(2)]
    assert match(empty[0], empty[1]) is None
    assert match(seen(photographed(field, 0, 0)), empty[0]) is None
    assert empty[0].contrast < 0.012 < seen(photographed(field, 0, 0)).contrast


def test_a_flat_picture_is_no_error() -> None:
    flat = seen(np.full((HEIGHT, WIDTH, 3), 200, np.uint8))
    black = seen(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert match(flat, black) is None
    assert match(flat, flat) is None


@pytest.mark.parametrize(("width", "height"), [(1280, 960), (1920, 1080), (640, 480), (1296, 972)])
def test_frames_of_any_size_shrink_to_160_columns(width: int, height: int) -> None:
    density = shrunk_density(np.full((height, width, 3), 200, np.uint8))
    assert density.shape[1] == 160
    assert density.shape[0] % 4 == 0
    assert density.shape[0] == pytest.approx(160 * height / width, abs=2)


@given(st.lists(st.integers(0, 255), min_size=4, max_size=64))
def test_a_stored_density_comes_back_within_half_a_step(levels: list[int]) -> None:
    green = np.array([levels], np.float32)
    density = np.log(green + 8).astype(np.float32)
    back = restored(stored(density))
    assert np.abs(np.diff(back - density)).max() <= 1 / 70 + 1e-4


def test_real_fields_are_matched_and_told_apart(real_fields: list[RGBImage]) -> None:
    first = [seen(photographed(one, 20, 20, seed=i)) for i, one in enumerate(real_fields)]
    second = [seen(photographed(one, 110.4, 70.8, seed=9)) for one in real_fields]
    for i, reference in enumerate(first):
        for j, view in enumerate(second):
            shift = match(reference, view)
            assert (shift is None) == (i != j)
            if shift:
                error = np.hypot(shift.dx * FINE_PX - 90.4, shift.dy * FINE_PX - 50.8)
                assert error < 0.3
