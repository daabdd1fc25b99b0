"""Where round dark bodies of about one size may sit: gradient voting for their centres.

Every edge pixel votes for the centre of a disc that it could bound, on its dark side, after
the radial symmetry transform of Loy and Zelinsky (IEEE PAMI 25(8), 2003). Neither tint nor
uneven light nor the pallor of a red cell matters: inner rims vote away from the centre.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_RADIUS_PX = 5.0
"""Smallest radius looked for; the largest lies just below an octave above it."""

_RADII_PX = SMALLEST_RADIUS_PX * 2.0 ** (np.arange(4) / 4)
_EDGE_SHARE = 0.25
"""Share of pixels that vote, so that pale cells vote beside dark nuclei."""
_FLATTEST_SLOPE = 2e-3
"""Log density per pixel below which nothing is an edge; 8 bits of a grey 200 step by 5e-3."""
_TOLERANCE = 0.2
"""Blur of the votes in radii, so that oval cells still gather them."""
_LEAST_VOTES = 0.55
"""Votes a centre needs, as a share of what a whole rim casts."""
_MOST_DISCS = 240


@dataclass(frozen=True, slots=True)
class DiscCandidates:
    """Places where a disc may be, strongest first; all arrays ``(n,)`` float32.

    Attributes:
        x: centre column in pixels.
        y: centre row in pixels.
        radius: radius in pixels, one of four in an octave.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    radius: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Edges:
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    inward_x: NDArray[np.float32]
    inward_y: NDArray[np.float32]


def find_disc_candidates(density: NDArray[np.float32]) -> DiscCandidates:
    """Centres of dark discs with radii from 5 to 10 pixels.

    Args:
        density: ``(height, width)`` float32, logarithm of the light held back.

    Returns:
        At most 240 candidates, several of which may mean the same disc.
    """
    edges = _edges(density)
    votes = np.zeros(density.shape, np.float32)
    radii = np.zeros(density.shape, np.float32)
    for radius in _RADII_PX:
        share = _votes(edges, shape=density.shape, radius=float(radius))
        radii[share > votes] = radius
        np.maximum(votes, share, out=votes)
    y, x = np.nonzero(
        (votes >= cv2.dilate(votes, np.ones((7, 7), np.uint8))) & (votes > _LEAST_VOTES)
    )
    strongest = np.argsort(-votes[y, x], kind="stable")[:_MOST_DISCS]
    y, x = y[strongest], x[strongest]
    return DiscCandidates(x=x.astype(np.float32), y=y.astype(np.float32), radius=radii[y, x])


def _edges(density: NDArray[np.float32]) -> _Edges:
    smooth = cv2.GaussianBlur(density, (0, 0), 0.9)
    slope_x = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    slope_y = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    slope = np.hypot(slope_x, slope_y)
    least = max(float(np.quantile(slope[::2, ::2], 1 - _EDGE_SHARE)), _FLATTEST_SLOPE)
    y, x = np.nonzero(slope > least)
    steep = slope[y, x]
    return _Edges(
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        inward_x=np.asarray(slope_x[y, x] / steep, np.float32),
        inward_y=np.asarray(slope_y[y, x] / steep, np.float32),
    )


def _votes(edges: _Edges, *, shape: tuple[int, ...], radius: float) -> NDArray[np.float32]:
    """Votes for each centre at one radius, as a share of a whole rim's."""
    margin = int(2 * SMALLEST_RADIUS_PX) + 2
    height, width = shape[0] + 2 * margin, shape[1] + 2 * margin
    x = np.rint(edges.x + np.float32(radius) * edges.inward_x).astype(np.int32) + margin
    y = np.rint(edges.y + np.float32(radius) * edges.inward_y).astype(np.int32) + margin
    cast = np.bincount(y * width + x, minlength=height * width).astype(np.float32)
    blur = _TOLERANCE * radius
    field = cast.reshape(height, width)[margin:-margin, margin:-margin]
    # A rim casts about 1.5 votes per pixel of its length, and the blurred peak keeps
    # 1 / (2 pi blur^2) of what falls on it.
    return cv2.GaussianBlur(field, (0, 0), blur) * np.float32(blur * blur / radius)
