"""Training views for the classifier: one cell each, isolated as the device isolates it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import (
    BACKGROUND_LEVEL,
    isolate,
    padded_square,
    resample,
)
from leuko.vision.tone import Tone, evened
from leuko_training.augment import (
    USUAL_COLOURS,
    ColourSpread,
    View,
    level_stain,
    recolour,
    sampling_maps,
)
from leuko_training.datasets import LabelledImage
from leuko_training.images import read_balanced
from leuko_training.lenses import (
    USUAL_LENS,
    LensSpread,
    degrade,
)
from leuko_training.scales import CLASSIFIER_SIZE, CLASSIFY_UM_PER_PX, ISOLATION_MARGIN

FINEST_UM_PER_PX = 0.11
"""Scale at which crops are kept in memory; the classifier sees 0.16."""

REACH_UM = 16.0
"""Half the side of what is kept around a cell: the view's half and what turning it needs."""

FindMask = Callable[[LabelledImage, RGBImage], Mask]
"""The mask of the leukocyte an image is about, from the white-balanced image."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One labelled cell with a little of what surrounds it.

    Attributes:
        image: ``(side, side, 3)`` uint8, RGB, white balanced, the cell in the middle.
        mask: ``(side, side)`` uint8, 0 or 255 on the cell.
        um_per_px: scale.
        label: what it is.
        dataset: where it comes from.
        tone: how dark its laboratory's cells are; None if that is not known.
        slide: slide, donor or run, unique within the set only; empty if that is not known.
    """

    image: RGBImage
    mask: RGBImage
    um_per_px: float
    label: CellClass
    dataset: str
    tone: Tone | None = None
    slide: str = ""


def load_crop(item: LabelledImage, label: CellClass, find_mask: FindMask) -> Crop | None:
    """Read an image and cut out the cell it is about; None where no cell can be found."""
    image = read_balanced(item.image, um_per_px=item.um_per_px)
    mask = find_mask(item, image)
    return cut_crop(image, mask, item, label) if mask.any() else None


def cut_crop(image: RGBImage, mask: Mask, item: LabelledImage, label: CellClass) -> Crop:
    """Return the surroundings of a mask in an item's white-balanced image."""
    crop = crop_of(image, mask, um_per_px=item.um_per_px, label=label, dataset=item.dataset)
    return replace(crop, slide=item.group)


def crop_of(
    image: RGBImage, mask: Mask, *, um_per_px: float, label: CellClass, dataset: str
) -> Crop:
    """Return the surroundings of a mask as a crop, padded with background.

    Args:
        image: ``(height, width, 3)`` uint8, RGB, white balanced.
        mask: ``(height, width)`` bool, true on the cell, not empty.
        um_per_px: scale of both.
        label: what it is.
        dataset: where it comes from.
    """
    kept = max(um_per_px, FINEST_UM_PER_PX)
    image = resample(image, um_per_px=um_per_px, to_um_per_px=kept)
    size = (image.shape[1], image.shape[0])
    grey = np.asarray(cv2.resize(mask.astype(np.uint8) * 255, size), np.uint8)
    x, y, width, height = cv2.boundingRect((grey > 127).astype(np.uint8))
    reach = round(REACH_UM / kept)
    left, top = x + width // 2 - reach, y + height // 2 - reach
    return Crop(
        image=padded_square(image, left, top, 2 * reach, filling=(BACKGROUND_LEVEL,) * 3),
        mask=padded_square(grey, left, top, 2 * reach, filling=0),
        um_per_px=kept,
        label=label,
        dataset=dataset,
    )


