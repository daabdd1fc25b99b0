"""The quality gate: on sharp fields of three laboratories, on these spoilt, and on drawn ones."""

from collections.abc import Callable
from functools import cache
from math import inf
from pathlib import Path

import cv2
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from leuko.cells import RGBImage
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.status import Guidance
from leuko.vision.quality import Quality, QualityLimits, judge

UM_PER_PX = 0.2
VIEW = (1280, 960)
KRD = "krd-wbc/data/KRD-WBC dataset/Dataset/image"
FIELDS = {
    "bcisc": [f"bcisc/original-images/{n}.jpg" for n in ("baso/10-3", "lymp/1-1", "baso/8-1")],
    "krd-wbc": [f"{KRD}/image{number}.jpg" for number in (202, 267, 499, 567)],
    "bccd": [f"bccd/BCCD/JPEGImages/BloodImage_{n:05}.jpg" for n in (0, 99, 110, 199)],
}
SCALES = {"bcisc": 0.063, "krd-wbc": 0.092, "bccd": 0.078}


def read_field(path: Path) -> RGBImage:
    with Image.open(path) as image:
        rgb = np.asarray(image.convert("RGB"))
    top, left = (
        max(0, size - most) // 2 for size, most in zip(rgb.shape, VIEW[::-1], strict=False)
    )
    return np.ascontiguousarray(rgb[top : top + VIEW[1], left : left + VIEW[0]])


@pytest.fixture(scope="module", params=FIELDS)
def laboratory(request: pytest.FixtureRequest, datasets: Path) -> tuple[list[RGBImage], float]:
    """A few sharp fields of one laboratory, and their scale."""
    name = request.param
    return [read_field(datasets / path) for path in FIELDS[name]], SCALES[name]


@cache
def smear(red_cells_per_um2: float) -> RGBImage:
    spec = SmearSpec(seed=4, leukocytes=20, red_cells_per_um2=red_cells_per_um2)
    drawn = SimulatedSmear(spec)
    rgb = drawn.render(200, 200, width_px=640, height_px=480, um_per_px=UM_PER_PX)
    return np.asarray(rgb, np.uint8)


