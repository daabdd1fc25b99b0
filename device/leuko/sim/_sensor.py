"""What a microscope's camera makes of the slide: blur, shading, flicker and noise.

Costs on one core at 1280 x 960, in ms: subpixel shift 4, each halving of a smear by motion 1.3,
lost focus 5 to 9, shading 1.5, noise 1.7.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.sim._hand import Look

_NOISE_LEVELS = 1.6
"""Grey levels, one sigma. The tone curve, near a square root, makes shot noise even."""
_NOISE_ROOM_PX = 128
"""By how much the sheet of noise is larger than a frame; that squared is how many there are."""
_FLICKER = 0.004
_VIGNETTING = 0.06
_SPECKS = 6
_LEAST_BLUR_PX = 0.4
_HALVED_FROM_PX = 2.0
"""A spread this wide loses nothing at half the size, at a third of the cost."""

_TONE = 1 / 2.2
"""Power of the tone curve between light and levels (IEC 61966-2-1, nearly)."""

Window = tuple[int, int, int, int]
"""x, y, width and height in pixels of the slide."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How much light the levels stand for, as shares of what the slide is drawn for.

    Attributes:
        light: of red, green and blue that is counted.
        gain: by which the signal, and its noise, is amplified.
    """

    light: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gain: float = 1.0


class Sensor:
    """A camera of fixed size with its lamp, its dust and its noise."""

    def __init__(self, width: int, height: int, *, seed: int) -> None:
        """Draw what stays the same from frame to frame.

        Args:
            width: columns of a frame.
            height: rows of a frame.
            seed: source of all chance.
        """
        self._size = (width, height)
        self._seed = seed
        rng = np.random.default_rng((seed, 0x5E45))
        self._shading = _shading(width, height, rng)
        self._grain = _grain(height + _NOISE_ROOM_PX, width + _NOISE_ROOM_PX, rng)
        self._tones: NDArray[np.uint8] | None = None
        self._tuning = Tuning()
        self._set_noise(1.0)

    def tune(self, tuning: Tuning) -> None:
        """Have later frames show another exposure, other gains or another lamp."""
        if tuning == self._tuning:
            return
        self._tuning = tuning
        factors = np.power(np.array(tuning.light) * tuning.gain, _TONE)
        levels = np.arange(256)[:, None] * factors[None, :]
        table = np.clip(np.rint(levels), 0, 255).astype(np.uint8).reshape(256, 1, 3)
        self._tones = None if np.allclose(factors, 1) else table
        self._set_noise(math.sqrt(tuning.gain))

    def _set_noise(self, factor: float) -> None:
        sheet = np.rint(self._grain * np.float32(factor))
        # Two sheets of bytes are added and taken away in a third of the time of a signed one.
        self._above = np.maximum(sheet, 0).astype(np.uint8)
        self._below = np.maximum(-sheet, 0).astype(np.uint8)

    def window(self, look: Look) -> Window:
        """Return what part of the slide a frame is made of; more than a frame where it moves."""
        (left, top), _, (across, down) = self._placed(look)
        return left, top, self._size[0] + across + 1, self._size[1] + down + 1

    def expose(self, scene: RGBImage, look: Look) -> RGBImage:
        """Return the frame, a new array.

        Args:
            scene: what lies in the look's `window`.
            look: where the view is and how it moves.
        """
        _, (right, below), _ = self._placed(look)
        smeared = scene
        for dx, dy in _halvings(look.dx_px, look.dy_px, self._size):
            smeared = _averaged(smeared, dx, dy)
        kernel = np.outer((1 - below, below), (1 - right, right)).astype(np.float32)
        placed = np.asarray(cv2.filter2D(smeared, -1, kernel, anchor=(0, 0)), np.uint8)[:-1, :-1]
        rng = np.random.default_rng((self._seed, look.number))
        lamp = (1 + _FLICKER * float(np.clip(rng.normal(), -2, 2))) / 255
        lit = cv2.multiply(_defocused(placed, look.defocus_px), self._shading, scale=lamp)
        seen = lit if self._tones is None else cv2.LUT(lit, self._tones)
        return self._with_noise(np.asarray(seen, np.uint8), rng)

    def _placed(self, look: Look) -> tuple[tuple[int, int], tuple[float, float], tuple[int, int]]:
        """Corner of the window, its rest to the exact place, and what motion adds to its size."""
        steps = list(_halvings(look.dx_px, look.dy_px, self._size))
        dx, dy = sum(step[0] for step in steps), sum(step[1] for step in steps)
        x, y = look.x_px - abs(dx) / 2, look.y_px - abs(dy) / 2
        left, top = math.floor(x), math.floor(y)
        return (left, top), (x - left, y - top), (abs(dx), abs(dy))

    def _with_noise(self, frame: NDArray[np.uint8], rng: np.random.Generator) -> RGBImage:
        y, x, sign = rng.integers((_NOISE_ROOM_PX, _NOISE_ROOM_PX, 2)).tolist()
        part = np.s_[y : y + self._size[1], x : x + self._size[0]]
        more, less = (self._above, self._below) if sign else (self._below, self._above)
        noisy = cv2.add(frame, more[part], dst=frame)
        return np.asarray(cv2.subtract(noisy, less[part], dst=noisy), np.uint8)


def _halvings(dx_px: float, dy_px: float, size: tuple[int, int]) -> list[tuple[int, int]]:
    """Shifts whose repeated averages smear a picture evenly along its motion."""
    longest = max(abs(dx_px), abs(dy_px), 1e-9)
    shrink = min(1.0, min(size) / 2 / longest)
    steps = []
    dx, dy = dx_px * shrink / 2, dy_px * shrink / 2
    while max(abs(dx), abs(dy)) >= 0.75:
        steps.append((round(dx), round(dy)))
        dx, dy = dx / 2, dy / 2
    return steps


def _averaged(picture: NDArray[np.uint8], dx: int, dy: int) -> NDArray[np.uint8]:
    height, width = picture.shape[0] - abs(dy), picture.shape[1] - abs(dx)
    first = picture[max(-dy, 0) :, max(-dx, 0) :][:height, :width]
    second = picture[max(dy, 0) :, max(dx, 0) :][:height, :width]
    return np.asarray(cv2.addWeighted(first, 0.5, second, 0.5, 0), np.uint8)


def _defocused(picture: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    if sigma < _LEAST_BLUR_PX:
        return picture
    if sigma < _HALVED_FROM_PX:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    height, width = picture.shape[:2]
    half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    soft = _defocused(np.asarray(half, np.uint8), sigma / 2)
    # The same on every processor, as in `leuko.vision.preprocess`.
    size, exact = (width, height), cv2.INTER_LINEAR_EXACT
    return np.asarray(cv2.resize(soft, size, interpolation=exact), np.uint8)


def _shading(width: int, height: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Share of the light at each pixel, 255 is all: the lamp's falling off, and dust."""
    # Nothing in it is finer than four pixels.
    y, x = np.ogrid[-1 : 1 : (height // 4 + 1) * 1j, -1 : 1 : (width // 4 + 1) * 1j]
    light = 1 - _VIGNETTING * ((x - rng.normal(0, 0.1)) ** 2 + (y - rng.normal(0, 0.1)) ** 2) / 2
    for _ in range(_SPECKS):
        middle, radius = rng.uniform(-1, 1, 2), rng.uniform(0.012, 0.04)
        distance = np.hypot(x - middle[0], (y - middle[1]) * height / width) / radius
        light *= 1 - rng.uniform(0.02, 0.06) * np.exp(-(distance**4))
    shading = cv2.resize(255 * light, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.repeat(np.round(shading).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def _grain(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise as a colour filter array leaves it: neighbours and colours are a little alike."""
    white = rng.standard_normal((height, width, 3), dtype=np.float32)
    alike = cv2.GaussianBlur(white, (3, 3), 0.6)
    alike += 0.5 * alike.mean(axis=2, keepdims=True)
    return np.round(alike * np.float32(_NOISE_LEVELS / alike.std())).astype(np.float32)
