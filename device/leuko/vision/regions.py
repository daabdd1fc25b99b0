"""From a map of probabilities to the regions of single leukocytes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellRegion, Mask
from leuko.vision._placing import enlarged, filled, placed
from leuko.vision.preprocess import Window

SMALLEST_RADIUS_UM = 2.5
"""Inscribed radius from which a part of a clump counts as a leukocyte of its own.

The smallest lymphocytes measure about 7 µm across on a smear; lobes and pseudopods less.
"""

_WIDEST_NECK = 0.9
"""Of a part's inscribed radius: where the neck is wider, the part is a lobe of the same leukocyte.

Two alike with such a neck would share more than half of their diameter. With 0.8, one leukocyte of
76 in BCISC's fields was lost to a segmenter that had not seen them; with 1, lobes were cut off
(both on folds 1 to 4).
"""

_SOLID = 0.97
"""Share of its convex hull from which a region is not looked at for necks, to save time.

A lymphocyte that touches a neutrophil leaves 0.92 filled; round single cells fill 0.98.
"""


@dataclass(frozen=True, slots=True)
class Seed:
    """Where the coarse pass found a leukocyte, in pixels of the map it was found in."""

    row: float
    column: float


def find_seeds(
    probability: NDArray[np.float32], *, threshold: float, um_per_px: float, smallest_um2: float
) -> list[Seed]:
    """Return a point inside every leukocyte of a coarse map, touching ones apart.

    Args:
        probability: ``(height, width)`` float32, 0 to 1.
        threshold: probability from which a pixel belongs to a leukocyte.
        um_per_px: scale of the map.
        smallest_um2: area below which a spot is no leukocyte.
    """
    tight, y, x = _tight(probability >= threshold)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(tight.view(np.uint8), connectivity=4)
    seeds = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        if area * um_per_px**2 < smallest_um2:
            continue
        part = labels[top : top + height, left : left + width] == label
        for row, column, _ in inscribed_circles(part, um_per_px=um_per_px):
            seeds.append(Seed(row + top + y, column + left + x))
    return seeds


def inscribed_circles(mask: Mask, *, um_per_px: float) -> list[tuple[float, float, float]]:
    """Return row, column and radius in pixels of one circle for every leukocyte in a mask.

    A mask that nearly fills its convex hull is one leukocyte. Another is cut at its necks: the
    distance to the outside is raised until the mask falls apart into the most parts that are
    large enough to be leukocytes and wide enough beside the neck.
    """
    tight, y, x = _tight(mask)
    circles = _circles(tight, least=SMALLEST_RADIUS_UM / um_per_px)
    return [(row + y, column + x, radius) for row, column, radius in circles]


def _circles(mask: Mask, *, least: float) -> list[tuple[float, float, float]]:
    distance = _distance(mask)
    best = [_deepest(distance)]
    if _solidity(mask) >= _SOLID or best[0][2] < least:
        return best
    for level in np.linspace(0.15, 0.85, 8) * distance.max():
        count, labels = cv2.connectedComponents((distance > level).view(np.uint8))
        if count - 1 <= len(best):
            continue
        parts = [_deepest(np.where(labels == label, distance, 0)) for label in range(1, count)]
        parts = [part for part in parts if part[2] >= max(least, level / _WIDEST_NECK)]
        if len(parts) > len(best):
            best = parts
    return best


def own_part(mask: Mask, row: float, column: float, *, um_per_px: float) -> Mask:
    """Return the part of a mask that belongs to the leukocyte at or next to a point.

    Touching leukocytes are parted along the line on which both inscribed circles are equally
    far away (a power diagram). All false if nothing is there.

    Args:
        mask: ``(height, width)`` bool.
        row: the point.
        column: the point.
        um_per_px: scale of the mask.
    """
    component = _component_at(mask, row, column)
    if not component.any():
        return component
    circles = np.array(inscribed_circles(component, um_per_px=um_per_px))
    if len(circles) == 1:
        return component
    powers = (circles[:, 0] - row) ** 2 + (circles[:, 1] - column) ** 2 - circles[:, 2] ** 2
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    power_maps = [(rows - r) ** 2 + (columns - c) ** 2 - radius**2 for r, c, radius in circles]
    mine = np.argmin(power_maps, axis=0) == int(np.argmin(powers))
    return _component_at(component & mine, row, column)


def region_in_field(
    probability: NDArray[np.float32],
    window: Window,
    *,
    threshold: float,
    field_shape: tuple[int, int],
    um_per_px: float,
) -> CellRegion | None:
    """Return the leukocyte nearest to the middle of a fine window, as a region of the field.

    Args:
        probability: ``(window.size, window.size)`` float32, 0 to 1.
        window: where the window lies in the field.
        threshold: probability from which a pixel belongs to the leukocyte.
        field_shape: height and width of the field in pixels.
        um_per_px: scale of the field.

    Returns:
        None when there is no leukocyte in the window; else the one nearest to the middle.
    """
    middle = (window.size - 1) / 2
    fine_um_per_px = um_per_px * window.side / window.size
    own = own_part(probability >= threshold, middle, middle, um_per_px=fine_um_per_px)
    if not own.any():
        return None
    near = np.asarray(cv2.dilate(own.view(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    alone = np.asarray(cv2.copyTo(probability, near), np.float32)
    large, top, left = enlarged(alone, near, window)
    corner = (window.y + top, window.x + left)
    edge = max(1, round(window.side / window.size))
    return placed(filled(large >= threshold), corner, field_shape, edge=edge, um_per_px=um_per_px)


def overlap(first: CellRegion, second: CellRegion) -> float:
    """Return the shared area as a share of the smaller region, 0 to 1."""
    a, b = first.box, second.box
    left, top = max(a.x, b.x), max(a.y, b.y)
    right, bottom = min(a.x + a.width, b.x + b.width), min(a.y + a.height, b.y + b.height)
    if right <= left or bottom <= top:
        return 0.0
    shared = first.mask[top - a.y : bottom - a.y, left - a.x : right - a.x]
    shared = shared & second.mask[top - b.y : bottom - b.y, left - b.x : right - b.x]
    smaller = min(np.count_nonzero(first.mask), np.count_nonzero(second.mask))
    return float(np.count_nonzero(shared) / smaller)


def reaches_edge(region: CellRegion, window: Window) -> bool:
    """Return whether the window, rather than the field, may have cut the region off."""
    box = region.box
    return (
        box.x <= window.x
        or box.y <= window.y
        or box.x + box.width >= window.x + window.side
        or box.y + box.height >= window.y + window.side
    )


def mask_in_window(region: CellRegion, window: Window) -> Mask:
    """Return the region as seen through a window, ``(window.size, window.size)`` bool."""
    zoom = window.side / window.size
    # Pixels are areas: the middle of pixel i lies at i + 1/2.
    shift_x = window.x - region.box.x + zoom / 2 - 0.5
    shift_y = window.y - region.box.y + zoom / 2 - 0.5
    inverse = np.array([[zoom, 0, shift_x], [0, zoom, shift_y]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mask = region.mask.view(np.uint8) * np.uint8(255)
    return np.asarray(cv2.warpAffine(mask, inverse, (window.size,) * 2, flags=how) > 127)


def _tight(mask: Mask) -> tuple[Mask, int, int]:
    """Return the part of a mask that holds all of it, and row and column of its corner."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return mask[y : y + height, x : x + width], y, x


def _distance(mask: Mask) -> NDArray[np.float32]:
    # A frame of zeros: what touches the edge of the mask ends there.
    framed = cv2.copyMakeBorder(mask.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def _deepest(distance: NDArray[np.float32]) -> tuple[float, float, float]:
    row, column = np.unravel_index(int(np.argmax(distance)), distance.shape)
    return float(row), float(column), float(distance[row, column])


def _solidity(mask: Mask) -> float:
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(contours, key=cv2.contourArea)
    hull = cv2.contourArea(cv2.convexHull(outline))
    return cv2.contourArea(outline) / hull if hull else 1.0


def _component_at(mask: Mask, row: float, column: float) -> Mask:
    """Return the connected component that is nearest to a point, all false if there is none."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=4)
    if count == 1:
        return np.zeros_like(mask)
    label = labels[min(round(row), mask.shape[0] - 1), min(round(column), mask.shape[1] - 1)]
    if label == 0:
        rows, columns = np.nonzero(mask)
        nearest = int(np.argmin((rows - row) ** 2 + (columns - column) ** 2))
        label = labels[rows[nearest], columns[nearest]]
    return np.asarray(labels == label)
