"""Slow changes over the slide: thickness of the film and its height in the focus."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.sim._stain import Plane

_WAVES = 7
_COARSE_PX = 24


@dataclass(frozen=True, slots=True, eq=False)
class SlowField:
    """A smooth random landscape over the whole slide, fixed to the slide.

    Attributes:
        waves: ``(n, 3)`` float64: x and y wave number in radians per µm, and phase.
    """

    waves: NDArray[np.float64]

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, shortest_um: float) -> "SlowField":
        """A landscape whose hills are ``shortest_um`` wide or wider."""
        length = shortest_um * np.exp(rng.uniform(0, 1.4, _WAVES))
        angle = rng.uniform(0, 2 * np.pi, _WAVES)
        number = 2 * np.pi / length
        phase = rng.uniform(0, 2 * np.pi, _WAVES)
        return cls(np.column_stack((number * np.cos(angle), number * np.sin(angle), phase)))

    def at(self, x_um: NDArray[np.float64], y_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height, mean 0 and standard deviation 1, at places of one common shape."""
        waves = self.waves.T[..., np.newaxis, np.newaxis]
        total = np.sin(waves[0] * x_um + waves[1] * y_um + waves[2]).sum(axis=0)
        return np.asarray(total * np.sqrt(2 / _WAVES))


@dataclass(frozen=True, slots=True)
class View:
    """What the camera sees of the slide.

    Attributes:
        x_um: left edge on the slide.
        y_um: upper edge on the slide.
        width_px: columns.
        height_px: rows.
        um_per_px: scale.
    """

    x_um: float
    y_um: float
    width_px: int
    height_px: int
    um_per_px: float

    def shows(self, x_um: float, y_um: float, reach_um: float) -> bool:
        """Whether anything within ``reach_um`` of a place can lie in the view."""
        return (
            -reach_um <= x_um - self.x_um <= self.width_px * self.um_per_px + reach_um
            and -reach_um <= y_um - self.y_um <= self.height_px * self.um_per_px + reach_um
        )

    def slow(self, field: SlowField) -> Plane:
        """The field over the view, ``(height, width)`` float32."""
        # Sampled at pixel centres of a small grid: the hills are hundreds of pixels wide.
        columns = max(2, self.width_px // _COARSE_PX)
        rows = max(2, self.height_px // _COARSE_PX)
        x = self.x_um + (np.arange(columns) + 0.5) * (self.width_px * self.um_per_px / columns)
        y = self.y_um + (np.arange(rows) + 0.5) * (self.height_px * self.um_per_px / rows)
        grid = field.at(*np.meshgrid(x, y)).astype(np.float32)
        size = (self.width_px, self.height_px)
        return cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
