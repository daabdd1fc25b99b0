"""Nuclei: the shape of the lobes and the texture of the chromatin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.sim._stain import Plane
from leuko.sim._texture import Plate, Point, smooth_step


@dataclass(frozen=True, slots=True)
class Chromatin:
    """How the inside of a nucleus looks.

    Attributes:
        density: amount of stain in the chromatin.
        contrast: how much paler the gaps between the clumps are, 0 to 1.
        clump_um: width of a clump in µm.
        openness: share of the area that is gap, 0 to 1.
        rim: extra stain along the nuclear membrane.
    """

    density: float
    contrast: float
    clump_um: float
    openness: float
    rim: float = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Nucleus:
    """A drawn nucleus.

    Attributes:
        cover: ``(n, n)`` float32, 0 to 1, where the nucleus is.
        density: ``(n, n)`` float32, stain of its chromatin, 0 outside.
    """

    cover: Plane
    density: Plane


def painted(plate: Plate, lobes: Sequence[Plane], chromatin: Chromatin) -> Nucleus:
    """The lobes one over the other, each with its own membrane, filled with chromatin.

    Args:
        plate: where to draw.
        lobes: depth in µm inside each lobe, the lowest first.
        chromatin: the texture.

    Returns:
        The nucleus.
    """
    cover = np.zeros_like(plate.x)
    rim = np.zeros_like(plate.x)
    for depth in lobes:
        inside = smooth_step(depth, -0.12, 0.12)
        edge = np.exp(-np.maximum(depth, 0) / np.float32(0.3))
        rim = rim * (1 - inside) + edge * inside
        cover = np.maximum(cover, inside)
    body = _clumps(plate, chromatin) + np.float32(chromatin.rim) * rim
    return Nucleus(cover, np.float32(chromatin.density) * body * cover)


def _clumps(plate: Plate, chromatin: Chromatin) -> Plane:
    coarse = plate.noise(chromatin.clump_um)
    fine = plate.noise(chromatin.clump_um * 0.45)
    mixed = (coarse + np.float32(0.6) * fine) / np.float32(1.17)
    threshold = float(np.quantile(mixed, chromatin.openness))
    clump = smooth_step(mixed, threshold - 0.75, threshold + 0.75)
    body = 1 - np.float32(chromatin.contrast) * (1 - clump)
    return body + np.float32(0.05) * fine


def segmented(plate: Plate, radius_um: float, *, lobes: int) -> list[Plane]:
    """Lobes on a bent string joined by thin filaments, as in a granulocyte.

    Args:
        plate: where to draw; its ``rng`` decides the shape.
        radius_um: radius of the cell.
        lobes: how many, 1 for a band.

    Returns:
        Depths in µm, filaments first.
    """
    uneven = plate.warped(0.14, 1.6)
    if lobes == 1:
        return [_band(uneven, radius_um)]
    centres = _string(plate.rng, radius_um, lobes)
    tangents = np.gradient(centres, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True) + 1e-9
    size = radius_um * {2: 0.33, 3: 0.285, 4: 0.25, 5: 0.225}[lobes]
    shapes = [
        uneven.capsule(_point(a), _point(b), plate.rng.uniform(0.2, 0.5))
        for a, b in zip(centres[:-1], centres[1:], strict=True)
    ]
    for centre, tangent in zip(centres, tangents, strict=True):
        turned = _turned(tangent, plate.rng.normal(0, 0.45))
        shapes.append(_lobe(uneven, centre, turned, size))
    return shapes


def _lobe(
    plate: Plate, centre: NDArray[np.float64], along: NDArray[np.float64], size_um: float
) -> Plane:
    reach = along * size_um * plate.rng.uniform(0.15, 0.75)
    width = size_um * plate.rng.uniform(0.86, 1.1)
    taper = width * plate.rng.uniform(0.8, 1.0)
    half = plate.capsule(_point(centre - reach), _point(centre), width)
    return np.maximum(half, plate.capsule(_point(centre), _point(centre + reach), taper))


def _string(rng: np.random.Generator, radius_um: float, lobes: int) -> NDArray[np.float64]:
    """Centres of the lobes, ``(lobes, 2)`` in µm, along a C, an S or a heap."""
    t = np.linspace(-1, 1, lobes) + rng.normal(0, 0.06, lobes)
    if rng.uniform() < 0.68 or lobes == 2:
        sweep = {2: 1.15, 3: 1.75, 4: 2.2, 5: 2.45}[lobes] * rng.uniform(0.85, 1.1)
        reach = radius_um * rng.uniform(0.46, 0.56, lobes)
        points = np.column_stack((reach * np.cos(sweep * t), reach * np.sin(sweep * t)))
        points[:, 0] -= radius_um * rng.uniform(0.0, 0.12)
    else:
        bend = rng.choice([-1, 1]) * radius_um * rng.uniform(0.25, 0.42)
        points = np.column_stack((t * radius_um * 0.56, bend * np.sin(t * 2.6)))
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn


def _band(plate: Plate, radius_um: float) -> Plane:
    """A curved sausage with slight waists."""
    rng = plate.rng
    sweep, start = rng.uniform(1.1, 1.9), rng.uniform(0, 2 * np.pi)
    angles = start + np.linspace(-sweep, sweep, 9)
    reach = radius_um * 0.5
    path = np.column_stack((reach * np.cos(angles), reach * np.sin(angles)))
    widths = radius_um * (0.25 + 0.035 * np.cos(np.linspace(0, rng.uniform(8, 15), 9)))
    rods = [
        plate.capsule(_point(a), _point(b), float(w))
        for a, b, w in zip(path[:-1], path[1:], widths[1:], strict=True)
    ]
    return np.maximum.reduce(rods)


def kidney(plate: Plate, radius_um: float, *, size: float) -> list[Plane]:
    """A large folded or kidney-shaped nucleus, as in a monocyte.

    Args:
        plate: where to draw; its ``rng`` decides the shape.
        radius_um: radius of the cell.
        size: radius of the nucleus as a share of the cell's.

    Returns:
        Depths in µm of one to three overlapping folds.
    """
    rng = plate.rng
    uneven = plate.warped(0.22, 2.4)
    angle = rng.uniform(0, 2 * np.pi)
    away = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-away[1], away[0]])
    centre = away * radius_um * rng.uniform(0.02, 0.16)
    half = radius_um * size * 0.62
    left = centre + across * half * rng.uniform(0.7, 1.0) - away * half * rng.uniform(0.1, 0.7)
    right = centre - across * half * rng.uniform(0.7, 1.0) - away * half * rng.uniform(0.1, 0.7)
    top = centre + away * half * rng.uniform(0.3, 0.6)
    width = radius_um * size * rng.uniform(0.5, 0.6)
    first = uneven.capsule(_point(left), _point(top), width)
    second = uneven.capsule(_point(top), _point(right), width * rng.uniform(0.85, 1.0))
    if rng.uniform() < 0.4:
        return [plate.blur(first, 0.3), plate.blur(second, 0.3)]
    return [plate.blur(np.maximum(first, second), 0.4)]


def rounded(plate: Plate, radius_um: float, *, offset: float, indent: float) -> list[Plane]:
    """A round to oval nucleus with an optional dent on the side that faces the cytoplasm.

    Args:
        plate: where to draw; its ``rng`` decides the shape.
        radius_um: radius of the nucleus.
        offset: distance of its centre from the cell's, in µm.
        indent: depth of the dent as a share of the radius.

    Returns:
        One depth in µm.
    """
    rng = plate.rng
    angle = rng.uniform(0, 2 * np.pi)
    centre = (float(offset * np.cos(angle)), float(offset * np.sin(angle)))
    uneven = plate.warped(0.08, 1.5)
    depth = uneven.blob(radius_um, unevenness=0.035, centre=centre)
    if indent <= 0:
        return [depth]
    reach = radius_um * (1.55 - indent)
    bite = (centre[0] - float(reach * np.cos(angle)), centre[1] - float(reach * np.sin(angle)))
    dent = uneven.capsule(bite, bite, radius_um * 0.62)
    return [plate.blur(np.minimum(depth, -dent), 0.3)]


def _point(vector: NDArray[np.float64]) -> Point:
    return float(vector[0]), float(vector[1])


def _turned(vector: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([cos * vector[0] - sin * vector[1], sin * vector[0] + cos * vector[1]])
