"""Training views for the segmenter: windows of labelled images at the scales it works at.

One network serves two passes: it locates leukocytes in the coarse view of a field and
outlines each in a fine view, so views of both scales are drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import BACKGROUND_LEVEL, resample
from leuko_training.augment import View, recolour, sampling_maps
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.errors import DatasetError
from leuko_training.images import read_balanced
from leuko_training.lenses import degrade
from leuko_training.scales import LOCATE_UM_PER_PX, OUTLINE_UM_PER_PX, SEGMENTER_SIZE

FINEST_UM_PER_PX = 0.13
"""Scale at which images are kept in memory; finer ones hold nothing the models can see."""

_COARSE_SHARE = 0.4
_ELASTIC_SHARE = 0.3
_MIRRORED_SHARE = 0.6
_SCALE_SPREAD = 0.35
"""Natural logarithm of how far the scale may be misjudged, either way."""

SHARE = {
    "segmentation_wbc_1": 0.17,
    "segmentation_wbc_2": 0.14,
    "bcisc_crops": 0.14,
    "bcisc_fields": 0.14,
    "krd-wbc": 0.16,
    "bccd": 0.16,
    "sigtuple": 0.04,
    "pbc": 0.05,
}
"""How often each set is drawn: by what it teaches, not by how many images it happens to have."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """A labelled image ready to be viewed.

    Attributes:
        levels: white-balanced images, each half the size of the one before.
        masks: the masks that go with them, uint8 0 or 255.
        um_per_px: scale of the first level.
        centres: ``(n, 2)`` row and column of each leukocyte, in the first level.
    """

    levels: tuple[RGBImage, ...]
    masks: tuple[NDArray[np.uint8], ...]
    um_per_px: float
    centres: NDArray[np.float64]


def load_specimen(item: LabelledImage) -> Specimen:
    """Read, balance and shrink an image and its mask; an image without mask has no leukocyte."""
    image = read_balanced(item.image, um_per_px=item.um_per_px)
    mask = load_mask(item) if item.mask else np.zeros(image.shape[:2], np.bool_)
    um_per_px = max(item.um_per_px, FINEST_UM_PER_PX)
    image = resample(image, um_per_px=item.um_per_px, to_um_per_px=um_per_px)
    size = (image.shape[1], image.shape[0])
    grey = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    levels, masks = [image], [np.asarray(grey, dtype=np.uint8)]
    while max(levels[-1].shape[:2]) > 64 and len(levels) < 3:
        levels.append(_halved(levels[-1]))
        masks.append(_halved(masks[-1]))
    return Specimen(tuple(levels), tuple(masks), um_per_px, _centres(masks[0] > 127))


def draw_view(specimen: Specimen, rng: Generator) -> tuple[RGBImage, NDArray[np.uint8]]:
    """Return one augmented view and its mask, ``(size, size, 3)`` and ``(size, size)`` uint8."""
    coarse = rng.random() < _COARSE_SHARE
    scale = LOCATE_UM_PER_PX if coarse else OUTLINE_UM_PER_PX
    scale *= float(np.exp(rng.uniform(-_SCALE_SPREAD, _SCALE_SPREAD)))
    row, column = _viewpoint(specimen, rng, offset_um=22.0 if coarse else 4.0)
    zoom = scale / specimen.um_per_px
    level = int(np.clip(np.floor(np.log2(zoom * 1.2)), 0, len(specimen.levels) - 1))
    elastic = 3.0 if rng.random() < _ELASTIC_SHARE else 0.0
    factor = 2.0**level
    view = View(row / factor, column / factor, zoom / factor, SEGMENTER_SIZE, elastic)
    image, mask = _warped(specimen, level, view, rng)
    return degrade(recolour(image, rng), rng), mask


def _warped(
    specimen: Specimen, level: int, view: View, rng: Generator
) -> tuple[RGBImage, NDArray[np.uint8]]:
    x, y = sampling_maps(view, rng)
    # Mirrored surroundings make a field of a crop; plain ones are what the device pads with.
    border = cv2.BORDER_REFLECT if rng.random() < _MIRRORED_SHARE else cv2.BORDER_CONSTANT
    warp = partial(cv2.remap, map1=x, map2=y, interpolation=cv2.INTER_LINEAR, borderMode=border)
    image = warp(specimen.levels[level], borderValue=(BACKGROUND_LEVEL,) * 3)
    mask = warp(specimen.masks[level], borderValue=(0,))
    return np.asarray(image, np.uint8), np.asarray(mask, np.uint8)


class MaskSampler:
    """Endless training views drawn from several laboratories by `SHARE`."""

    def __init__(
        self, items: Sequence[LabelledImage], *, shares: Mapping[str, float] = SHARE
    ) -> None:
        """Load everything that can teach the segmenter; others are passed over."""
        self._by_set: dict[str, list[Specimen]] = {}
        for item in items:
            if teaches_masks(item, shares=shares):
                self._by_set.setdefault(item.dataset, []).append(load_specimen(item))
        if not self._by_set:
            msg = "none of the images has a mask to learn from; get a data set that has"
            raise DatasetError(msg)
        self._names = sorted(self._by_set)
        weights = np.array([shares[name] for name in self._names])
        self._weights = weights / weights.sum()

    def __len__(self) -> int:
        """Return the number of images loaded."""
        return sum(len(specimens) for specimens in self._by_set.values())

    def draw(self, rng: Generator) -> tuple[RGBImage, NDArray[np.uint8]]:
        """Return one augmented view and its mask; see `draw_view`."""
        specimens = self._by_set[str(rng.choice(self._names, p=self._weights))]
        return draw_view(specimens[int(rng.integers(len(specimens)))], rng)


def teaches_masks(item: LabelledImage, *, shares: Mapping[str, float] = SHARE) -> bool:
    """Return whether the segmenter learns from an image: it has a mask, or no leukocyte at all.

    Crops centred on a platelet hold no leukocyte: they teach what to leave alone.
    """
    is_platelet = item.dataset == "pbc" and item.label is CellClass.PLATELET_OR_ARTEFACT
    return item.dataset in shares and (item.mask is not None or is_platelet)


def _viewpoint(specimen: Specimen, rng: Generator, *, offset_um: float) -> tuple[float, float]:
    height, width = specimen.levels[0].shape[:2]
    if len(specimen.centres) == 0 or rng.random() < 0.12:
        return rng.uniform(0, height), rng.uniform(0, width)
    centre = specimen.centres[int(rng.integers(len(specimen.centres)))]
    row, column = centre + rng.uniform(-1, 1, 2) * offset_um / specimen.um_per_px
    return float(np.clip(row, 0, height - 1)), float(np.clip(column, 0, width - 1))


def _centres(mask: Mask) -> NDArray[np.float64]:
    count, _, stats, centroids = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    large = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] > mask.size * 0.0005]
    return np.asarray(centroids[large][:, ::-1], np.float64)


def _halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
