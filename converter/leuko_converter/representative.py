"""Views for quantisation and parity: a few of every data set and class, the same each time."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import keras
import numpy as np

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import cut_window, padded_square, window_around
from leuko_converter.errors import ConversionError
from leuko_training.crops import Crop, plain_view
from leuko_training.cut_cells import labelled_crops
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.images import read_balanced
from leuko_training.laboratories import with_laboratories
from leuko_training.masks import SHARE, MaskSampler
from leuko_training.recipes import SHIPPED
from leuko_training.sampling import CropSampler
from leuko_training.scales import LOCATE_UM_PER_PX, OUTLINE_UM_PER_PX, SEGMENTER_SIZE

_SEED = 11
_IMAGES_PER_SET = 24
_CELLS_PER_CLASS = 12
"""Of every set."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class LabelledViews:
    """Inputs of a model with what they show.

    Attributes:
        images: ``(height, width, 3)`` uint8 each, of the model's input size.
        masks: true on leukocytes, one an image; empty for a classifier.
        labels: index of the class in `CellClass`, one an image; empty for a segmenter.
    """

    images: tuple[RGBImage, ...]
    masks: tuple[Mask, ...] = ()
    labels: tuple[int, ...] = ()


def masked_views(items: Iterable[LabelledImage], count: int) -> LabelledViews:
    """Return augmented training views of both scales, from a few images of every set.

    Raises:
        ConversionError: none of the images has a mask.
    """
    masked = [item for item in items if item.mask and item.dataset in SHARE]
    if not masked:
        raise ConversionError("no image with a mask is there to learn from; get more data sets")
    sampler = MaskSampler(_few_of_each(masked, _dataset, most=_IMAGES_PER_SET))
    rng = np.random.default_rng(_SEED)
    drawn = [sampler.draw(rng) for _ in range(count)]
    return LabelledViews(
        images=tuple(image for image, _ in drawn), masks=tuple(mask > 127 for _, mask in drawn)
    )


def central_windows(items: Iterable[LabelledImage]) -> LabelledViews:
    """Return of every masked image the outliner's window around its largest leukocyte."""
    return _central(items, um_per_px=OUTLINE_UM_PER_PX, height=SEGMENTER_SIZE, width=SEGMENTER_SIZE)


def central_tiles(items: Iterable[LabelledImage], *, height: int, width: int) -> LabelledViews:
    """Return of every masked image the locator's tile around its largest leukocyte.

    An image that is smaller lies on plain background, as on the device.

    Args:
        items: labelled images.
        height: rows of a tile.
        width: columns of a tile.
    """
    return _central(items, um_per_px=LOCATE_UM_PER_PX, height=height, width=width)


def named_crops(
    items: Iterable[LabelledImage],
    segmenter: keras.Model,
    *,
    most: int | None = _CELLS_PER_CLASS,
) -> list[Crop]:
    """Return a few cells of every class of every set, outlined by mask or by the segmenter.

    Args:
        items: labelled images.
        segmenter: outlines the cells of those without a mask.
        most: cells of every class of every set; None for all.

    Raises:
        ConversionError: on none of the images is a cell of known class.
    """
    few = _few_of_each(items, lambda item: (item.dataset, item.label), most=most)
    crops = with_laboratories(labelled_crops(few, segmenter))
    if not crops:
        raise ConversionError("no image of a cell of known class is there; get more data sets")
    return crops


def augmented_cells(crops: Iterable[Crop], count: int) -> LabelledViews:
    """Return augmented training views of the cells."""
    sampler, rng = CropSampler(crops, style=SHIPPED.style), np.random.default_rng(_SEED)
    drawn = [sampler.draw(rng) for _ in range(count)]
    return LabelledViews(
        images=tuple(one.view for one in drawn), labels=tuple(one.label for one in drawn)
    )


def plain_cells(crops: Sequence[Crop]) -> LabelledViews:
    """Return the cells as the device shows them to the classifier."""
    classes = list(CellClass)
    return LabelledViews(
        images=tuple(plain_view(crop, style=SHIPPED.style) for crop in crops),
        labels=tuple(classes.index(crop.label) for crop in crops),
    )


def by_dataset(items: Iterable[Item], dataset: Callable[[Item], str]) -> Mapping[str, list[Item]]:
    """Return the items sorted into their data sets, in the sets' alphabetical order."""
    sets: dict[str, list[Item]] = {}
    for item in items:
        sets.setdefault(dataset(item), []).append(item)
    return dict(sorted(sets.items()))


def _central(
    items: Iterable[LabelledImage], *, um_per_px: float, height: int, width: int
) -> LabelledViews:
    size = max(height, width)
    top, left = (size - height) // 2, (size - width) // 2
    seen = np.s_[top : top + height, left : left + width]
    pairs = [_central_square(item, um_per_px, size) for item in items if item.mask]
    return LabelledViews(
        images=tuple(np.ascontiguousarray(image[seen]) for image, _ in pairs),
        masks=tuple(mask[seen] for _, mask in pairs),
    )


def _central_square(item: LabelledImage, um_per_px: float, size: int) -> tuple[RGBImage, Mask]:
    image = read_balanced(item.image, um_per_px=item.um_per_px)
    grey = load_mask(item).astype(np.uint8) * np.uint8(255)
    _, _, stats, centroids = cv2.connectedComponentsWithStats(grey)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if len(stats) > 1 else 0
    column, row = centroids[largest]
    window = window_around(
        float(row), float(column), um_per_px=item.um_per_px, to_um_per_px=um_per_px, size=size
    )
    square = padded_square(grey, window.x, window.y, window.side, filling=0)
    seen = cv2.resize(square, (window.size,) * 2, interpolation=cv2.INTER_AREA)
    return cut_window(image, window), np.asarray(seen) > 127


def _dataset(item: LabelledImage) -> str:
    return item.dataset


def _few_of_each(
    items: Iterable[Item], kind: Callable[[Item], Hashable], *, most: int | None
) -> list[Item]:
    kinds: dict[Hashable, list[Item]] = {}
    for item in items:
        kinds.setdefault(kind(item), []).append(item)
    rng = np.random.default_rng(_SEED)
    return [
        members[int(index)]
        for members in kinds.values()
        for index in np.sort(rng.permutation(len(members))[:most])
    ]
