"""Images as another lens and camera would have taken them: defocus, sharpening, noise, JPEG."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko_training.images import to_bytes

_REACH_PX = 9
"""Across the pixels that a bilateral filter looks at."""


@dataclass(frozen=True, slots=True)
class LensSpread:
    """How far lens, camera and its software may change an image; shares are of all images.

    Attributes:
        blurred: share that loses focus.
        blur_px: largest standard deviation of the blur.
        sharpened: share that is sharpened, of those that are not blurred.
        sharpening: largest amount of it (unsharp mask).
        halo_px: largest standard deviation of the mask that sharpening takes off.
        noisy: share with noise.
        noise: largest standard deviation of the noise, in grey levels.
        grain_px: largest size of the noise's grain; 0 leaves it white.
        coded: share that went through JPEG.
        smoothed: share that a camera's software has smoothed: fine texture is gone, edges stay.
        smoothing_px: largest size of what a median takes away.
    """

    blurred: float = 0.35
    blur_px: float = 1.4
    sharpened: float = 0.25
    sharpening: float = 1.2
    halo_px: float = 1.0
    noisy: float = 0.4
    noise: float = 8.0
    grain_px: float = 0.0
    coded: float = 0.3
    smoothed: float = 0.0
    smoothing_px: int = 7


USUAL_LENS = LensSpread()
"""What the segmenter learns with."""


def degrade(
    image: RGBImage, rng: Generator, *, strength: float = 1.0, spread: LensSpread = USUAL_LENS
) -> RGBImage:
    """Return the image through another lens and camera: defocus, sharpening, noise, JPEG.

    Args:
        image: ``(height, width, 3)`` uint8, RGB.
        rng: source of all randomness.
        strength: factor of all shares.
        spread: how far images may be changed.
    """
    if spread.smoothed and rng.random() < spread.smoothed * strength:
        image = _smoothed(image, rng, spread)
    if rng.random() < spread.blurred * strength:
        image = _bytes(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, spread.blur_px)))
    elif rng.random() < spread.sharpened * strength:
        image = _sharpened(image, rng, spread)
    if rng.random() < spread.noisy * strength:
        image = to_bytes(image + _noise(image, rng, spread))
    if rng.random() < spread.coded * strength:
        quality = int(rng.integers(35, 95))
        _, coded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
        image = _bytes(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return image


def _smoothed(image: RGBImage, rng: Generator, spread: LensSpread) -> RGBImage:
    """Return the image without its finest texture, by one of two filters that keep edges."""
    if rng.random() < 0.5:
        return _bytes(cv2.medianBlur(image, int(rng.choice(range(3, spread.smoothing_px + 1, 2)))))
    reach, levels = rng.uniform(2, 5), rng.uniform(25, 80)
    return _bytes(cv2.bilateralFilter(image, _REACH_PX, levels, reach))


def _sharpened(image: RGBImage, rng: Generator, spread: LensSpread) -> RGBImage:
    halo = rng.uniform(1.0, spread.halo_px) if spread.halo_px > 1 else 1.0
    amount = rng.uniform(0.3, spread.sharpening)
    soft = cv2.GaussianBlur(image, (0, 0), halo)
    return _bytes(cv2.addWeighted(image, 1 + amount, soft, -amount, 0))


def _noise(image: RGBImage, rng: Generator, spread: LensSpread) -> NDArray[np.float32]:
    """Return noise of the image's shape; grain is alike in all channels, as stain debris is."""
    level = rng.uniform(1, spread.noise)
    if not spread.grain_px:
        return rng.normal(0, level, image.shape).astype(np.float32)
    white = rng.normal(0, 1, image.shape[:2]).astype(np.float32)
    grain = cv2.GaussianBlur(white, (0, 0), rng.uniform(0.3, spread.grain_px))
    return np.asarray(grain[..., None] * np.float32(level / grain.std()))


def _bytes(image: object) -> RGBImage:
    return np.asarray(image, dtype=np.uint8)
