"""The scale of a camera from a stage micrometer: ruled lines a known distance apart, at any angle.

The lines are the strongest wave in the picture. Its phase, followed over the whole view, gives
their distance to a small share of a pixel (Takeda et al., J. Opt. Soc. Am. 72:156, 1982), however
blurred or noisy each single line is.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.errors import ScaleError

Floats = NDArray[np.float32]
Complex = NDArray[np.complex64]

_SIDE = 1024
"""Pixels of the middle that are looked at; more lines change nothing but time."""
_FEWEST_LINES = 5.0
_FINEST_PX = 4.0
_GRID = 16
"""Rows and columns of places at which the phase is read."""
_COARSE_PX = 6.0
"""Standard deviation of a smoothing, in pixels of the shrunk picture that it is done in."""
_MOST_UNREST = 0.6
"""Phase in radians by which the places may differ from straight, evenly ruled lines."""
_LEAST_SHARE = 0.25
"""Share of the picture's variance that lies across the lines; among cells it stays below 0.2."""
_BINS = 32
_SUB_HARMONIC = 0.35
"""Strength of a wave two or three times as long from which that one is the lines' distance."""
_FLOOR_PERCENT = 0.05
_NO_LINES = (
    "there are no evenly ruled lines in the picture; focus on a stage micrometer so that five "
    "lines or more cross the middle of the view"
)


@dataclass(frozen=True, slots=True)
class RulerReading:
    """Ruled lines as one picture shows them.

    Attributes:
        period_px: distance from line to line, in pixels across them.
        angle_deg: direction of the lines, counter-clockwise from the rows, 0 to 180.
        lines: how many were looked at.
        within_percent: by how much the distance may be off, two standard errors.
    """

    period_px: float
    angle_deg: float
    lines: int
    within_percent: float


def read_ruler(rgb: RGBImage) -> RulerReading:
    """Return the distance of the lines of a stage micrometer.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB; lines of one direction fill most of its middle.

    Raises:
        ScaleError: there are no lines, fewer than five, or they are too fine.
    """
    grey = _middle(np.ascontiguousarray(rgb[..., 1]))
    even = _without_light(grey)
    coarse = _strongest_wave(even)
    if not coarse.any():
        raise ScaleError(_NO_LINES)
    wave, unrest, error = _refined(even, coarse)
    length = float(np.hypot(*wave))
    lines = int(np.abs(wave) @ even.shape)
    if unrest > _MOST_UNREST or lines < _FEWEST_LINES:
        raise ScaleError(_NO_LINES)
    return RulerReading(
        period_px=1 / length,
        angle_deg=math.degrees(math.atan2(wave[1], wave[0])) % 180,
        lines=lines,
        within_percent=max(_FLOOR_PERCENT, 200 * error / length),
    )


def _middle(grey: NDArray[np.uint8]) -> Floats:
    height, width = grey.shape
    top, left = max(0, height - _SIDE) // 2, max(0, width - _SIDE) // 2
    return grey[top : top + _SIDE, left : left + _SIDE].astype(np.float32)


