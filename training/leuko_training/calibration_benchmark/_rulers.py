"""The size of a pixel from rendered stage micrometers and rendered red cells of known scale."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from leuko.cells import RGBImage
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.vision.ruler import read_ruler
from leuko.vision.scale import estimate_scale

_SIZE = (960, 1280)
_GREY = 225.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        draws: draws of the fields that a flat field is found from.
        fitted: fields of a draw.
        every: one of how many fields is read.
        rulers: rendered micrometers a row.
        smears: rendered smears a scale.
        red_cell_fields: real fields of a set whose red cells are measured, about.
    """

    draws: int = 3
    fitted: int = 20
    every: int = 1
    rulers: int = 6
    smears: int = 2
    red_cell_fields: int = 120


@dataclass(frozen=True, slots=True)
class RulerRow:
    """One kind of picture.

    Attributes:
        what: the kind.
        pictures: how many.
        worst_percent: largest error.
        mean_percent: mean error, without sign.
        target_percent: most that the worst may be.
    """

    what: str
    pictures: int
    worst_percent: float
    mean_percent: float
    target_percent: float


def bench_rulers(extent: Extent) -> Iterator[RulerRow]:
    """Yield the errors of rendered micrometers and red cells.

    Args:
        extent: how much is measured.
    """
    kinds = {
        "micrometer, sharp": {"blur_px": 1.0, "noise": 2.0, "tilt": 0.0},
        "micrometer, blurred": {"blur_px": 5.0, "noise": 4.0, "tilt": 0.0},
        "micrometer, noisy": {"blur_px": 1.5, "noise": 20.0, "tilt": 0.0},
        "micrometer, tilted by 2 % over the view": {"blur_px": 2.0, "noise": 6.0, "tilt": 0.02},
    }
    for name, kind in kinds.items():
        rng = np.random.default_rng(7)
        errors = [_ruler_error(rng, **kind) for _ in range(extent.rulers)]
        yield _row(name, errors, 0.5)
    for um_per_px in (0.1, 0.2):
        errors = [_smear_error(um_per_px, seed) for seed in range(extent.smears)]
        yield _row(f"red cells of a rendered smear, {um_per_px:g} µm per pixel", errors, 4.0)


def ruled(
    period_px: float, angle_deg: float, *, blur_px: float, noise: float, tilt: float, seed: int
) -> RGBImage:
    """Return a stage micrometer's lines, longer at every fifth and tenth, under uneven light.

    Args:
        period_px: distance of the lines in the middle of the view.
        angle_deg: their direction.
        blur_px: standard deviation of the point spread.
        noise: standard deviation in grey levels.
        tilt: by what share the distance grows from the middle to the border of the view.
        seed: of the noise.
    """
    height, width = _SIZE
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = np.radians(angle_deg)
    along = (x - width / 2) * np.cos(angle) - (y - height / 2) * np.sin(angle)
    across = (x - width / 2) * np.sin(angle) + (y - height / 2) * np.cos(angle)
    across = across * (1 - tilt * along / width)
    number = np.round(across / period_px + 0.31)
    distance = np.abs(across + 0.31 * period_px - number * period_px)
    reach = np.where(number % 10 == 0, width, np.where(number % 5 == 0, 0.3, 0.2) * width)
    line = np.clip(0.08 * period_px + 0.5 - distance, 0, 1) * (along < reach)
    light = 1 - 0.25 * ((x / width - 0.5) ** 2 + (y / height - 0.4) ** 2)
    grey = cv2.GaussianBlur((_GREY * light * (1 - 0.75 * line)).astype(np.float32), (0, 0), blur_px)
    grey = grey + np.random.default_rng(seed).normal(0, noise, grey.shape)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def _ruler_error(rng: np.random.Generator, *, blur_px: float, noise: float, tilt: float) -> float:
    period_px, angle_deg = float(rng.uniform(20, 110)), float(rng.uniform(0, 180))
    seed = int(rng.integers(1000))
    rgb = ruled(period_px, angle_deg, blur_px=blur_px, noise=noise, tilt=tilt, seed=seed)
    return 100 * abs(read_ruler(rgb).period_px / period_px - 1)


def _smear_error(um_per_px: float, seed: int) -> float:
    smear = SimulatedSmear(SmearSpec(seed=seed, width_um=150, height_um=120, leukocytes=2))
    rgb = smear.render(5, 5, width_px=640, height_px=480, um_per_px=um_per_px)
    return 100 * abs(estimate_scale([rgb]).um_per_px / um_per_px - 1)


def _row(what: str, errors: list[float], target: float) -> RulerRow:
    return RulerRow(what, len(errors), max(errors), sum(errors) / len(errors), target)
