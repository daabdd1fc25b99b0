"""Whether what a camera gave is a fresh whole picture.

A sensor never gives the same picture twice: light itself is noisy. Drivers do: OpenCV may repeat
its last picture for ever after the plug was pulled (opencv/opencv issues 5221 and 14044).
"""

import time
from collections import deque

import numpy as np
from numpy.typing import NDArray

from leuko.cameras._base import Frame
from leuko.cameras._board import LARGEST_PICTURE
from leuko.cameras._found import Found
from leuko.cells import RGBImage

_STEP = 8
"""Every eighth row or column is enough to judge by; judging costs 3 ms at 1280 x 960."""
_ROW_STEP = 4
_REMEMBERED = 8
"""Pictures; more than the buffers that a V4L2 driver goes round in."""
_FLAT = 2
"""Grey levels between the darkest and the brightest pixel of what a decoder filled in."""
_WHITE = 250
_BLACK = 5
_FILLED = 1 / 16
"""Share of the rows that a decoder filled in, from which a picture is incomplete."""
_SEAM = 2.5
"""How many times its neighbours' step from row to row the step across a tear is.

Measured on 211 fields of four public data sets: at most 1.7 in sound ones; at least 2.8 where two
fields meet in one picture, with noise of four grey levels and JPEG compression on top.
"""
_QUIET = 2.0
"""Four times half a grey level: what noise there always is, even in a picture without any."""
_NOISE, _NOISE_LEVELS = 0.6, 30.0
"""Mean step from pixel to pixel, in standard deviations of the picture, from which it is noise.

Random bytes have 1.15 and 74 grey levels; optics blur a specimen over several pixels, and sensor
noise of 30 levels would leave no picture at all.
"""
_TEXTURE = 4 * (_FLAT + 1)
_NEAR_SEAM = 5
"""Rows; sharp edges in the specimen are blurred by the optics over as many."""


class Judge:
    """Finds what is wrong with the pictures of one camera, one after the other."""

    def __init__(self, found: Found, *, stale_s: float) -> None:
        """Expect pictures as the camera was opened for.

        Args:
            found: how it was opened.
            stale_s: age from which a picture is no longer wanted.
        """
        self._found = found
        self._stale_s = stale_s
        self._seen: deque[int] = deque(maxlen=_REMEMBERED)
        self._usual_border: int | None = None

    def flaw_of(self, frame: Frame) -> str:
        """Return what is wrong with the next picture and what to do about it; empty if it is sound.

        A recording is judged by its size alone: it may well repeat itself, and the reader of its
        files notices the broken ones.
        """
        rgb = frame.rgb
        flaw = self._size_flaw(rgb)
        if flaw or self._found.is_recording:
            return flaw
        if time.monotonic() - frame.captured_s > self._stale_s:
            return "gives old pictures; choose a smaller size or fewer pictures a second"
        return _flat_flaw(rgb) or _noise_flaw(rgb) or self._torn_flaw(rgb) or self._repeat_flaw(rgb)

    def _size_flaw(self, rgb: RGBImage) -> str:
        found = self._found
        if rgb.dtype != np.uint8 or rgb.shape != (found.height, found.width, 3):
            size = f"{rgb.shape[1]} x {rgb.shape[0]}" if rgb.ndim >= 2 else f"{rgb.size} bytes"
            return (
                f"gives {size} pixels instead of {found.width} x {found.height}; "
                "choose a size it has"
            )
        if rgb.nbytes > LARGEST_PICTURE:
            return f"gives {rgb.nbytes // 3_000_000} megapixels; choose a smaller size"
        return ""

    def _torn_flaw(self, rgb: RGBImage) -> str:
        border = _filled_rows(rgb)
        usual = border if self._usual_border is None else self._usual_border
        if border > rgb.shape[0] / 2 or border - usual > _FILLED * rgb.shape[0]:
            return "gives half pictures; check its cable"
        # A stop in the optics leaves as many black rows in every picture.
        self._usual_border = min(border, usual)
        return "gives torn pictures; check its cable" if _has_seam(rgb) else ""

    def _repeat_flaw(self, rgb: RGBImage) -> str:
        digest = hash(rgb[::_STEP].tobytes())
        if digest in self._seen:
            return "repeats its last picture; check its cable"
        self._seen.append(digest)
        return ""


def _flat_flaw(rgb: RGBImage) -> str:
    sample = rgb[:: 2 * _STEP, :: 2 * _STEP]
    darkest, brightest = sample.min(axis=(0, 1)), sample.max(axis=(0, 1))
    if int((brightest - darkest).max()) > _FLAT:
        return ""
    if brightest.max() <= _BLACK:
        return "gives black pictures; switch the lamp on or check its cable"
    if darkest.min() >= _WHITE:
        return "gives white pictures; turn the lamp down"
    return "gives one flat colour; check its cable"


def _noise_flaw(rgb: RGBImage) -> str:
    green = rgb[:: 2 * _STEP, :, 1].astype(np.int16)
    levels = float(green.std())
    is_noise = levels > _NOISE_LEVELS and np.abs(np.diff(green)).mean() > _NOISE * levels
    return "gives noise; check its cable" if is_noise else ""


def _filled_rows(rgb: RGBImage) -> int:
    """Return how many rows at the bottom hold nothing, as a decoder leaves what never came."""
    if not _is_filled(rgb[-1:, :: 2 * _STEP])[0]:
        return 0
    is_filled = _is_filled(rgb[::-_ROW_STEP, :: 2 * _STEP])
    return _ROW_STEP * int(np.argmin(np.append(is_filled, False)))


def _is_filled(rows: NDArray[np.uint8]) -> NDArray[np.bool_]:
    lowest = rows.min(axis=1)
    is_flat = (rows.max(axis=1) - lowest <= _FLAT).all(axis=1)
    # An overexposed row is flat too, and the lamp's fault; no decoder fills in white.
    return np.asarray(is_flat & (lowest < _WHITE).any(axis=1))


def _has_seam(rgb: RGBImage) -> bool:
    """Return whether one row does not go with the next, while all around it do."""
    # Four columns together have half the noise of one.
    columns = rgb.shape[1] - 3
    green = rgb[:, 0:columns:_STEP, 1].astype(np.int16)
    for column in range(1, 4):
        green += rgb[:, column : columns + column : _STEP, 1]
    steps = np.abs(np.diff(green, axis=0)).mean(axis=1)
    if len(steps) <= 2 * _NEAR_SEAM:
        return False
    windows = np.lib.stride_tricks.sliding_window_view(steps, 2 * _NEAR_SEAM + 1)
    middle = windows[:, _NEAR_SEAM]
    around = np.delete(windows, _NEAR_SEAM, axis=1).max(axis=1)
    seams = np.flatnonzero(middle > _SEAM * (around + _QUIET)) + _NEAR_SEAM
    # Where one side is flat the field of view ends, or a half picture, which is judged elsewhere.
    return any((np.ptp(green[[row, row + 1]], axis=1) > _TEXTURE).all() for row in seams)