def _without_light(grey: Floats) -> Floats:
    light = _smooth(grey, min(grey.shape) / 8)
    size = (grey.shape[1], grey.shape[0])
    return np.asarray(grey - cv2.resize(light, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _strongest_wave(even: Floats) -> NDArray[np.float64]:
    """Return the wave of the lines in cycles a pixel, ``(row, column)``."""
    window = np.outer(np.hanning(even.shape[0]), np.hanning(even.shape[1]))
    strength = np.abs(np.fft.rfft2(even * window))
    rows, columns = np.fft.fftfreq(even.shape[0]), np.fft.rfftfreq(even.shape[1])
    length = np.hypot(rows[:, None], columns[None])
    least = (_FEWEST_LINES - 1) / min(even.shape)
    strength[(length < least) | (length > 1 / _FINEST_PX)] = 0
    row, column = _at_largest(strength)
    for part in (3, 2):
        # Broad lines with bright rims can have a stronger overtone than fundamental.
        r, c = round(_signed(row, even.shape[0]) / part), round(column / part)
        near = strength[r - 1 : r + 2] if r > 0 else np.roll(strength, 1 - r, axis=0)[:3]
        near = near[:, max(c - 1, 0) : c + 2]
        if near.max() > _SUB_HARMONIC * strength[row, column]:
            down, across = _at_largest(near)
            row, column = r - 1 + down, max(c - 1, 0) + across
            break
    return np.array([rows[row], columns[column]])


def _at_largest(plane: NDArray[np.float64]) -> tuple[int, int]:
    row, column = divmod(int(np.argmax(plane)), plane.shape[1])
    return row, column


def _signed(index: int, count: int) -> int:
    return index - count if index > count // 2 else index


def _refined(even: Floats, wave: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """Return the wave, the unrest of its phase in radians, and the error of its length."""
    for _ in range(2):
        phasors, at_row, at_column = _phasors(even, wave)
        steps = np.array([
            np.angle(np.vdot(phasors[:-1], phasors[1:])) / (at_row[1] - at_row[0]),
            np.angle(np.vdot(phasors[:, :-1], phasors[:, 1:])) / (at_column[1] - at_column[0]),
        ])
        wave = wave + steps / (2 * np.pi)
    phasors, at_row, at_column = _phasors(even, wave)
    if _share_across(even, wave) < _LEAST_SHARE:
        return wave, math.inf, 0.0
    return _fitted_plane(phasors, at_row, at_column, wave)


def _fitted_plane(
    phasors: Complex, at_row: Floats, at_column: Floats, wave: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float]:
    phase = np.angle(phasors * np.conj(phasors.sum())).ravel().astype(np.float64)
    weight = np.abs(phasors).ravel().astype(np.float64)
    weight /= weight.sum()
    places = np.stack([p.ravel() for p in np.meshgrid(at_row, at_column, indexing="ij")], axis=1)
    design = np.column_stack([np.ones(len(phase)), places - weight @ places])
    normal = design.T @ (design * weight[:, None])
    slopes = np.linalg.solve(normal, design.T @ (phase * weight))
    unrest = float(np.sqrt(weight @ (phase - design @ slopes) ** 2))
    wave = wave + slopes[1:] / (2 * np.pi)
    direction = wave / np.hypot(*wave)
    variance = direction @ np.linalg.inv(normal)[1:, 1:] @ direction
    # Neighbouring places share pixels: one in nine is on its own.
    error = unrest / (2 * np.pi) * math.sqrt(float(variance) / (len(phase) / 9))
    return wave, unrest, error


def _share_across(even: Floats, wave: NDArray[np.float64]) -> float:
    """Return the share of the picture's variance that a profile across the wave explains."""
    rows, columns = (np.arange(length, dtype=np.float32) for length in even.shape)
    phase = np.add.outer(wave[0] * rows, wave[1] * columns) % 1.0
    place = np.minimum((phase * _BINS).astype(np.intp), _BINS - 1).ravel()
    count = np.maximum(np.bincount(place, minlength=_BINS), 1)
    profile = np.bincount(place, weights=even.ravel(), minlength=_BINS) / count
    explained = float(count @ (profile - even.mean()) ** 2) / even.size
    return explained / max(float(even.var()), 1e-9)


def _phasors(even: Floats, wave: NDArray[np.float64]) -> tuple[Complex, Floats, Floats]:
    """Return strength and phase of the wave at places of the picture, and their coordinates."""
    height, width = even.shape
    down = np.exp(-2j * np.pi * wave[0] * np.arange(height))
    across = np.exp(-2j * np.pi * wave[1] * np.arange(width))
    turned = even * np.outer(down, across).astype(np.complex64)
    spread = max(min(even.shape) / _GRID, 0.8 / float(np.hypot(*wave)))
    real, imaginary = (_smooth(part, spread) for part in (turned.real, turned.imag))
    rows, columns = (
        ((np.arange(_GRID) + 0.5) * length / _GRID).astype(int) for length in real.shape
    )
    chosen = np.ix_(rows, columns)
    phasors = (real[chosen] + 1j * imaginary[chosen]).astype(np.complex64)
    at_row, at_column = (
        ((at + 0.5) * whole / length - 0.5).astype(np.float32)
        for at, whole, length in zip((rows, columns), even.shape, real.shape, strict=True)
    )
    return phasors, at_row, at_column


def _smooth(plane: Floats, spread: float) -> Floats:
    """Return a plane smoothed and shrunk: what is that smooth needs no more pixels."""
    shrink = max(1.0, spread / _COARSE_PX)
    size = (round(plane.shape[1] / shrink), round(plane.shape[0] / shrink))
    small = cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small, (0, 0), spread / shrink, borderType=cv2.BORDER_REFLECT)
    return np.asarray(smooth, np.float32)
