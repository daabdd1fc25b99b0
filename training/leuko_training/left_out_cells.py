"""Cells of laboratories left out: what the classifier says of each, and what is measured of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from leuko.adaptation import Confirmed, Mixture, UsualCells, fit_mixture
from leuko.cells import CellClass
from leuko.pipeline import prior_spared
from leuko.vision.laboratory import MOST_LOOKS
from leuko.vision.tone import doubt_of_names
from leuko.vision.traits import cell_traits
from leuko_training.answers import CLASSES, FIVE, Answers
from leuko_training.certainty import Certainty, judged_elsewhere
from leuko_training.crops import plain_cut
from leuko_training.cut_cells import labelled_cells
from leuko_training.datasets import read_dataset
from leuko_training.errors import DatasetError
from leuko_training.recipes import SHIPPED_NAME
from leuko_training.transfer import LABORATORIES, Trial

_FEWEST = 50
"""Leukocytes that a set must have: half of a class is confirmed, the rest is asked about."""


@dataclass(frozen=True, slots=True)
class LeftOutCells:
    """The cells of one data set of a laboratory that a classifier has not seen.

    Attributes:
        dataset: name of the set.
        cells: traits, the classifier's probabilities and true classes.
        as_they_are: ``(cells, 8)``, what it says of each where a laboratory's cells were not made
            like the usual one's first.
        slides: ``(cells,)`` str, slide, donor or run that each is from.
        folds: ``(cells,)`` str, the fold of the split that each cell's image is in.
        certainty: what was made of the classifier's answers, chosen on other laboratories.
    """

    dataset: str
    cells: Confirmed
    as_they_are: NDArray[np.float64]
    slides: NDArray[np.str_]
    folds: NDArray[np.str_]
    certainty: Certainty

    def chosen(self, rows: NDArray[np.int64]) -> "LeftOutCells":
        """Return some of the cells."""
        return replace(
            self,
            cells=self.cells.chosen(rows),
            as_they_are=self.as_they_are[rows],
            slides=self.slides[rows],
            folds=self.folds[rows],
        )

    @property
    def are_leukocytes(self) -> NDArray[np.bool_]:
        """Which cells are of the five classes, ``(cells,)``."""
        return np.isin(self.cells.classes, FIVE)


def cells_of_left_out(
    root: Path, runs: Path, kept: Path, segmenter: Path, *, seed: int = 1
) -> tuple[list[LeftOutCells], tuple[str, ...]]:
    """Return the cells of every laboratory left out by a long training, and those without one.

    What is measured of cells is kept below ``runs``, for cutting them out takes minutes.

    Args:
        root: folder of all data sets.
        runs: folder of all trainings.
        kept: folder of what classifiers answered whose trainings are gone.
        segmenter: outlines cells where there is no mask.
        seed: of the trainings.

    Raises:
        DatasetError: no long training was kept, or it was asked about other cells.
    """
    said: dict[str, Answers] = {}
    for one in LABORATORIES:
        trial = Trial(SHIPPED_NAME, (one,), seed, is_short=False)
        places = [trial.answers_in(folder) for folder in (runs / "transfer", kept)]
        if file := next((place for place in places if place.is_file()), None):
            said[one] = Answers.read(file)
    if len(said) < 2:
        raise DatasetError(
            f"no two long trainings of seed {seed} are in {runs} or {kept}; "
            "run leuko-train transfer first"
        )
    # As the device names them: with its prior and the temperature that the others choose.
    certainties = {one: certainty for one, (certainty, _) in judged_elsewhere(said).items()}
    found = [
        _joined(
            said[one].of(name),
            certainties[one],
            runs / "site" / f"{name}.npz",
            root=root,
            segmenter=segmenter,
        )
        for one in said
        for name in LABORATORIES[one]
        if _is_enough(said[one].of(name))
    ]
    return found, tuple(one for one in LABORATORIES if one not in said)


def are_teaching(said: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which cells a laboratory is known by: those named one of the five classes.

    Args:
        said: ``(cells, all classes)`` probabilities.
    """
    return np.isin(said.argmax(axis=1), FIVE)


def teaching(cells: LeftOutCells) -> LeftOutCells:
    """Return those of the cells that a laboratory is known by."""
    return cells.chosen(np.flatnonzero(are_teaching(cells.cells.probabilities)))


def mixture_of(
    known: LeftOutCells, usual: UsualCells, *, of_specimen: int | None = None
) -> Mixture:
    """Return the mixture that the device would fit to cells that nobody has confirmed.

    Args:
        known: cells that the laboratory is known by.
        usual: how leukocytes lie elsewhere.
        of_specimen: as for `leuko.adaptation.fit_mixture`.
    """
    seen = known.as_they_are[:MOST_LOOKS].argmax(axis=1)
    doubt = doubt_of_names(CLASSES[name] for name in seen)
    weights = np.array(known.certainty.class_weights)[FIVE]
    return fit_mixture(
        known.cells.probabilities,
        known.cells.features,
        usual,
        of_specimen=of_specimen,
        factors=prior_spared(weights, temperature=known.certainty.temperature, doubt=doubt),
        doubt=doubt,
    )


def _is_enough(answers: Answers) -> bool:
    return len(answers.leukocytes.truths) >= _FEWEST


def _joined(
    answers: Answers, certainty: Certainty, kept: Path, *, root: Path, segmenter: Path
) -> LeftOutCells:
    name = kept.stem
    if not kept.is_file():
        _measure(name, root, kept, segmenter)
    with np.load(kept) as stored:
        traits, truths, slides = stored["traits"], stored["truths"], stored["slides"]
    if truths.tolist() != answers.truths.tolist():
        raise DatasetError(f"{kept} is not of the cells that were asked about; remove it")
    cells = Confirmed(traits, certainty.applied(answers.probabilities), truths)
    as_they_are = certainty.applied(answers.as_they_are)
    return LeftOutCells(name, cells, as_they_are, slides, answers.folds, certainty)


def _measure(name: str, root: Path, kept: Path, segmenter: Path) -> None:
    outlines = keras.saving.load_model(segmenter, compile=False)
    cells = labelled_cells(read_dataset(name, root), outlines)
    known = [one for one in cells if one.crop.label is not CellClass.PLATELET_OR_ARTEFACT]
    kept.parent.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(".part.npz")
    np.savez_compressed(
        unfinished,
        traits=np.array([cell_traits(*plain_cut(one.crop)) for one in known]),
        truths=np.array([CLASSES.index(one.crop.label) for one in known]),
        slides=_texts([one.item.group for one in known]),
    )
    unfinished.replace(kept)


def _texts(values: Sequence[object]) -> NDArray[np.str_]:
    return np.array([str(value) for value in values], np.str_)
