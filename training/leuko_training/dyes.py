"""The dyes of one cell given to another: laboratories mixed in optical density."""

import numpy as np
from numpy.typing import NDArray

from leuko.cells import Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko_training.images import to_bytes

Dyes = NDArray[np.float64]
"""Second moments of optical density over a cell, ``(3, 3)``, about zero: no dye."""

_SLIGHT = 1e-3
"""Density squared, of every cell in all directions, so that none is without extent."""


def dyes_of(image: RGBImage, mask: Mask) -> Dyes:
    """Return how a cell's dyes are spread over the channels.

    Args:
        image: ``(height, width, 3)`` uint8, RGB, white balanced.
        mask: ``(height, width)`` bool, true on the cell.
    """
    densities = _densities(image[mask])
    return np.asarray(densities.T @ densities / max(1, len(densities)) + _SLIGHT * np.eye(3))


def redye(image: RGBImage, own: Dyes, wanted: Dyes, *, share: float = 1.0) -> RGBImage:
    """Return the image with its dyes changed on the way to another cell's.

    The change is linear in optical density, as a change of dyes is (Beer-Lambert), and the
    least that does it: the Monge map between the two spreads (Pitié and Kokaram, CVMP 2007).

    Args:
        image: ``(height, width, 3)`` uint8, RGB, white balanced.
        own: the cell's dyes.
        wanted: the other cell's.
        share: how much of the way, 0 to 1.
    """
    root = _root(own)
    inverse = np.linalg.inv(root)
    change = inverse @ _root(root @ wanted @ root) @ inverse
    mixing = (1 - share) * np.eye(3) + share * change
    light = (BACKGROUND_LEVEL + 1) * np.exp(-_densities(image) @ mixing) - 1
    return to_bytes(light)


def _densities(image: RGBImage) -> NDArray[np.float64]:
    return np.asarray(-np.log((image.astype(np.float64) + 1) / (BACKGROUND_LEVEL + 1)))


def _root(moments: Dyes) -> Dyes:
    """Return the symmetric square root of a positive matrix."""
    values, vectors = np.linalg.eigh(moments)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T)
