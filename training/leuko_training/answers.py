"""What a classifier said of the cells of laboratories it has never seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leuko.cells import LEUKOCYTES, CellClass
from leuko_training.errors import DatasetError
from leuko_training.metrics import ConfusionMatrix, Proportion
from leuko_training.partition import TRAINING_FOLDS

CLASSES = tuple(CellClass)
FIVE = np.array([CLASSES.index(name) for name in LEUKOCYTES])
"""Places of the five leukocyte classes in `CellClass`."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Probabilities of cells whose laboratory was left out.

    Attributes:
        datasets: ``(cells,)`` str, the set that each cell is of.
        truths: ``(cells,)`` int, index of the class in `CellClass`.
        probabilities: ``(cells, 8)`` float32, in the order of `CellClass`.
        as_they_are: ``(cells, 8)`` float32, the same where a laboratory's cells were not made like
            the usual one's first.
        folds: ``(cells,)`` str, the fold of the split that each cell's image is in.
    """

    datasets: NDArray[np.str_]
    truths: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    as_they_are: NDArray[np.float32]
    folds: NDArray[np.str_]

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """Return what `write` has written.

        Raises:
            DatasetError: it was written by another version of the program.
        """
        with np.load(path) as stored:
            try:
                return cls(
                    stored["datasets"],
                    stored["truths"],
                    stored["probabilities"],
                    stored["as_they_are"],
                    stored["folds"],
                )
            except KeyError as error:
                msg = f"{path} was written by another version of the program; move it away"
                raise DatasetError(msg) from error

    @classmethod
    def joined(cls, parts: Sequence["Answers"]) -> "Answers":
        """Return the answers of several trainings as one."""
        return cls(
            np.concatenate([part.datasets for part in parts]),
            np.concatenate([part.truths for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.as_they_are for part in parts]),
            np.concatenate([part.folds for part in parts]),
        )

    def write(self, path: Path) -> None:
        """Write the answers, whole or not at all."""
        unfinished = path.with_suffix(".part.npz")
        np.savez_compressed(
            unfinished,
            datasets=self.datasets,
            truths=self.truths,
            probabilities=self.probabilities,
            as_they_are=self.as_they_are,
            folds=self.folds,
        )
        unfinished.replace(path)

    def of(self, *datasets: str) -> "Answers":
        """Return the answers on some sets."""
        return self._chosen(np.isin(self.datasets, datasets))

    @property
    def outside_the_test(self) -> "Answers":
        """The answers on cells that something may be chosen by: those of `TRAINING_FOLDS`."""
        return self._chosen(np.isin(self.folds, list(TRAINING_FOLDS)))

    @property
    def leukocytes(self) -> "Answers":
        """The answers on cells of the five classes."""
        return self._chosen(np.isin(self.truths, FIVE))

    @property
    def names(self) -> tuple[str, ...]:
        """The sets that there are answers on."""
        return tuple(str(name) for name in sorted(set(self.datasets.tolist())))

    @property
    def five_way(self) -> NDArray[np.int64]:
        """The likeliest of the five leukocyte classes, ``(cells,)`` indices in `CellClass`."""
        return np.asarray(FIVE[self.probabilities[:, FIVE].argmax(axis=1)])

    @property
    def accuracy(self) -> Proportion:
        """How many leukocytes are named right among the five."""
        seen = self.leukocytes
        return Proportion.of((seen.five_way == seen.truths).tolist())

    @property
    def confusion(self) -> ConfusionMatrix:
        """Leukocytes against the likeliest of the five classes."""
        seen = self.leukocytes
        pairs = zip(seen.truths.tolist(), seen.five_way.tolist(), strict=True)
        named = ((CLASSES[truth], CLASSES[answer]) for truth, answer in pairs)
        return ConfusionMatrix.of(named, choices=LEUKOCYTES)

    def _chosen(self, rows: NDArray[np.bool_]) -> "Answers":
        return Answers(
            self.datasets[rows],
            self.truths[rows],
            self.probabilities[rows],
            self.as_they_are[rows],
            self.folds[rows],
        )
