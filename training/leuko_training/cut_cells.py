"""Cutting the cell that an image is about out of it, for the classifier to learn from."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import keras
import numpy as np
from rich.console import Console
from rich.progress import track

from leuko.cells import CellClass, Mask, RGBImage
from leuko.vision.preprocess import cut_window, window_around
from leuko.vision.regions import own_part, region_in_field
from leuko_training.crops import Crop, cut_crop, load_crop
from leuko_training.dark_spots import dark_spot
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.images import as_real, read_balanced
from leuko_training.scales import OUTLINE_UM_PER_PX, SEGMENTER_SIZE

_SAME_CELLS_AS_CROPS = "bcisc_fields"
_SMALLEST_ARTEFACT_UM2 = 12.0
# Smaller spots never reach the classifier: the segmenter's result is dropped before.


@dataclass(frozen=True, slots=True)
class LabelledCell:
    """A labelled cell, and the image it was cut from.

    Attributes:
        item: the image.
        crop: the cell.
    """

    item: LabelledImage
    crop: Crop


def labelled_crops(items: Iterable[LabelledImage], segmenter: keras.Model) -> list[Crop]:
    """Return every image with one known cell as a crop, outlined by its mask or the segmenter."""
    return [cell.crop for cell in labelled_cells(items, segmenter)]


def labelled_cells(items: Iterable[LabelledImage], segmenter: keras.Model) -> list[LabelledCell]:
    """Return what `labelled_crops` does, with the images."""

    def find_mask(item: LabelledImage, image: RGBImage) -> Mask:
        if item.mask:
            return _central_part(load_mask(item))
        if item.label is CellClass.PLATELET_OR_ARTEFACT:
            return dark_spot(image, image.shape[0] / 2, image.shape[1] / 2)
        return outline_at_middle(item, image, segmenter)

    known = [(item, item.label) for item in items if teaches_names(item) and item.label]
    shown = track(known, "Cutting out cells", console=Console(stderr=True))
    cut = [(item, load_crop(item, label, find_mask)) for item, label in shown]
    return [LabelledCell(item, crop) for item, crop in cut if crop]


def teaches_names(item: LabelledImage) -> bool:
    """Return whether the classifier learns from an image: it shows one cell of known class."""
    return item.label is not None and item.dataset != _SAME_CELLS_AS_CROPS


def red_cell_crops(items: Iterable[LabelledImage], *, per_image: int, seed: int) -> list[Crop]:
    """Return red cells and debris from fields whose leukocytes are marked, as artefacts."""
    return [cell.crop for cell in red_cells(items, per_image=per_image, seed=seed)]


def red_cells(items: Iterable[LabelledImage], *, per_image: int, seed: int) -> list[LabelledCell]:
    """Return what `red_cell_crops` does, with the images."""
    rng = np.random.default_rng(seed)
    cells = []
    for item in items:
        if item.mask is None:
            continue
        image = read_balanced(item.image, um_per_px=item.um_per_px)
        near = cv2.dilate(load_mask(item).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        for _ in range(per_image):
            row, column = rng.uniform(0, image.shape[0]), rng.uniform(0, image.shape[1])
            spot = dark_spot(image, row, column)
            spot = own_part(spot, row, column, um_per_px=item.um_per_px)
            large = spot.sum() * item.um_per_px**2 >= _SMALLEST_ARTEFACT_UM2
            if large and not (spot & near).any():
                crop = cut_crop(image, spot, item, CellClass.PLATELET_OR_ARTEFACT)
                cells.append(LabelledCell(item, crop))
    return cells


def outline_at_middle(item: LabelledImage, image: RGBImage, segmenter: keras.Model) -> Mask:
    """Return what the segmenter outlines at the middle of a white-balanced image.

    Args:
        item: gives the scale, and the box of the cell where it is annotated.
        image: ``(height, width, 3)`` uint8, RGB, white balanced.
        segmenter: Keras model with a square input of `SEGMENTER_SIZE`.
    """
    height, width = image.shape[:2]
    x, y, across, down = item.box or (0, 0, width, height)
    window = window_around(
        y + down / 2,
        x + across / 2,
        um_per_px=item.um_per_px,
        to_um_per_px=OUTLINE_UM_PER_PX,
        size=SEGMENTER_SIZE,
    )
    view = as_real([cut_window(image, window)])
    probability = np.asarray(segmenter.predict_on_batch(view))[0, :, :, 0]
    region = region_in_field(
        probability,
        window,
        threshold=0.5,
        field_shape=(height, width),
        um_per_px=item.um_per_px,
    )
    mask = np.zeros((height, width), np.bool_)
    if region:
        box = region.box
        mask[box.y : box.y + box.height, box.x : box.x + box.width] = region.mask
    return mask


def _central_part(mask: Mask) -> Mask:
    count, labels, _, centroids = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count == 1:
        return mask
    middle = np.array([mask.shape[1] / 2, mask.shape[0] / 2])
    sizes = np.bincount(labels.ravel())
    away = np.linalg.norm(centroids - middle, axis=1) - np.sqrt(sizes)
    return np.asarray(labels == 1 + int(np.argmin(away[1:])))
