"""The whole pipeline in a laboratory that neither of its models has seen, as int8."""

import subprocess  # ruff: ignore[suspicious-subprocess-import] - leuko-convert, by this interpreter
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from leuko.bundle import load_bundle
from leuko_training.answers import Answers
from leuko_training.certainty import Certainty, choose, write_certainty
from leuko_training.datasets import LabelledImage
from leuko_training.errors import DatasetError
from leuko_training.evaluation import analysis_of, pictures_of
from leuko_training.fit import Schedule
from leuko_training.masks import teaches_masks
from leuko_training.partition import TRAINING_FOLDS, partition
from leuko_training.parts import Parts
from leuko_training.recipes import RECIPES, SHIPPED_NAME
from leuko_training.runs import train_segmenter, untrained
from leuko_training.scales import SEGMENTER_SIZE
from leuko_training.transfer._figures import WholeFigures, figures_of
from leuko_training.transfer._laboratories import LABORATORIES, sets_of
from leuko_training.transfer._places import Places, read_all
from leuko_training.transfer._run import Trial, Tried
from leuko_training.unet import edge_unet

SEGMENTER = Schedule(epochs=10, steps=100, batch_size=16, learning_rate=1e-3, ema_momentum=0.995)
"""Over half of the shipped segmenter's training; on two cores four minutes or more."""

_FOLDER = "whole"
"""Of bundles, and of what was kept of each."""

_BUNDLE = "bundle"
"""Of one, in its folder."""

ByRecipe = dict[str, dict[str, list[WholeFigures]]]
"""Figures of whole bundles by the classifier's recipe and the laboratory that was left out."""


def judge_bundles(tried: Sequence[Tried], places: Places) -> ByRecipe:
    """Return figures of a bundle for each laboratory, once the shipped recipe has left out all.

    What is trained, converted or judged already is not done again.
    """
    alone: dict[str, Tried] = {}
    for one in sorted(tried, key=lambda one: one.trial.seed):
        # Answers outlive the classifier that gave them.
        if one.trial.is_of_shipped and one.trial.model_in(places.folder).is_file():
            alone.setdefault(one.trial.left_out[0], one)
    if missing := [name for name in LABORATORIES if name not in alone]:
        Console(stderr=True).print(
            "no whole bundle is judged: there is no classifier by the shipped recipe without "
            f"{', '.join(missing)}"
        )
        return kept_figures(places)
    items = read_all(places.root)
    for name, one in alone.items():
        elsewhere = [two.answers for other, two in alone.items() if other != name]
        certainty = choose(Answers.joined(elsewhere))
        parts = Parts(places.kept / _FOLDER / one.trial.recipe)
        parts.once(name, list[WholeFigures], partial(_judge, one.trial, certainty, items, places))
    return kept_figures(places)


def whole_bundle(laboratory: str, places: Places) -> Path:
    """Return the folder of the bundle by the shipped recipe that a laboratory was left out of."""
    return places.folder / _FOLDER / SHIPPED_NAME / laboratory / _BUNDLE


def kept_figures(places: Places) -> ByRecipe:
    """Return the figures of whole bundles that were judged before."""
    found: ByRecipe = {}
    for folder in sorted(places.kept.glob(f"{_FOLDER}/*/")):
        if (recipe := folder.name) not in RECIPES:
            continue
        parts = Parts(folder)
        for name in LABORATORIES:
            # What another version wrote is judged anew once it is asked for.
            with suppress(FileNotFoundError, ValidationError):
                found.setdefault(recipe, {})[name] = parts.read(name, list[WholeFigures])
    return {recipe: known for recipe, known in found.items() if known}


def _own_cells(left_out: str, places: Places) -> Path:
    path = places.own_cells(left_out)
    if not path.is_file():
        raise DatasetError(f"{path} is missing; run leuko-train own-cells first, then this again")
    return path


def _judge(
    trial: Trial, certainty: Certainty, items: Sequence[LabelledImage], places: Places
) -> list[WholeFigures]:
    (name,) = trial.left_out
    out = convert(
        segmenter_without(trial.left_out, items, places),
        trial.model_in(places.folder),
        certainty,
        source="laboratories left out, but this one",
        left_out=trial.left_out,
        root=places.root,
        folder=places.folder / _FOLDER / trial.recipe / name,
        own_cells=_own_cells(name, places),
    )
    absent = sets_of(trial.left_out)
    return list(judge_whole(out, [i for i in items if i.dataset in absent], places.root))


def segmenter_without(
    left_out: Sequence[str], items: Sequence[LabelledImage], places: Places
) -> Path:
    """Return a segmenter that has seen no image of some laboratories, trained if need be.

    Args:
        left_out: laboratories.
        items: images of all sets.
        places: where everything lies; trained in ``segmenters`` below its folder. The shipped
            segmenter will do where it learnt from none of the laboratories.
    """
    absent = sets_of(left_out)
    if not any(item.dataset in absent and teaches_masks(item) for item in items):
        return places.segmenter
    known = [i for i in items if i.dataset not in absent and i.fold in TRAINING_FOLDS]
    training, validation = partition(known)
    model = untrained(partial(edge_unet, SEGMENTER_SIZE, SEGMENTER_SIZE), SEGMENTER)
    folder = places.folder / "segmenters" / "-".join(left_out)
    train_segmenter(model, training, validation, schedule=SEGMENTER, folder=folder)
    return folder / "model.keras"


def convert(
    segmenter: Path,
    classifier: Path,
    certainty: Certainty,
    *,
    source: str,
    left_out: Sequence[str],
    root: Path,
    folder: Path,
    own_cells: Path | None = None,
) -> Path:
    """Make a bundle of two models with leuko-convert, and return its folder.

    Conversion stands on training and not the other way, so it is run as its users run it.

    Args:
        segmenter: trained Keras segmenter.
        classifier: trained Keras classifier.
        certainty: what the classifier's probabilities are worth.
        source: where that was chosen.
        left_out: laboratories whose images decide no range of any activation either.
        root: folder of all data sets.
        folder: that the bundle is made in.
        own_cells: file of how leukocytes lie to each other elsewhere; None to do without.

    Raises:
        DatasetError: the conversion failed; says what it said.
    """
    out, believed = folder / _BUNDLE, folder / "certainty.json"
    folder.mkdir(parents=True, exist_ok=True)
    write_certainty(certainty, believed, source=source)
    words: list[object] = ["--segmenter", segmenter, "--classifier", classifier, "--out", out]
    words += ["--certainty", believed, "--datasets", root, "--name", "left-out"]
    for name in sorted(sets_of(left_out)):
        words += ["--without", name]
    if own_cells:
        words += ["--own-cells", own_cells]
    done = subprocess.run(  # ruff: ignore[subprocess-without-shell-equals-true] - our own command
        [sys.executable, "-m", "leuko_converter", "bundle", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DatasetError(f"{out} could not be made: {done.stderr.strip().splitlines()[-1:]}")
    return out


def judge_whole(bundle: Path, items: Sequence[LabelledImage], root: Path) -> Iterator[WholeFigures]:
    """Yield what a bundle makes of every set among some images, as the device would run it."""
    loaded = load_bundle(bundle)
    analysis = analysis_of(loaded, pictures_of(items))
    for name in dict.fromkeys(item.dataset for item in items):
        yield figures_of(
            name,
            [item for item in items if item.dataset == name],
            analysis.cells_of,
            root,
            unclassified_below=analysis.unclassified_below,
        )
