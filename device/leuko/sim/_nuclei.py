"""Nuclei: the shape of the lobes and the texture of the chromatin."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

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
        edge: Plane = np.exp(-np.maximum(depth, 0) / np.float32(0.3), dtype=np.float32)
        rim += (edge - rim) * inside
        cover = np.maximum(cover, inside)
    body = _clumps(plate, chromatin) + np.float32(chromatin.rim) * rim
    return Nucleus(cover, np.float32(chromatin.density) * body * cover)


def _clumps(plate: Plate, chromatin: Chromatin) -> Plane:
    coarse = plate.noise(chromatin.clump_um)
    fine = plate.noise(chromatin.clump_um * 0.45)
    # 1.17 is the standard deviation of the sum of the two independent grains.
    mixed = ((coarse + 0.6 * fine) / 1.17).astype(np.float32)
    threshold = NormalDist().inv_cdf(chromatin.openness)
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
        for a, b in pairwise(centres)
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
        reach = radius_um * rng.uniform(0.42, 0.53, lobes) * (0.88 if lobes == 2 else 1)
        points = np.column_stack((reach * np.cos(sweep * t), reach * np.sin(sweep * t)))
        points[:, 0] -= radius_um * rng.uniform(0.0, 0.12)
    else:
        bend = rng.choice([-1, 1]) * radius_um * rng.uniform(0.25, 0.42)
        points = np.column_stack((t * radius_um * 0.5, bend * np.sin(t * 2.6)))
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned: NDArray[np.float64] = points @ turn
    return turned


def _band(plate: Plate, radius_um: float) -> Plane:
    """A curved sausage with slight waists."""
    rng = plate.rng
    widths = radius_um * (0.25 + 0.035 * np.cos(np.linspace(0, rng.uniform(8, 15), 8)))
    return bent(plate, radius_um * 0.5, sweep=rng.uniform(1.1, 1.9), widths_um=widths)


def bent(
    plate: Plate,
    reach_um: float,
    *,
    sweep: float,
    widths_um: NDArray[np.float64],
    centre: Point = (0, 0),
) -> Plane:
    """Depth in µm inside a sausage bent round a centre, turned at random.

    Args:
        plate: where to draw.
        reach_um: radius of the bend.
        sweep: half the angle it spans, in radians.
        widths_um: half its width at each joint.
        centre: of the bend.

    Returns:
        Depth, negative outside.
    """
    start = plate.rng.uniform(0, 2 * np.pi)
    angles = start + np.linspace(-sweep, sweep, len(widths_um) + 1)
    path = np.column_stack((np.cos(angles), np.sin(angles))) * reach_um + np.array(centre)
    rods = [
        plate.capsule(_point(a), _point(b), float(w))
        for a, b, w in zip(path[:-1], path[1:], widths_um, strict=True)
    ]
    depth: Plane = np.maximum.reduce(rods)
    return depth


def kidney(plate: Plate, radius_um: float, *, size: float) -> list[Plane]:
    """A large kidney-shaped, bent or folded nucleus, as in a monocyte.

    Args:
        plate: where to draw; its ``rng`` decides the shape.
        radius_um: radius of the cell.
        size: radius of the nucleus as a share of the cell's.

    Returns:
        Depths in µm of one or two overlapping folds.
    """
    rng = plate.rng
    uneven = plate.warped(0.26, 2.6)
    reach = radius_um * size * rng.uniform(0.42, 0.62)
    angle, away = rng.uniform(0, 2 * np.pi), radius_um * rng.uniform(0, 0.12)
    centre = (float(away * np.cos(angle)), float(away * np.sin(angle)))
    widths = radius_um * size * rng.uniform(0.44, 0.58) * rng.uniform(0.86, 1.12, 4)
    main = plate.blur(
        bent(uneven, reach, sweep=rng.uniform(0.75, 1.9), widths_um=widths, centre=centre), 0.35
    )
    if rng.uniform() > _FOLDED_SHARE:
        return [main]
    widths = widths[:2] * 0.85
    fold = bent(uneven, reach * 0.8, sweep=rng.uniform(0.2, 0.6), widths_um=widths, centre=centre)
    return [main, plate.blur(fold, 0.3)]


_FOLDED_SHARE = 0.45


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
    return [plate.blur(np.minimum(depth, -dent), 0.45)]


def _point(vector: NDArray[np.float64]) -> Point:
    return float(vector[0]), float(vector[1])


def _turned(vector: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([cos * vector[0] - sin * vector[1], sin * vector[0] + cos * vector[1]])
