"""Images as another laboratory would have taken them: geometry, stain and lamp.

All functions take and return ``(height, width, 3)`` uint8 RGB that was white balanced by
`leuko.vision.preprocess`, so the background lies at `BACKGROUND_LEVEL`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL
from leuko_training.images import to_bytes

Maps = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Source ``x`` and ``y`` for every pixel of a view, both ``(size, size)`` float32."""


@dataclass(frozen=True, slots=True)
class View:
    """Where and how a training view is taken from an image.

    Attributes:
        row: centre, in pixels of the image.
        column: centre, in pixels of the image.
        zoom: pixels of the image per pixel of the view.
        size: side length of the view in pixels.
        elastic_px: largest elastic displacement, in pixels of the view.
        squeeze: how much one axis may be stretched against the other, as a share.
    """

    row: float
    column: float
    zoom: float
    size: int
    elastic_px: float = 0.0
    squeeze: float = 0.08


@dataclass(frozen=True, slots=True)
class ColourSpread:
    """How far the colours of another laboratory may lie from an image's.

    Attributes:
        mixing: standard deviation of how much of a channel's density shows in another.
        density: of the natural logarithm of the stain's strength.
        channel: the same, of each channel alone.
        saturation: the same, of the distance from grey in density.
        gamma: the same, of the camera's gamma.
        tone: the same, of the power that densities are raised to: it changes how much darker a
            nucleus is than its cytoplasm, as stain, stray light and a camera's tone curve do.
        grey_share: share of images that lose colour.
        greyest: the most of its colour that an image loses, as a share.
    """

    mixing: float = 0.08
    density: float = 0.18
    channel: float = 0.10
    saturation: float = 0.0
    gamma: float = 0.15
    tone: float = 0.0
    grey_share: float = 0.15
    greyest: float = 0.8


_MIDDLING_DENSITY = 0.6
"""Optical density (natural logarithm) between that of cytoplasm and of nuclei."""

_BLACK = np.float32(5.5)
"""Optical density of a byte's zero: nothing is darker."""

USUAL_COLOURS = ColourSpread()
"""What crops are shown with, unless a recipe says otherwise."""


def sampling_maps(view: View, rng: Generator) -> Maps:
    """Return the maps that turn, mirror, squeeze and bend an image into the view."""
    angle = rng.uniform(0, 2 * np.pi)
    stretch = np.exp(rng.uniform(-view.squeeze, view.squeeze))
    mirror = rng.choice((-1.0, 1.0))
    half = (view.size - 1) / 2
    ys, xs = np.mgrid[: view.size, : view.size].astype(np.float32) - np.float32(half)
    if view.elastic_px:
        ys = ys + _smooth_field(view, rng)
        xs = xs + _smooth_field(view, rng)
    xs, ys = xs * view.zoom * stretch * mirror, ys * view.zoom / stretch
    cos, sin = np.cos(angle), np.sin(angle)
    columns = cos * xs - sin * ys + view.column
    rows = sin * xs + cos * ys + view.row
    return columns.astype(np.float32), rows.astype(np.float32)


def recolour(
    image: RGBImage, rng: Generator, *, strength: float = 1.0, spread: ColourSpread = USUAL_COLOURS
) -> RGBImage:
    """Return the image as another stain, lamp and camera would show it.

    Stain is changed in optical density, where dyes add (Beer-Lambert; Ruifrok and Johnston,
    Anal. Quant. Cytol. Histol. 23:291, 2001); light and camera in intensity.

    Args:
        image: ``(height, width, 3)`` uint8, RGB, white balanced.
        rng: source of all randomness.
        strength: 0 changes nothing, 1 is the spread itself.
        spread: how far colours may lie from the image's.
    """
    density = -np.log((image.astype(np.float32) + 1) / (BACKGROUND_LEVEL + 1))
    if spread.tone:
        density = _toned(density, float(np.exp(rng.normal(0, spread.tone * strength))))
    mixing = np.eye(3) + rng.normal(0, spread.mixing * strength, (3, 3))
    mixing *= np.exp(rng.normal(0, spread.density * strength)) * np.exp(
        rng.normal(0, spread.channel * strength, (1, 3))
    )
    if spread.saturation:
        mixing = mixing @ _saturating(np.exp(rng.normal(0, spread.saturation * strength)))
    light = BACKGROUND_LEVEL * np.exp(-density @ mixing.astype(np.float32))
    light *= _shading(image.shape[0], image.shape[1], rng, strength)
    if rng.random() < spread.grey_share * strength:
        grey = rng.uniform(0, spread.greyest)
        light = (1 - grey) * light + grey * light.mean(axis=2, keepdims=True)
    # In double precision, this and the rounding took a fifth of a view's time.
    gamma = np.float32(np.exp(rng.normal(0, spread.gamma * strength)))
    return to_bytes(255 * (np.clip(light, 0, 255) / 255) ** gamma)


NUCLEAR_DENSITY = 0.9
"""Optical density (natural logarithm, mean of the channels) that `level_stain` brings nuclei to."""


def level_stain(crop: RGBImage, mask: Mask) -> RGBImage:
    """Return the crop with the cell's darkest part at one optical density.

    Tried in `leuko-train transfer`. A bundle may carry such a classifier only once the device
    does the same.

    Laboratories stain and expose differently; densities scale with the amount of dye
    (Beer-Lambert), so one factor for all channels keeps the ratio of the dyes.

    Args:
        crop: ``(height, width, 3)`` uint8, RGB, white balanced; left as it is.
        mask: ``(height, width)`` bool, true on the cell.
    """
    inside = crop[mask]
    if not len(inside):
        return crop
    darkest = float(np.percentile(inside.mean(axis=1), 15))
    density = np.log((BACKGROUND_LEVEL + 1) / (darkest + 1))
    factor = np.clip(NUCLEAR_DENSITY / max(density, 0.1), 0.5, 2.0)
    levels = np.arange(256)
    table = BACKGROUND_LEVEL * ((levels + 1) / (BACKGROUND_LEVEL + 1)) ** factor
    return np.asarray(cv2.LUT(crop, np.clip(np.rint(table), 0, 255).astype(np.uint8)), np.uint8)


def _smooth_field(view: View, rng: Generator) -> NDArray[np.float32]:
    coarse = rng.uniform(-1, 1, (5, 5)).astype(np.float32) * view.elastic_px
    return np.asarray(cv2.resize(coarse, (view.size,) * 2, interpolation=cv2.INTER_CUBIC))


def _shading(height: int, width: int, rng: Generator, strength: float) -> NDArray[np.float32]:
    """Return a smooth gain near 1, ``(height, width, 3)``: lamp, vignetting, colour shading."""
    common = rng.normal(0, 0.06 * strength, (2, 2, 1))
    tinted = rng.normal(0, 0.025 * strength, (2, 2, 3))
    level = rng.normal(0, 0.03 * strength, (1, 1, 3))
    corners = (1 + common + tinted + level).astype(np.float32)
    return np.asarray(cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR))


def _toned(density: NDArray[np.float32], power: float) -> NDArray[np.float32]:
    """Return densities raised to a power that leaves a middling stain's where it is."""
    relative = np.abs(density) / np.float32(_MIDDLING_DENSITY)
    toned = np.minimum(relative**power * np.float32(_MIDDLING_DENSITY), _BLACK)
    return np.asarray(np.sign(density) * toned, np.float32)


def _saturating(factor: float) -> NDArray[np.float64]:
    """Return the matrix that stretches densities from their grey, ``(3, 3)``."""
    grey = np.full((3, 3), 1 / 3)
    return np.asarray(grey + factor * (np.eye(3) - grey))
