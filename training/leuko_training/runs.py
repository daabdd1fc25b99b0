"""The two training runs behind ``make train``: the segmenter, then the classifier.

The classifier learns on cells that the segmenter has cut out, so it comes second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.random import Generator

from leuko.errors import SettingsError
from leuko_training.class_learning import learn_classes
from leuko_training.classifier import edge_classifier, paper_cnn
from leuko_training.crops import Crop
from leuko_training.cut_cells import labelled_crops, red_cell_crops
from leuko_training.datasets import LabelledImage
from leuko_training.errors import DatasetError
from leuko_training.fit import Batch, DrawBatch, Schedule, fit
from leuko_training.images import as_real
from leuko_training.laboratories import with_laboratories
from leuko_training.losses import cross_entropy_and_dice, dice
from leuko_training.masks import MaskSampler
from leuko_training.partition import partition, read_everything
from leuko_training.recipes import LONG, SHIPPED
from leuko_training.scales import CLASSIFIER_SIZE, SEGMENTER_SIZE
from leuko_training.simulated import SLIDES, simulated_crops
from leuko_training.unet import edge_unet, paper_unet

SEGMENTER_SCHEDULE = Schedule(epochs=14, steps=128, batch_size=16, learning_rate=1e-3)
"""Longer, it outlines better at home and misses leukocytes of slides unlike those that it knows
(docs/decisions/0012-outlines-from-imagenet-features.md)."""

Build = Callable[..., keras.Model]
"""Builds an untrained model for an input size."""

_SEGMENTERS: Mapping[str, Build] = {"edge": edge_unet, "paper": paper_unet}
_CLASSIFIERS: Mapping[str, Build] = {
    "edge": partial(edge_classifier, trains_depthwise=SHIPPED.trains_depthwise),
    "paper": paper_cnn,
}

_VALIDATION_VIEWS = 192
_VALIDATION_SEED = 99


def run_segmenter(root: Path, runs: Path, *, architecture: str, epochs: int | None) -> Path:
    """Train a segmenter on all data sets under the root and return its run's folder.

    Args:
        root: folder of all data sets.
        runs: folder that training runs live in.
        architecture: ``edge`` or ``paper``.
        epochs: other than the schedule's.

    Raises:
        DatasetError: a data set is not in its published layout, or ImageNet's weights are missing.
        SettingsError: no such architecture.
    """
    build = _chosen(_SEGMENTERS, architecture)
    schedule = _lasting(SEGMENTER_SCHEDULE, epochs)
    training, validation = partition(read_everything(root))
    folder = runs / f"segmenter-{architecture}"
    model = untrained(partial(build, SEGMENTER_SIZE, SEGMENTER_SIZE), schedule)
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
        DatasetError: a data set is not in its published layout, no segmenter is trained yet, or
            ImageNet's weights are missing.
        SettingsError: no such architecture.
    """
    build = _chosen(_CLASSIFIERS, architecture)
    trained = runs / "segmenter-edge" / "model.keras"
    if not trained.is_file():
        msg = f"{trained} is missing; train the segmenter first"
        raise DatasetError(msg)
    segmenter = keras.saving.load_model(trained)
    schedule = _lasting(LONG, epochs)
    training, validation = partition(read_everything(root))
    folder = runs / f"classifier-{architecture}"
    train_classifier(
        untrained(partial(build, CLASSIFIER_SIZE), schedule),
        [
            *labelled_crops(training, segmenter),
            *red_cell_crops(training, per_image=1, seed=1),
            *simulated_crops(SLIDES),
        ],
        labelled_crops(validation, segmenter),
        schedule=schedule,
        folder=folder,
    )
    return folder


def _chosen(builders: Mapping[str, Build], name: str) -> Build:
    if name not in builders:
        msg = f"no architecture is called {name!r}; choose one of {', '.join(builders)}"
        raise SettingsError(msg)
    return builders[name]


def untrained(build: Callable[[], keras.Model], schedule: Schedule) -> keras.Model:
    """Return a model whose first weights are the same for each training by the schedule."""
    keras.utils.set_random_seed(schedule.seed)
    return build()


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
    watched = np.random.default_rng(_VALIDATION_SEED)
    return fit(
        model,
        _mask_batches(MaskSampler(training)),
        _mask_batches(MaskSampler(validation))(_VALIDATION_VIEWS, watched),
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

    Returns:
        The trained model with the probabilities alone; the embedding is a layer of it.
    """
    named = keras.Model(model.input, model.get_layer("probabilities").output)
    known, watched = with_laboratories(training), with_laboratories(validation)
    return learn_classes(named, known, watched, recipe=SHIPPED, schedule=schedule, folder=folder)


def _mask_batches(sampler: MaskSampler) -> DrawBatch:
    def draw(count: int, rng: Generator) -> Batch:
        views = [sampler.draw(rng) for _ in range(count)]
        return as_real([view for view, _ in views]), as_real([mask[..., None] for _, mask in views])

    return draw
