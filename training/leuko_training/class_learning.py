"""A classifier learns the names of cells, by a recipe."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.cells import CellClass
from leuko_training.crops import USUAL_STYLE, Crop, ViewStyle, plain_view
from leuko_training.fit import Batch, DrawBatch, Schedule, fit
from leuko_training.images import as_real
from leuko_training.losses import cross_entropy_beside_shares, named_right
from leuko_training.recipes import Recipe
from leuko_training.sampling import CropSampler


def learn_classes(
    model: keras.Model,
    training: Sequence[Crop],
    watched: Sequence[Crop],
    *,
    recipe: Recipe,
    schedule: Schedule,
    folder: Path,
) -> keras.Model:
    """Train a classifier by a recipe, or go on where an earlier run was cut, and return it.

    Args:
        model: gives the probabilities of the classes alone.
        training: crops to learn from, with their laboratories' tones where the recipe evens.
        watched: crops to watch, seen as the device would see them.
        recipe: how to train.
        schedule: how long and how fast.
        folder: the run's folder.
    """
    sampler = CropSampler(
        training, style=recipe.style, balance=recipe.balance, by_slide=recipe.by_slide
    )
    views, classes = plain_batch(watched, style=recipe.style)
    return fit(
        model,
        _class_batches(sampler, recipe),
        (views, np.stack([classes, np.full_like(classes, 1 / len(CellClass))], axis=1)),
        schedule=schedule,
        loss=cross_entropy_beside_shares,
        metrics=[keras.metrics.MeanMetricWrapper(named_right, name="accuracy")],
        folder=folder,
    )


def plain_batch(crops: Sequence[Crop], *, style: ViewStyle = USUAL_STYLE) -> Batch:
    """Return cells as the device would show them, with their classes.

    Returns:
        Views ``(cells, size, size, 3)``, 0 to 1, and classes ``(cells, 8)``, one-hot; float32.
    """
    classes = list(CellClass)
    return (
        as_real([plain_view(crop, style=style) for crop in crops]),
        _one_hot([classes.index(crop.label) for crop in crops]),
    )


def _class_batches(sampler: CropSampler, recipe: Recipe) -> DrawBatch:
    """Return what draws cells with how true each class is, and beside what shares."""

    def draw(count: int, rng: Generator) -> Batch:
        samples = [sampler.draw(rng) for _ in range(count)]
        shares = np.stack([one.shares for one in samples])
        if not recipe.beside_shares:
            shares = np.full_like(shares, 1 / len(CellClass))
        truth = _one_hot([one.label for one in samples])
        wanted = (1 - recipe.label_smoothing) * truth + recipe.label_smoothing * shares
        return as_real([one.view for one in samples]), np.stack([wanted, shares], axis=1)

    return draw


def _one_hot(labels: Sequence[int]) -> NDArray[np.float32]:
    return np.eye(len(CellClass), dtype=np.float32)[list(labels)]