@dataclass(frozen=True, slots=True)
class ViewStyle:
    """How cells are shown to a classifier, and how far its training views stray from that.

    Attributes:
        size: side length of a view in pixels.
        um_per_px: scale of a view.
        colours: spread of the colours.
        strength: how much of that spread.
        lens: spread of what lens and camera do.
        redyed: share of training views in the dyes of another set's cell of the same class.
        zoom: natural logarithm of how far the scale may be misjudged, either way.
        whole_share: share of training views that show what surrounds the cell.
        levelled: whether every cell's stain is brought to one strength.
        even: whether every laboratory's cells are made as dark as usual before they are named.
        even_views: share of training views that are evened, too.
    """

    size: int = CLASSIFIER_SIZE
    um_per_px: float = CLASSIFY_UM_PER_PX
    colours: ColourSpread = USUAL_COLOURS
    strength: float = 1.2
    lens: LensSpread = USUAL_LENS
    redyed: float = 0.0
    zoom: float = 0.22
    whole_share: float = 0.12
    levelled: bool = False
    even: bool = False
    even_views: float = 0.0


USUAL_STYLE = ViewStyle()
"""What recipes vary."""


def draw_view(crop: Crop, rng: Generator, *, style: ViewStyle = USUAL_STYLE) -> RGBImage:
    """Return one augmented view of a cell, ``(size, size, 3)`` uint8."""
    zoom = style.um_per_px / crop.um_per_px * float(np.exp(rng.uniform(-style.zoom, style.zoom)))
    middle = crop.image.shape[0] / 2
    row, column = middle + rng.uniform(-1, 1, 2) * 0.8 / crop.um_per_px
    elastic = 2.0 if rng.random() < 0.3 else 0.0
    view = View(row, column, zoom, style.size, elastic)
    image, mask = _viewed(crop, view, rng)
    if crop.tone and style.even_views and rng.random() < style.even_views:
        image = evened(image, crop.tone)
    image = recolour(image, rng, strength=style.strength, spread=style.colours)
    image = degrade(image, rng, spread=style.lens)
    is_whole = rng.random() < style.whole_share
    if is_whole and not style.levelled:
        return image
    mask = _misjudged(mask, rng)
    if style.levelled:
        image = level_stain(image, mask)
    return image if is_whole else isolate(image, mask, margin=int(rng.integers(3, 11)))


def plain_view(crop: Crop, *, style: ViewStyle = USUAL_STYLE) -> RGBImage:
    """Return the cell as the device would show it to the classifier."""
    image, mask = plain_cut(crop, style=style)
    if style.even and crop.tone:
        image = evened(image, crop.tone)
    if style.levelled:
        image = level_stain(image, mask)
    return isolate(image, mask, margin=ISOLATION_MARGIN)


def plain_cut(crop: Crop, *, style: ViewStyle = USUAL_STYLE) -> tuple[RGBImage, Mask]:
    """Return the cell in its surroundings as the device cuts it out, and its mask."""
    size = (style.size,) * 2
    half = style.size / 2 * style.um_per_px / crop.um_per_px
    middle = crop.image.shape[0] // 2
    here = np.s_[round(middle - half) : round(middle + half)]
    image = cv2.resize(crop.image[here, here], size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(crop.mask[here, here], size, interpolation=cv2.INTER_AREA) > 127
    return np.asarray(image, np.uint8), np.asarray(mask)


def _viewed(crop: Crop, view: View, rng: Generator) -> tuple[RGBImage, Mask]:
    x, y = sampling_maps(view, rng)
    filling = (BACKGROUND_LEVEL,) * 3
    image = cv2.remap(crop.image, x, y, cv2.INTER_LINEAR, borderValue=filling)
    mask = cv2.remap(crop.mask, x, y, cv2.INTER_LINEAR, borderValue=(0,))
    return np.asarray(image, np.uint8), np.asarray(mask > 127)


def _misjudged(mask: Mask, rng: Generator) -> Mask:
    """Return the mask as a segmenter in a strange laboratory might have drawn it."""
    width = int(rng.integers(0, 5))
    if width == 0:
        return mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1,) * 2)
    change = cv2.dilate if rng.random() < 0.6 else cv2.erode
    return np.asarray(change(mask.astype(np.uint8), kernel) > 0)
