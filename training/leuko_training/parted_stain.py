"""Leukocytes stained otherwise than their surroundings, as no change of a whole image shows them.

In laboratories that were left out, outlines failed where cytoplasm was pale, and took in the rims
of red cells in another dye than those learnt from; `augment.recolour` changes both alike.
"""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL

_PALE_SHARE = 0.35
_PALEST, _DARKEST = 0.25, 1.1
"""What a pale view keeps of its cytoplasm's density, at least and at most."""

_STRAYING_SHARE = 0.5
_SURROUNDINGS_DENSITY = 0.25
"""Standard deviation of the natural logarithm of the surroundings' density against usual."""

_SURROUNDINGS_MIXING = 0.08
"""Standard deviation of how much of a channel's density shows in another, in the surroundings."""

_EDGE_PX = 1.2
"""Standard deviation of the soft edge between what is changed and what is not."""

_FEWEST_PX = 60
"""In a smaller leukocyte a nucleus can't be told from its cytoplasm."""

Density = NDArray[np.float32]
"""Optical density (natural logarithm), ``(height, width, 3)``; the background's is zero."""


def part(image: RGBImage, mask: NDArray[np.uint8], rng: Generator) -> RGBImage:
    """Return the view with pale cytoplasm, otherwise dyed surroundings, both, or as it is.

    Done in optical density, where dyes add (Beer-Lambert).

    Args:
        image: ``(height, width, 3)`` uint8, RGB, white balanced.
        mask: of its leukocytes, ``(height, width)`` uint8, 0 to 255.
        rng: source of all randomness.
    """
    kept = rng.uniform(_PALEST, _DARKEST) if rng.random() < _PALE_SHARE else 1.0
    is_straying = rng.random() < _STRAYING_SHARE
    inside = _soft(mask)
    density = -np.log((image.astype(np.float32) + 1) / (BACKGROUND_LEVEL + 1))
    if kept != 1 and (mask > 127).sum() >= _FEWEST_PX:
        cytoplasm = inside * (1 - _soft(_nuclei(image, mask)))
        density = density * (1 - np.float32(1 - kept) * cytoplasm)
    if is_straying:
        density = inside * density + (1 - inside) * _otherwise_dyed(density, rng)
    light = (BACKGROUND_LEVEL + 1) * np.exp(-density) - 1
    return np.asarray(np.clip(np.rint(light), 0, 255), np.uint8)


def _otherwise_dyed(density: Density, rng: Generator) -> Density:
    dyes = np.eye(3) + rng.normal(0, _SURROUNDINGS_MIXING, (3, 3))
    dyes *= np.exp(rng.normal(0, _SURROUNDINGS_DENSITY))
    return np.asarray(density @ dyes.astype(np.float32), np.float32)


def _nuclei(image: RGBImage, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the darker of the two parts that Otsu's threshold splits the leukocytes into."""
    grey = np.asarray(image.mean(axis=2), np.uint8)
    within = mask > 127
    threshold, _ = cv2.threshold(grey[within][None], 0, 255, cv2.THRESH_OTSU)
    return np.where(within & (grey <= threshold), np.uint8(255), np.uint8(0))


def _soft(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a mask with soft edges, ``(height, width, 1)`` float32, 0 to 1."""
    soft = cv2.GaussianBlur(mask, (0, 0), _EDGE_PX)[..., None]
    return np.asarray(soft.astype(np.float32) / np.float32(255))
