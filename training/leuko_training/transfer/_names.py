"""Training a classifier without some laboratories, and asking it about their cells."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass
from leuko.pipeline import FEW_FIELDS, MOST_FIELDS, both_ways, spread_out
from leuko.vision.laboratory import Laboratory
from leuko.vision.tone import Tone, cell_tone
from leuko_training.answers import CLASSES, Answers
from leuko_training.certainty import PRIOR_STRENGTH, Certainty
from leuko_training.class_learning import learn_classes, plain_batch
from leuko_training.classifier import edge_classifier
from leuko_training.crops import Crop, plain_cut
from leuko_training.cut_cells import LabelledCell
from leuko_training.fit import Schedule
from leuko_training.laboratories import with_laboratories
from leuko_training.partition import TRAINING_FOLDS
from leuko_training.recipes import Recipe
from leuko_training.runs import untrained
from leuko_training.transfer._laboratories import sets_of

_BATCH = 64
_WATCHED = 128
_SEED = 99
_FIELDS_AT_ONCE = 20
"""Of those that a laboratory gets known by; the device takes each in before the next."""
_WITH_PRIOR = Certainty(1.0, 0.0, PRIOR_STRENGTH)
"""What is likeliest does not depend on the temperature."""

_T = TypeVar("_T")
Floats = NDArray[np.float32]


def train_without(
    left_out: Collection[str],
    cells: Sequence[LabelledCell],
    simulated: Sequence[Crop],
    *,
    recipe: Recipe,
    schedule: Schedule,
    folder: Path,
) -> keras.Model:
    """Train a classifier on folds 1 to 4 of all laboratories but some, or go on with its run.

    Nothing is chosen by what it watches: the weights are those of the schedule's end.

    Args:
        left_out: laboratories.
        cells: cells of all laboratories.
        simulated: cells of simulated smears.
        recipe: how to train.
        schedule: how long; its seed also draws the new layers' weights.
        folder: the run's folder.
    """
    absent = sets_of(left_out)
    known = [
        one.crop
        for one in cells
        if one.item.dataset not in absent and one.item.fold in TRAINING_FOLDS
    ]
    known = with_laboratories(known) if recipe.style.even else known
    return learn_classes(
        _untrained(recipe, schedule),
        [*known, *(simulated if recipe.simulated else ())],
        _some(known),
        recipe=recipe,
        schedule=schedule,
        folder=folder,
    )


def ask(model: keras.Model, cells: Sequence[LabelledCell], recipe: Recipe) -> Answers:
    """Return what a classifier says of cells, each seen as the device would show it.

    Where the recipe evens laboratories, theirs are known as on the device: by some of their cells
    and the names that these are given, never by labels.
    """
    known = [one for one in cells if one.crop.label is not CellClass.PLATELET_OR_ARTEFACT]
    crops = [replace(one.crop, tone=None) for one in known]
    as_they_are = _told(model, crops, recipe)
    told = as_they_are.copy()
    datasets = np.array([one.item.dataset for one in known])
    if recipe.style.even:
        for name in set(datasets.tolist()):
            rows = np.flatnonzero(datasets == name)
            own = [crops[row] for row in rows]
            told[rows] = _told_both_ways(model, own, as_they_are[rows], recipe)
    return Answers(
        datasets=datasets,
        truths=np.array([CLASSES.index(one.crop.label) for one in known]),
        probabilities=told,
        as_they_are=as_they_are,
        folds=np.array([one.item.fold for one in known]),
    )


def _told_both_ways(
    model: keras.Model, crops: Sequence[Crop], as_they_are: Floats, recipe: Recipe
) -> Floats:
    """Return what is said of a laboratory's cells, made like the usual one's and as they are."""
    tone = _tone_by_names(model, crops, as_they_are, recipe)
    evened = _told(model, [replace(crop, tone=tone) for crop in crops], recipe)
    return both_ways(evened, as_they_are).astype(np.float32)


def _tone_by_names(
    model: keras.Model, crops: Sequence[Crop], as_they_are: Floats, recipe: Recipe
) -> Tone:
    """Return what the device would take a laboratory's tone for, had each field one cell.

    Names are the model's alone: here the device would compare cells from the twentieth on.

    Args:
        model: names the cells.
        crops: cells of one laboratory.
        as_they_are: ``(cells, 8)``, what the model says of each as it is.
        recipe: of the model.
    """
    laboratory, unevened = Laboratory(), _names(as_they_are)
    order = spread_out(range(len(crops)))
    for fields in (FEW_FIELDS, MOST_FIELDS):
        for rows in _batches(order[:fields], _FIELDS_AT_ONCE):
            shown = [replace(crops[row], tone=laboratory.tone) for row in rows]
            told = both_ways(_told(model, shown, recipe), as_they_are[list(rows)])
            for row, name in zip(rows, _names(told), strict=True):
                if name.is_counted:
                    tone = cell_tone(*plain_cut(crops[row], style=recipe.style))
                    _take_in(laboratory, tone, name, as_it_is=unevened[row])
    return laboratory.tone


def _take_in(
    laboratory: Laboratory, tone: Tone | None, name: CellClass, *, as_it_is: CellClass
) -> None:
    if tone:
        laboratory.add(name, tone)
    if laboratory.wants_unevened:
        laboratory.add_unevened(as_it_is)


def _names(told: NDArray[np.floating]) -> list[CellClass]:
    """Return what the device would name cells that the classifier has said this of."""
    likely = _WITH_PRIOR.applied(told)
    return [CLASSES[index] for index in likely.argmax(axis=1)]


def _told(model: keras.Model, crops: Sequence[Crop], recipe: Recipe) -> NDArray[np.float32]:
    probabilities = [
        np.asarray(model.predict_on_batch(plain_batch(batch, style=recipe.style)[0]))
        for batch in _batches(crops)
    ]
    return np.concatenate(probabilities).astype(np.float32)


def _untrained(recipe: Recipe, schedule: Schedule) -> keras.Model:
    build = partial(
        edge_classifier,
        recipe.style.size,
        whole=recipe.whole,
        trains_depthwise=recipe.trains_depthwise,
    )
    model = untrained(build, schedule)
    return keras.Model(model.input, model.get_layer("probabilities").output)


def _some(crops: Sequence[Crop]) -> list[Crop]:
    chosen = np.random.default_rng(_SEED).permutation(len(crops))[:_WATCHED]
    return [crops[index] for index in chosen]


def _batches(items: Sequence[_T], size: int = _BATCH) -> list[Sequence[_T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