def noisy(picture: RGBImage, sigma: float = 1.5) -> RGBImage:
    grain = np.random.default_rng(0).normal(0, sigma, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def defocused(rgb: RGBImage, radius_um: float, um_per_px: float) -> RGBImage:
    """A point becomes a disc."""
    radius = radius_um / um_per_px
    y, x = np.mgrid[-int(radius) - 1 : int(radius) + 2, -int(radius) - 1 : int(radius) + 2]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return noisy(np.asarray(cv2.filter2D(rgb, -1, disc / disc.sum()), np.uint8))


def smeared(rgb: RGBImage, way_um: float, um_per_px: float) -> RGBImage:
    length = round(way_um / um_per_px)
    return noisy(np.asarray(cv2.blur(rgb, (length, 1)), np.uint8))


def brightened(rgb: RGBImage, factor: float) -> RGBImage:
    return np.asarray(np.clip(rgb * factor, 0, 255), np.uint8)


def judged(rgb: RGBImage, *, um_per_px: float = UM_PER_PX, moved_um: float = inf) -> Quality:
    return judge(rgb, um_per_px=um_per_px, moved_um=moved_um)


def test_sharp_fields_of_all_laboratories_may_be_counted(
    laboratory: tuple[list[RGBImage], float],
) -> None:
    fields, um_per_px = laboratory
    assert {judged(field, um_per_px=um_per_px).guidance for field in fields} == {Guidance.NONE}


def test_the_monolayer_of_the_drawn_smear_may_be_counted() -> None:
    assert judged(smear(0.0105)).is_good


@pytest.mark.parametrize(
    ("spoil", "guidance"),
    [
        (lambda rgb, scale: defocused(rgb, 1.5, scale), Guidance.FOCUS),
        (lambda rgb, scale: defocused(rgb, 3.0, scale), Guidance.FOCUS),
        (lambda rgb, scale: smeared(rgb, 4.0, scale), Guidance.SLOWER),
        (lambda rgb, _: brightened(rgb, 0.35), Guidance.TOO_DARK),
        (lambda rgb, _: brightened(rgb, 2.5), Guidance.TOO_BRIGHT),
    ],
    ids=["defocused", "far out of focus", "smeared", "dark", "saturated"],
)
def test_spoilt_fields_are_refused_with_the_right_word(
    laboratory: tuple[list[RGBImage], float],
    spoil: Callable[[RGBImage, float], RGBImage],
    guidance: Guidance,
) -> None:
    fields, um_per_px = laboratory
    verdicts = {judged(spoil(f, um_per_px), um_per_px=um_per_px).guidance for f in fields}
    assert verdicts == {guidance}


def test_piled_red_cells_are_too_thick() -> None:
    assert judged(smear(0.03)).guidance is Guidance.TOO_THICK


def test_scattered_red_cells_are_too_thin() -> None:
    assert judged(smear(0.002)).guidance is Guidance.TOO_THIN


@pytest.mark.parametrize("sigma", [0.0, 2.0], ids=["noiseless", "noisy"])
def test_empty_glass_under_an_uneven_lamp_is_too_thin(sigma: float) -> None:
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    light = (1 - 0.1 * (x**2 + y**2))[..., None] * (235, 228, 215)
    assert judged(noisy(light.astype(np.uint8), sigma)).guidance is Guidance.TOO_THIN


def test_a_lamps_flare_is_not_taken_for_saturation() -> None:
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    flare = 140 * np.exp(-(x**2 + y**2) / 0.03)[..., None]
    rgb = np.clip(smear(0.0105) + flare, 0, 255).astype(np.uint8)
    assert rgb.max() == 255
    assert judged(rgb).is_good


def test_blur_is_laid_to_motion_only_if_the_stage_moved() -> None:
    soft = defocused(smear(0.0105), 1.5, UM_PER_PX)
    drawn_out = smeared(smear(0.0105), 4, UM_PER_PX)
    assert judged(soft, moved_um=0.0).guidance is Guidance.FOCUS
    assert judged(soft, moved_um=5.0).guidance is Guidance.SLOWER
    assert judged(drawn_out, moved_um=0.0).guidance is Guidance.FOCUS
    assert judged(drawn_out, moved_um=0.5).guidance is Guidance.SLOWER


def test_a_sharp_frame_may_be_counted_on_the_way_but_not_after_a_leap() -> None:
    view_um = 480 * UM_PER_PX
    assert judged(smear(0.0105), moved_um=0.1 * view_um).is_good
    assert judged(smear(0.0105), moved_um=0.6 * view_um).guidance is Guidance.SLOWER


def test_sharpness_falls_with_every_bit_of_blur() -> None:
    rgb = smear(0.0105)
    blurred = [np.asarray(cv2.GaussianBlur(rgb, (0, 0), s), np.uint8) for s in (0.5, 1, 2, 3, 5)]
    values = [judged(picture).sharpness for picture in (rgb, *blurred)]
    assert values == sorted(values, reverse=True)


def test_the_limits_decide_and_the_measurements_stay() -> None:
    rgb = smear(0.0105)
    usual = judged(rgb)
    limits = QualityLimits(least_sharpness=usual.sharpness + 0.1)
    strict = judge(rgb, um_per_px=UM_PER_PX, moved_um=inf, limits=limits)
    assert strict.guidance is Guidance.FOCUS
    assert strict.sharpness == usual.sharpness


def test_a_shrunk_picture_is_judged_like_the_frame() -> None:
    frame = cv2.resize(smear(0.0105), None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    shrunk = cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    whole = judged(np.asarray(frame, np.uint8), um_per_px=UM_PER_PX / 2)
    assert judged(np.asarray(shrunk, np.uint8)) == whole


@settings(max_examples=30)
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    um_per_px=st.floats(0.02, 1),
    data=st.data(),
)
def test_any_picture_gets_a_verdict(
    shape: tuple[int, int], um_per_px: float, data: st.DataObject
) -> None:
    rgb = data.draw(hnp.arrays(np.uint8, (*shape, 3)))
    quality = judge(rgb, um_per_px=um_per_px, moved_um=0.0)
    assert 0 <= quality.cover <= 1
    assert 0 <= quality.clipped <= 1
    assert np.isfinite([quality.sharpness, quality.smear, quality.contrast, quality.overlap]).all()
