"""The drawing plate: distances, grain and dots in micrometres, from which cells are drawn."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.sim._stain import Plane

PLATE_UM_PER_PX = 0.08
"""Scale at which single cells are drawn; below it no Romanowsky detail is resolved (λ/2NA)."""

Point = tuple[float, float]
"""``(x, y)`` in µm from the plate's centre."""


def smooth_step(value: Plane, low: float, high: float) -> Plane:
    """0 below ``low``, 1 above ``high``, without a kink between."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    step: Plane = t * t * (3 - 2 * t)
    return step


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A square of the slide on which one cell is drawn, its centre at 0, 0.

    Attributes:
        rng: source of every random choice of the cell.
        half_um: half the side, in µm.
        x: ``(n, n)`` float32, x of every pixel in µm.
        y: ``(n, n)`` float32, y of every pixel in µm.
    """

    rng: np.random.Generator
    half_um: float
    x: Plane
    y: Plane

    @classmethod
    def laid(cls, rng: np.random.Generator, *, half_um: float) -> "Plate":
        """An even plate, ``half_um`` to each side of its centre."""
        steps = round(half_um / PLATE_UM_PER_PX)
        axis = (np.arange(-steps, steps + 1) * PLATE_UM_PER_PX).astype(np.float32)
        return cls(rng, half_um, *np.meshgrid(axis, axis))

    def noise(self, grain_um: float) -> Plane:
        """Gaussian noise of unit variance whose grains are about ``grain_um`` wide."""
        size = self.x.shape[0]
        # Coarse grain is blurred small and enlarged: 4 times faster for the plates of monocytes.
        shrink = max(1.0, grain_um / 2 / PLATE_UM_PER_PX / 2)
        small = int(np.ceil(size / shrink)) + 1
        white = self.rng.standard_normal((small, small), dtype=np.float32)
        grain = cv2.GaussianBlur(white, (0, 0), grain_um / 2 / PLATE_UM_PER_PX / shrink)
        grain = cv2.resize(grain, (size, size), interpolation=cv2.INTER_CUBIC)
        return (grain / np.float32(grain.std() + 1e-6)).astype(np.float32)

    def blur(self, plane: Plane, sigma_um: float) -> Plane:
        """``plane`` after a Gaussian of ``sigma_um``."""
        return cv2.GaussianBlur(plane, (0, 0), sigma_um / PLATE_UM_PER_PX).astype(np.float32)

    def warped(self, amount_um: float, grain_um: float) -> "Plate":
        """The same plate with coordinates that wobble, so that shapes drawn on it are uneven."""
        amount = np.float32(amount_um)
        x = self.x + amount * self.noise(grain_um)
        return Plate(self.rng, self.half_um, x, self.y + amount * self.noise(grain_um))

    def blob(self, radius_um: float, *, unevenness: float, centre: Point = (0, 0)) -> Plane:
        """Depth in µm inside a smooth irregular disc of that mean radius; negative outside."""
        distance, angle = cv2.cartToPolar(
            self.x - np.float32(centre[0]), self.y - np.float32(centre[1])
        )
        outline = outline_radii(self.rng, unevenness=unevenness) * radius_um
        return at_angle(outline, np.asarray(angle, np.float32)) - distance

    def capsule(self, start: Point, end: Point, radius_um: float) -> Plane:
        """Depth in µm inside a rod with round ends; negative outside."""
        ax, ay = self.x - np.float32(start[0]), self.y - np.float32(start[1])
        bx, by = np.float32(end[0] - start[0]), np.float32(end[1] - start[1])
        length2 = max(float(bx * bx + by * by), 1e-6)
        along = np.clip((ax * bx + ay * by) / np.float32(length2), 0, 1)
        return np.float32(radius_um) - cv2.magnitude(ax - along * bx, ay - along * by)

    def dots(self, points: NDArray[np.float64], diameter_um: float) -> Plane:
        """Round grains of that diameter at ``(n, 2)`` points ``x, y`` in µm, 0 to 1, that merge."""
        impulses = np.zeros_like(self.x)
        size = impulses.shape[0]
        index = np.round((points + self.half_um) / PLATE_UM_PER_PX).astype(int)
        index = index[np.all((index >= 0) & (index < size), axis=1)]
        impulses[index[:, 1], index[:, 0]] = 1
        sigma = diameter_um / 2.4
        peak = 1 / (2 * np.pi * (sigma / PLATE_UM_PER_PX) ** 2)
        return smooth_step(self.blur(impulses, sigma) / np.float32(peak), 0.3, 0.75)

    def scattered(self, count: int, radius_um: float) -> NDArray[np.float64]:
        """``(count, 2)`` points spread evenly at random over a disc round the centre."""
        radius = radius_um * np.sqrt(self.rng.uniform(0, 1, count))
        angle = self.rng.uniform(0, 2 * np.pi, count)
        return np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))

    def packed(self, spacing_um: float, radius_um: float) -> NDArray[np.float64]:
        """``(n, 2)`` points packed like spheres in a bag, within a disc round the centre."""
        axis = np.arange(-radius_um, radius_um, spacing_um)
        x, y = np.meshgrid(axis, axis)
        x[1::2] += spacing_um / 2
        points = np.column_stack((x.ravel(), y.ravel()))
        points += self.rng.normal(0, spacing_um * 0.2, points.shape)
        packed: NDArray[np.float64] = points[np.hypot(points[:, 0], points[:, 1]) < radius_um]
        return packed


ANGLES = 512
"""Directions in which an outline is tabled; finer than the pixels along a red cell's edge."""


def outline_radii(
    rng: np.random.Generator, *, unevenness: float, spicules: int = 0
) -> NDArray[np.float32]:
    """Radius of a closed smooth outline per direction, equal in area to the unit disc.

    Args:
        rng: source of the shape.
        unevenness: standard deviation of the radius, as a share of it.
        spicules: points of a crenated cell; 0 for none.

    Returns:
        ``(ANGLES,)`` float32.
    """
    theta = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    radii = np.ones(ANGLES)
    for order in (2, 3, 4, 5):
        amount = rng.normal(0, unevenness) * (2.0 / order) ** 1.2
        radii += amount * np.cos(order * theta + rng.uniform(0, 2 * np.pi))
    if spicules:
        depth = rng.uniform(0.03, 0.06) * (1 + 0.4 * np.sin(theta + rng.uniform(0, 6)))
        radii += depth * np.cos(spicules * theta + np.sin(2 * theta))
    radii = np.maximum(radii, 0.5)
    outline: NDArray[np.float32] = (radii / np.sqrt(np.mean(radii**2))).astype(np.float32)
    return outline


def at_angle(radii: NDArray[np.float32], angle: Plane) -> Plane:
    """Radius of the outline in each direction ``angle``, in radians from 0 to 2π."""
    index = (angle * np.float32(ANGLES / (2 * np.pi))).astype(np.int32)
    return np.take(radii, index, mode="wrap")
