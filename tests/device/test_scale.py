"""The scale found from red cells: on drawn fields, on what is no smear, and on real fields."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.errors import ScaleError
from leuko.vision.scale import RED_CELL_UM, ScaleEstimate, estimate_scale

PLASMA = (228, 222, 200)
HAEMOGLOBIN = (196, 148, 140)
PALLOR = (222, 205, 188)
NUCLEUS = (70, 35, 110)


def draw_smear(
    diameter_px: float,
    *,
    seed: int = 0,
    shape: tuple[int, int] = (480, 640),
    pallor: float = 0.35,
    pitch: float = 1.4,
) -> RGBImage:
    """Rows of red cells with 7 % of spread, a blur of one pixel and sensor noise.

    ``pitch`` is the distance of neighbours and ``pallor`` the width of the pallor, in diameters.
    """
    random = np.random.default_rng(seed)
    field = np.full((*shape, 3), PLASMA, np.float32)
    step = pitch * diameter_px
    for y in np.arange(step / 2, shape[0], step):
        for x in np.arange(step / 2, shape[1], step):
            centre = (x, y) + random.uniform(-0.05, 0.05, 2) * diameter_px
            radius = diameter_px / 2 * random.normal(1, 0.07)
            draw_disc(field, centre, radius, HAEMOGLOBIN)
            draw_disc(field, centre, radius * pallor, PALLOR)
    noisy = cv2.GaussianBlur(field, (0, 0), 1.0) + random.normal(0, 2, field.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def draw_disc(
    field: NDArray[np.float32],
    centre: NDArray[np.float64] | tuple[float, float],
    radius: float,
    colour: tuple[int, int, int],
) -> None:
    """A disc with a smooth rim; OpenCV's circles are half a pixel too wide."""
    left, top = (max(0, int(c - radius) - 2) for c in centre)
    patch = field[top : int(centre[1] + radius) + 3, left : int(centre[0] + radius) + 3]
    y, x = np.mgrid[: patch.shape[0], : patch.shape[1]]
    distance = np.hypot(x + left - centre[0], y + top - centre[1])
    cover = np.clip(radius + 0.5 - distance, 0, 1)[..., None] * (radius > 0)
    patch[:] = patch * (1 - cover) + np.array(colour) * cover


def diameter_of(estimate: ScaleEstimate) -> float:
    """Diameter of a red cell in pixels at the estimated scale."""
    return RED_CELL_UM / estimate.um_per_px


def draw_leukocyte() -> RGBImage:
    """One neutrophil with four lobes on an empty background."""
    field = np.full((300, 300, 3), PLASMA, np.float32)
    draw_disc(field, (150, 150), 70, (205, 180, 200))
    for centre in ((125, 125), (175, 130), (130, 175), (172, 172)):
        draw_disc(field, centre, 21, NUCLEUS)
    return cv2.GaussianBlur(field, (0, 0), 1.5).astype(np.uint8)


def draw_text() -> RGBImage:
    """A page of print."""
    page = np.full((600, 800, 3), 255, np.uint8)
    for line in range(20):
        words = "the good doctor counted cells for hours on end" * 2
        cv2.putText(page, words, (5, 30 * (line + 1)), cv2.FONT_HERSHEY_SIMPLEX, 1, (20,) * 3, 2)
    return page


def draw_texture(grain_px: float) -> RGBImage:
    """A soft random texture, as of cloth or cloud."""
    random = np.random.default_rng(1).normal(0, 1, (480, 640)).astype(np.float32)
    soft = cv2.GaussianBlur(random, (0, 0), grain_px)
    grey = 90 + 150 * (soft - soft.min()) / np.ptp(soft)
    return np.dstack([grey] * 3).astype(np.uint8)


def draw_noise() -> RGBImage:
    """Independent random pixels."""
    return np.random.default_rng(2).integers(0, 256, (480, 640, 3), dtype=np.uint8)


def draw_blank() -> RGBImage:
    """An empty field."""
    return np.full((480, 640, 3), 230, np.uint8)


@pytest.mark.parametrize("pallor", [0.0, 0.4])
@pytest.mark.parametrize("diameter_px", [15, 24, 37, 60, 95, 150])
def test_drawn_red_cells_of_any_size_give_their_scale(diameter_px: float, pallor: float) -> None:
    shape = (480, 640) if diameter_px < 60 else (960, 1280)
    field = draw_smear(diameter_px, shape=shape, pallor=pallor)
    assert diameter_of(estimate_scale([field])) == pytest.approx(diameter_px, rel=0.04)


@pytest.mark.parametrize("pitch", [1.02, 1.1])
def test_touching_red_cells_give_their_scale(pitch: float) -> None:
    field = draw_smear(60, pitch=pitch)
    assert diameter_of(estimate_scale([field])) == pytest.approx(60, rel=0.05)


def test_halving_the_resolution_doubles_the_scale() -> None:
    field = draw_smear(80, shape=(960, 1280))
    small = cv2.resize(field, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8)
    ratio = estimate_scale([small]).um_per_px / estimate_scale([field]).um_per_px
    assert ratio == pytest.approx(2, rel=0.03)


def test_a_strong_tint_and_uneven_light_change_little() -> None:
    field = draw_smear(60)
    light = np.linspace(0.45, 1, field.shape[1])[None, :, None] * np.array([0.9, 0.7, 0.4])
    tinted = (field * light).astype(np.uint8)
    assert diameter_of(estimate_scale([tinted])) == pytest.approx(60, rel=0.04)


