"""Pictures as another lamp, lens, camera or stain might have made them, each in one way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.vision.preprocess import background_colour
from leuko_training.images import to_bytes

_SEED = 1
"""Of the noise."""

Alter = Callable[[RGBImage, float], RGBImage]
"""Takes ``(height, width, 3)`` uint8, RGB, and its scale in µm per pixel; gives one of its size."""

_Colours = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which pictures differ from those that were taken.

    Attributes:
        words: what is different.
        alter: makes it so.
        how: that in figures; empty where the words say it.
        misjudged: how much larger than it is the scale is said to be.
    """

    words: str
    alter: Alter
    how: str = ""
    misjudged: float = 1.0


def _as_it_is(rgb: RGBImage, _um_per_px: float) -> RGBImage:
    return rgb


def _lit(*gains: float, stray: float = 0.0) -> Alter:
    """Light with other shares of red, green and blue, and some that passes by the smear."""
    return lambda rgb, _: to_bytes(rgb * np.array(gains, np.float32) + np.float32(stray))


def _with_gamma(power: float) -> Alter:
    return lambda rgb, _: to_bytes(255 * (rgb / np.float32(255)) ** np.float32(power))


def _coloured(factor: float) -> Alter:
    """Colours further from grey, or closer to it."""

    def alter(rgb: RGBImage, _um_per_px: float) -> RGBImage:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
        return to_bytes(grey + factor * (rgb - grey))

    return alter


def _stained(*factors: float) -> Alter:
    """Optical densities of red, green and blue times these: dyes add up in them (Beer-Lambert)."""
    return _with_densities(lambda density: density * np.array(factors, np.float32))


def _turned(degrees: float) -> Alter:
    """Hues turned: densities about their grey (Rodrigues' formula)."""
    angle, axis = np.deg2rad(degrees), np.full(3, 3**-0.5)
    cross = np.cross(np.eye(3), axis)
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return _with_densities(lambda density: density @ turn.astype(np.float32))


def _with_densities(changed: Callable[[_Colours], _Colours]) -> Alter:
    def alter(rgb: RGBImage, _um_per_px: float) -> RGBImage:
        background = background_colour(rgb).astype(np.float32) + 1
        density = -np.log((rgb.astype(np.float32) + 1) / background)
        return to_bytes(background * np.exp(-changed(density)) - 1)

    return alter


def _blurred(sigma_um: float) -> Alter:
    return lambda rgb, um_per_px: _soft(rgb, sigma_um / um_per_px)


def _sharpened(amount: float, sigma_um: float) -> Alter:
    """An unsharp mask, as cameras put over their pictures."""

    def alter(rgb: RGBImage, um_per_px: float) -> RGBImage:
        soft = _soft(rgb, sigma_um / um_per_px).astype(np.float32)
        return to_bytes(rgb + amount * (rgb - soft))

    return alter


def _coarse(um_per_px: float) -> Alter:
    """A camera with larger pixels; nothing changes where they are as large already."""

    def alter(rgb: RGBImage, own: float) -> RGBImage:
        if own >= um_per_px:
            return rgb
        size = rgb.shape[1], rgb.shape[0]
        few = max(1, round(size[0] * own / um_per_px)), max(1, round(size[1] * own / um_per_px))
        shrunk = cv2.resize(rgb, few, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(shrunk, size, interpolation=cv2.INTER_LINEAR), np.uint8)

    return alter


def _noisy(deviation: float) -> Alter:
    def alter(rgb: RGBImage, _um_per_px: float) -> RGBImage:
        noise = np.random.default_rng(_SEED).normal(0, deviation, rgb.shape)
        return to_bytes(rgb + noise)

    return alter


def _coded(quality: int) -> Alter:
    def alter(rgb: RGBImage, _um_per_px: float) -> RGBImage:
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB), np.uint8)

    return alter


