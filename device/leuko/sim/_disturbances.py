"""What befalls a hand-held stage besides the wanted movement: shaking, creep and lost focus."""

import math

import numpy as np
from numpy.typing import NDArray

from leuko.sim._habits import HandHabits

_TREMOR_HZ = (6.0, 12.0)
"""Physiological tremor of a hand: Deuschl et al., Mov. Disord. 13 Suppl. 3:2, 1998."""
_CREEP_S = (25.0, 120.0)
_KNOCK_HZ = 14.0
_KNOCK_FADES_S = 0.12
_LOSING_S = 0.5
_NEVER_PERFECT_UM = 0.03
"""Blur of a focus that is as good as a hand turns it."""

Waves = NDArray[np.float64]
"""``(2, n, 3)``: amplitude, angular frequency and phase of n waves along each axis."""


class Disturbances:
    """Chance movements and blur as functions of time, for a path of known length."""

    def __init__(self, habits: HandHabits, seconds: float, rng: np.random.Generator) -> None:
        """Draw everything that will happen.

        Args:
            habits: how strong and how often.
            seconds: length of the path.
            rng: source of all chance.
        """
        self._tremor = _waves(habits.tremor_um, rng.uniform(*_TREMOR_HZ, (2, 5)), rng)
        self._creep = _waves(habits.drift_um, 1 / rng.uniform(*_CREEP_S, (2, 4)), rng)
        self._knocks = _moments(habits.knocks_per_min, seconds, rng)
        angles = rng.uniform(0, 2 * math.pi, len(self._knocks))
        strength = habits.knock_um * np.exp(rng.normal(0, 0.4, len(angles)))
        self._swings = np.stack((strength * np.cos(angles), strength * np.sin(angles)))
        self._blurs = _moments(habits.blurs_per_min, seconds, rng)
        self._depths = habits.blur_um * np.exp(rng.normal(0, 0.4, len(self._blurs)))
        self._held = rng.uniform(0, 0.6, len(self._blurs))
        self._refocus_s = max(habits.refocus_s, 1e-3)

    def offset_um(self, at_s: float) -> tuple[float, float]:
        """Return by how much the view is off its place along x and y, in µm."""
        moved = _sum_of(self._tremor, at_s) + _sum_of(self._creep, at_s)
        since = at_s - self._knocks
        recent = (since >= 0) & (since < 8 * _KNOCK_FADES_S)
        if recent.any():
            fading = np.exp(-since[recent] / _KNOCK_FADES_S)
            swing = fading * np.sin(2 * math.pi * _KNOCK_HZ * since[recent])
            moved = moved + self._swings[:, recent] @ swing
        return float(moved[0]), float(moved[1])

    def blur_um(self, at_s: float) -> float:
        """Return the standard deviation of the spread from lost focus, in µm."""
        since = at_s - self._blurs
        near = (since > 0) & (since < _LOSING_S + 0.6 + self._refocus_s)
        lost = _eased(since[near] / _LOSING_S)
        back = _eased((since[near] - _LOSING_S - self._held[near]) / self._refocus_s)
        return float(np.hypot(_NEVER_PERFECT_UM, np.sum(self._depths[near] * lost * (1 - back))))


def drops(share: float, frames: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which frames never arrive, in bursts of one to four.

    Args:
        share: of all frames, about.
        frames: how many there are.
        rng: source of all chance.
    """
    dropped = np.zeros(frames, np.bool_)
    starts = np.flatnonzero(rng.uniform(size=frames) < share / 2.5)
    for start, length in zip(starts, rng.integers(1, 5, len(starts)), strict=True):
        dropped[start : start + length] = True
    return dropped


def _waves(sigma: float, hertz: NDArray[np.float64], rng: np.random.Generator) -> Waves:
    strength = rng.uniform(0.5, 1, hertz.shape)
    strength *= sigma * math.sqrt(2) / np.sqrt(np.sum(strength**2, axis=1, keepdims=True))
    return np.stack((strength, 2 * math.pi * hertz, rng.uniform(0, 2 * math.pi, hertz.shape)), 2)


def _sum_of(waves: Waves, at_s: float) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = np.sum(
        waves[..., 0] * np.sin(waves[..., 1] * at_s + waves[..., 2]), axis=1
    )
    return moved


def _moments(per_min: float, seconds: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.sort(rng.uniform(0, seconds, rng.poisson(per_min * seconds / 60)))


def _eased(share: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.clip(share, 0, 1)
    return share**3 * (10 - 15 * share + 6 * share**2)
