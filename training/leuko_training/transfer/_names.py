"""Training a classifier without some laboratories, and asking it about their cells."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass
from leuko.pipeline import FEW_FIELDS, spread_out
from leuko.vision.laboratory import Laboratory
from leuko.vision.tone import Tone, cell_tone
from leuko_training.answers import CLASSES, Answers
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

    Where the recipe evens laboratories, theirs are known as on the device: by a few cells and the
    names that these are given, never by labels.
    """
    known = [one for one in cells if one.crop.label is not CellClass.PLATELET_OR_ARTEFACT]
    crops = [replace(one.crop, tone=None) for one in known]
    if recipe.style.even:
        sets = {crop.dataset for crop in crops}
        tones = {name: _tone_by_names(model, _of_set(crops, name), recipe) for name in sets}
        crops = [replace(crop, tone=tones[crop.dataset]) for crop in crops]
    return Answers(
        datasets=np.array([one.item.dataset for one in known]),
        truths=np.array([CLASSES.index(one.crop.label) for one in known]),
        probabilities=_told(model, crops, recipe),
        folds=np.array([one.item.fold for one in known]),
    )


def _of_set(crops: Sequence[Crop], name: str) -> list[Crop]:
    return [crop for crop in crops if crop.dataset == name]


def _tone_by_names(model: keras.Model, crops: Sequence[Crop], recipe: Recipe) -> Tone:
    """Return what the device would take a laboratory's tone for, had each field one cell.

    Names are doubted, whatever they are: what earlier classifiers answered was so, too.
    """
    laboratory, few = Laboratory(), spread_out(crops)[:FEW_FIELDS]
    for _ in range(2):
        shown = [replace(crop, tone=laboratory.tone) for crop in few]
        names = [CLASSES[index] for index in _told(model, shown, recipe).argmax(axis=1)]
        for crop, name in zip(few, names, strict=True):
            if name.is_counted and (tone := cell_tone(*plain_cut(crop, style=recipe.style))):
                laboratory.add(name, tone)
    return laboratory.tone


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


def _batches(crops: Sequence[Crop]) -> list[Sequence[Crop]]:
    return [crops[start : start + _BATCH] for start in range(0, len(crops), _BATCH)]