def _vignetted(*losses: float) -> Alter:
    """Corners that have lost so much of red, green and blue."""

    def alter(rgb: RGBImage, _um_per_px: float) -> RGBImage:
        rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in rgb.shape[:2])
        away = (rows[:, None] ** 2 + columns[None] ** 2) / 2
        return to_bytes(rgb * (1 - away[..., None] * np.array(losses, np.float32)))

    return alter


def _fringed(shift_um: float) -> Alter:
    """Red and blue shifted apart, as towards the edge of a lens that does not correct colour."""

    def alter(rgb: RGBImage, um_per_px: float) -> RGBImage:
        shifted, size = rgb.copy(), (rgb.shape[1], rgb.shape[0])
        for channel, way in ((0, 1), (2, -1)):
            move = np.array([[1, 0, way * shift_um / um_per_px], [0, 1, 0]], np.float32)
            shifted[..., channel] = cv2.warpAffine(
                rgb[..., channel], move, size, borderMode=cv2.BORDER_REFLECT
            )
        return shifted

    return alter


def _soft(rgb: RGBImage, sigma_px: float) -> RGBImage:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma_px), np.uint8)


CHANGES: Sequence[Change] = (
    Change("as it is", _as_it_is),
    Change("warm lamp", _lit(1.1, 0.95, 0.65), how="red, green and blue times 1.1, 0.95 and 0.65"),
    Change("cold lamp", _lit(0.7, 0.9, 1.1), how="red, green and blue times 0.7, 0.9 and 1.1"),
    Change("half the light", _lit(0.5), how="all levels times 0.5"),
    Change("a quarter more light, clipped", _lit(1.25), how="all levels times 1.25, 255 at most"),
    Change("stray light", _lit(0.65, stray=70), how="all levels times 0.65, and 70 more"),
    Change("gamma 1.5", _with_gamma(1.5), how="levels, of 255, to the power of 1.5"),
    Change("gamma 0.65", _with_gamma(0.65), how="levels, of 255, to the power of 0.65"),
    Change("half the colour", _coloured(0.5), how="half as far from grey"),
    Change("half as much colour again", _coloured(1.5), how="1.5 times as far from grey"),
    Change("stain at 60 %", _stained(0.6), how="optical densities times 0.6"),
    Change("stain at 150 %", _stained(1.5), how="optical densities times 1.5"),
    Change(
        "redder stain",
        _stained(0.75, 1.1, 1.15),
        how="optical densities of red, green and blue times 0.75, 1.1 and 1.15",
    ),
    Change(
        "bluer stain",
        _stained(1.3, 1.0, 0.75),
        how="optical densities of red, green and blue times 1.3, 1 and 0.75",
    ),
    Change("hues turned by 20°", _turned(20), how="optical densities turned about their grey"),
    Change("hues turned by -20°", _turned(-20), how="the same, the other way"),
    Change("out of focus, 0.3 µm", _blurred(0.3), how="a Gaussian of that standard deviation"),
    Change("out of focus, 0.5 µm", _blurred(0.5), how="a Gaussian of that standard deviation"),
    Change(
        "sharpened by the camera",
        _sharpened(1.5, 0.25),
        how="1.5 times what a Gaussian of 0.25 µm takes away, added",
    ),
    Change(
        "pixels of 0.3 µm", _coarse(0.3), how="averaged over such pixels, and as large as before"
    ),
    Change("noise of 12 levels", _noisy(12), how="its standard deviation, white"),
    Change("JPEG quality 25", _coded(25)),
    Change(
        "dark, tinted corners",
        _vignetted(0.35, 0.55, 0.45),
        how="35 % of red, 55 % of green and 45 % of blue lost in the corners",
    ),
    Change(
        "colour fringes of 0.15 µm",
        _fringed(0.15),
        how="red moved so far to the right, blue to the left",
    ),
    Change("scale said to be 12 % larger", _as_it_is, misjudged=1.12),
    Change("scale said to be 11 % smaller", _as_it_is, misjudged=1 / 1.12),
)
"""What is tried, each alone; the first is nothing."""
