"""The two training runs behind ``make train``: the segmenter, then the classifier.

The classifier learns on cells that the segmenter has cut out, so it comes second.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from rich.progress import track

from leuko.cells import CellClass, Mask, RGBImage
from leuko.errors import SettingsError
from leuko.vision.preprocess import (
    background_colour,
    cut_window,
    white_balance,
    window_around,
)
from leuko.vision.regions import own_part, region_in_field
from leuko_training.classifier import edge_classifier, paper_cnn
from leuko_training.crops import Crop, CropSampler, cut_crop, dark_spot, load_crop, plain_view
from leuko_training.datasets import LabelledImage, load_mask
from leuko_training.errors import DatasetError
from leuko_training.fit import Batch, DrawBatch, Schedule, fit
from leuko_training.images import read_rgb
from leuko_training.losses import cross_entropy_and_dice, dice
from leuko_training.masks import MaskSampler
from leuko_training.partition import partition, read_everything
from leuko_training.scales import CLASSIFIER_SIZE, OUTLINE_UM_PER_PX, SEGMENTER_SIZE
from leuko_training.unet import edge_unet, paper_unet

SEGMENTER_SCHEDULE = Schedule(epochs=24, steps=128, batch_size=16, learning_rate=2e-3)
CLASSIFIER_SCHEDULE = Schedule(epochs=24, steps=128, batch_size=32, learning_rate=6e-4)

Build = Callable[..., keras.Model]
"""Builds an untrained model for an input size."""

_SEGMENTERS: Mapping[str, Build] = {"edge": edge_unet, "paper": paper_unet}
_CLASSIFIERS: Mapping[str, Build] = {"edge": edge_classifier, "paper": paper_cnn}

_VALIDATION_VIEWS = 192
_VALIDATION_SEED = 99
_LABEL_SMOOTHING = 0.05

_SMALLEST_ARTEFACT_UM2 = 12.0
# Smaller spots never reach the classifier: the segmenter's result is dropped before.


def run_segmenter(root: Path, runs: Path, *, architecture: str, epochs: int | None) -> Path:
    """Train a segmenter on all data sets under the root and return its run's folder.

    Args:
        root: folder of all data sets.
        runs: folder that training runs live in.
        architecture: ``edge`` or ``paper``.
        epochs: other than the schedule's.

    Raises:
        DatasetError: a data set is not in its published layout.
        SettingsError: no such architecture.
    """
    build = _chosen(_SEGMENTERS, architecture)
    training, validation = partition(read_everything(root))
    folder = runs / f"segmenter-{architecture}"
    schedule = _lasting(SEGMENTER_SCHEDULE, epochs)
    model = build(SEGMENTER_SIZE, SEGMENTER_SIZE)
    train_segmenter(model, training, validation, schedule=schedule, folder=folder)
    return folder


def run_classifier(root: Path, runs: Path, *, architecture: str, epochs: int | None) -> Path:
    """Train a classifier on cells that the trained segmenter cuts out; return its run's folder.

    Args:
        root: folder of all data sets.
        runs: folder that training runs live in; must hold the trained edge segmenter.
        architecture: ``edge`` or ``paper``.
        epochs: other than the schedule's.

    Raises:
        DatasetError: a data set is not in its published layout, or no segmenter is trained yet.
        SettingsError: no such architecture.
    """
    build = _chosen(_CLASSIFIERS, architecture)
    trained = runs / "segmenter-edge" / "model.keras"
    if not trained.is_file():
        msg = f"{trained} is missing; train the segmenter first"
        raise DatasetError(msg)
    segmenter = keras.saving.load_model(trained)
    training, validation = partition(read_everything(root))
    folder = runs / f"classifier-{architecture}"
    train_classifier(
        build(CLASSIFIER_SIZE),
        [*labelled_crops(training, segmenter), *red_cell_crops(training, per_image=1, seed=1)],
        labelled_crops(validation, segmenter),
        schedule=_lasting(CLASSIFIER_SCHEDULE, epochs),
        folder=folder,
    )
    return folder


def _chosen(builders: Mapping[str, Build], name: str) -> Build:
    if name not in builders:
        msg = f"no architecture is called {name!r}; choose one of {', '.join(builders)}"
        raise SettingsError(msg)
    return builders[name]


def _lasting(schedule: Schedule, epochs: int | None) -> Schedule:
    return schedule if epochs is None else replace(schedule, epochs=epochs)


def train_segmenter(
    model: keras.Model,
    training: Sequence[LabelledImage],
    validation: Sequence[LabelledImage],
    *,
    schedule: Schedule,
    folder: Path,
) -> keras.Model:
    """Train a segmenter on augmented views, or go on where an earlier run was cut.

    Args:
        model: from `leuko_training.unet`, with a square input of `SEGMENTER_SIZE`.
        training: images to learn from.
        validation: images to watch; their views are the same in every run.
        schedule: how long and how fast.
        folder: the run's folder.
    """
    watched = _mask_batches(MaskSampler(validation))
    return fit(
        model,
        _mask_batches(MaskSampler(training)),
        watched(_VALIDATION_VIEWS, np.random.default_rng(_VALIDATION_SEED)),
        schedule=schedule,
        loss=cross_entropy_and_dice,
        metrics=[dice],
        folder=folder,
    )


def train_classifier(
    model: keras.Model,
    training: Sequence[Crop],
    validation: Sequence[Crop],
    *,
    schedule: Schedule,
    folder: Path,
) -> keras.Model:
    """Train a classifier on augmented crops, or go on where an earlier run was cut.

    Args:
        model: from `leuko_training.classifier`.
        training: crops to learn from.
        validation: crops to watch, seen as the device would see them.
        schedule: how long and how fast.
        folder: the run's folder.
    """
    names = keras.Model(model.input, model.get_layer("probabilities").output)
    fit(
        names,
        _class_batches(CropSampler(training)),
        _plain_batch(validation),
        schedule=schedule,
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=_LABEL_SMOOTHING),
        metrics=["accuracy"],
        folder=folder,
    )
    if (folder / "model.keras").is_file():
        names.load_weights(folder / "model.keras")
    return model


def labelled_crops(items: Iterable[LabelledImage], segmenter: keras.Model) -> list[Crop]:
    """Return every image with one known cell as a crop, outlined by its mask or the segmenter."""

    def find_mask(item: LabelledImage, image: RGBImage) -> Mask:
        if item.mask:
            return _central_part(load_mask(item))
        if item.label is CellClass.PLATELET_OR_ARTEFACT:
            return dark_spot(image, image.shape[0] / 2, image.shape[1] / 2)
        return outline_at_middle(item, image, segmenter)

    known = [(item, item.label) for item in items if item.label and "fields" not in item.dataset]
    crops = [
        load_crop(item, label, find_mask) for item, label in track(known, "Cutting out cells")
    ]
    return [crop for crop in crops if crop]


def red_cell_crops(items: Iterable[LabelledImage], *, per_image: int, seed: int) -> list[Crop]:
    """Return red cells and debris from fields whose leukocytes are marked, as artefacts."""
    rng = np.random.default_rng(seed)
    crops = []
    for item in items:
        if item.mask is None:
            continue
        image = read_rgb(item.image)
        image = white_balance(image, background_colour(image))
        near = cv2.dilate(load_mask(item).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        for _ in range(per_image):
            row, column = rng.uniform(0, image.shape[0]), rng.uniform(0, image.shape[1])
            spot = dark_spot(image, row, column)
            spot = own_part(spot, row, column, um_per_px=item.um_per_px)
            large = spot.sum() * item.um_per_px**2 >= _SMALLEST_ARTEFACT_UM2
            if large and not (spot & near).any():
                crops.append(cut_crop(image, spot, item, CellClass.PLATELET_OR_ARTEFACT))
    return crops


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
    view = cut_window(image, window).astype(np.float32)[None] / 255
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


def _mask_batches(sampler: MaskSampler) -> DrawBatch:
    def draw(count: int, rng: Generator) -> Batch:
        views = [sampler.draw(rng) for _ in range(count)]
        return _real([view for view, _ in views]), _real([mask[..., None] for _, mask in views])

    return draw


def _class_batches(sampler: CropSampler) -> DrawBatch:
    def draw(count: int, rng: Generator) -> Batch:
        views = [sampler.draw(rng) for _ in range(count)]
        return _real([view for view, _ in views]), _one_hot([label for _, label in views])

    return draw


def _plain_batch(crops: Sequence[Crop]) -> Batch:
    classes = list(CellClass)
    return (
        _real([plain_view(crop) for crop in crops]),
        _one_hot([classes.index(crop.label) for crop in crops]),
    )


def _real(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    return np.stack(images).astype(np.float32) / 255


def _one_hot(labels: Sequence[int]) -> NDArray[np.float32]:
    return np.eye(len(CellClass), dtype=np.float32)[list(labels)]


def _central_part(mask: Mask) -> Mask:
    count, labels, _, centroids = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count == 1:
        return mask
    middle = np.array([mask.shape[1] / 2, mask.shape[0] / 2])
    sizes = np.bincount(labels.ravel())
    away = np.linalg.norm(centroids - middle, axis=1) - np.sqrt(sizes)
    return np.asarray(labels == 1 + int(np.argmin(away[1:])))