def test_fields_of_one_camera_are_pooled_and_raise_the_confidence() -> None:
    fields = [draw_smear(60, seed=seed, shape=(240, 320)) for seed in range(4)]
    one, together = estimate_scale(fields[:1]), estimate_scale(fields)
    assert together.red_cells > 3 * one.red_cells
    assert one.confidence < together.confidence <= 1
    assert diameter_of(together) == pytest.approx(60, rel=0.04)


def test_a_leukocyte_among_red_cells_changes_nothing() -> None:
    field = draw_smear(60)
    field[100:400, 150:450] = draw_leukocyte()
    assert diameter_of(estimate_scale([field])) == pytest.approx(60, rel=0.05)


@pytest.mark.parametrize(
    "draw",
    [
        draw_blank,
        draw_noise,
        draw_leukocyte,
        draw_text,
        lambda: draw_texture(2),
        lambda: draw_texture(8),
        lambda: draw_texture(25),
    ],
    ids=["blank", "noise", "one leukocyte", "text", "fine texture", "texture", "coarse texture"],
)
def test_what_shows_no_red_cells_is_refused_in_one_sentence(draw: Callable[[], RGBImage]) -> None:
    with pytest.raises(ScaleError) as refusal:
        estimate_scale([draw()])
    assert "scale" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4000, 3), (30, 30, 3), (64, 20000, 3)])
def test_odd_shapes_are_refused_without_a_crash(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ScaleError, match="red cells"):
        estimate_scale([np.full(shape, 200, np.uint8)])


def test_no_fields_at_all_are_refused() -> None:
    with pytest.raises(ScaleError, match="red cells"):
        estimate_scale([])


def test_fields_of_two_magnifications_contradict_each_other() -> None:
    with pytest.raises(ScaleError, match="contradict"):
        estimate_scale([draw_smear(40), draw_smear(80)])


@pytest.fixture
def datasets() -> Path:
    """The folder of the real images; the tests that need it skip without it."""
    default = Path(__file__).parents[2].parent / "shared" / "datasets"
    root = Path(os.environ.get("LEUKO_DATASETS", default))
    if not root.is_dir():
        pytest.skip(f"no real images: {root} is not a folder (set LEUKO_DATASETS)")
    return root


def read(path: Path) -> RGBImage:
    """A field in RGB."""
    image = cv2.imread(str(path))
    assert image is not None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8)


KRD = "krd-wbc/data/KRD-WBC dataset/Dataset/image/"
SIGTUPLE = "sigtuple/Data/Test_Data/"
MEASURED_BY_EYE_PX = {
    "bcisc/original-images/baso/10-3.jpg": 118.0,
    KRD + "image2.jpg": 60.5,
    KRD + "image230.jpg": 78.0,
    KRD + "image300.jpg": 78.0,
    SIGTUPLE + "0BC2C60F3BA0.jpg": 33.4,
    SIGTUPLE + "31A25DC60456.jpg": 33.8,
    SIGTUPLE + "8A87C3794B59.jpg": 35.0,
}
"""Median diameter of seven to fourteen red cells, read off an enlarged print."""


@pytest.mark.parametrize(("name", "true_px"), MEASURED_BY_EYE_PX.items())
def test_a_real_field_gives_the_diameter_seen_by_eye(
    datasets: Path, name: str, true_px: float
) -> None:
    assert diameter_of(estimate_scale([read(datasets / name)])) == pytest.approx(true_px, rel=0.1)


SLIDES_PX = {"2": 110.3, "3": 118.3, "4": 121.5, "6": 102.2, "8": 118.9, "10": 118.7}
"""Median diameter of the isolated red cells of a slide, by threshold and area."""


@pytest.mark.parametrize(("slide", "true_px"), SLIDES_PX.items())
def test_fields_of_a_slide_together_give_its_scale_within_5_percent(
    datasets: Path, slide: str, true_px: float
) -> None:
    paths = sorted((datasets / "bcisc/original-images").glob(f"*/{slide}-*.jpg"))[:4]
    estimate = estimate_scale([read(path) for path in paths])
    assert diameter_of(estimate) == pytest.approx(true_px, rel=0.05)
    assert estimate.confidence > 0.9


def test_crowded_fields_together_give_their_scale_within_4_percent(datasets: Path) -> None:
    # Boxes of this set have a median side of 104 pixels and stand off the cells by a tenth.
    paths = sorted((datasets / "bccd/BCCD/JPEGImages").glob("*.jpg"))[::24]
    estimate = estimate_scale([read(path) for path in paths])
    assert diameter_of(estimate) == pytest.approx(0.9 * 104, rel=0.04)


@pytest.mark.parametrize("name", ["krd-wbc/data/KRD-WBC dataset/Dataset/image", "sigtuple/Data"])
def test_few_real_fields_are_refused(datasets: Path, name: str) -> None:
    folder = datasets / name / ("Test_Data" if "sigtuple" in name else "")
    refused = 0
    paths = sorted(folder.glob("*.jpg"))
    sample = paths[:: max(1, len(paths) // 10)]
    for path in sample:
        try:
            estimate_scale([read(path)])
        except ScaleError:
            refused += 1
    assert refused <= 0.1 * len(sample)
