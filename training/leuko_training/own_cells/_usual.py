"""How leukocytes lie to each other in the laboratories that are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation import Confirmed, UsualCells
from leuko.errors import OutputError, SettingsError
from leuko.vision.traits import TRAITS
from leuko_training.answers import FIVE
from leuko_training.certainty import PRIOR_STRENGTH, Certainty

_FEWEST = 5
"""Cells of a class below which a laboratory says nothing of it."""
_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class OwnCells:
    """What a bundle needs to name cells by the laboratory's own.

    Attributes:
        usual: how leukocytes lie elsewhere.
        unclassified_below: a cell whose likeliest class is less probable stays unclassified.
    """

    usual: UsualCells
    unclassified_below: float


def usual_cells(laboratories: Sequence[Confirmed]) -> UsualCells:
    """Return how leukocytes lie to each other, whatever a laboratory's cells have in common.

    A feature's mean in a laboratory and class is taken for what the laboratory adds and what the
    class adds, which are found in turn.

    Args:
        laboratories: cells of each, with what a classifier said that had not seen it. What it says
            of cells that it has learnt from is too sure to be compared with.
    """
    common = np.array(Certainty(1.0, 0.0, PRIOR_STRENGTH).class_weights)[FIVE]
    features = [one.features for one in laboratories]
    means = np.full((len(features), FIVE.size, features[0].shape[1]), np.nan)
    scatter, weights = np.zeros((means.shape[2], means.shape[2])), 0.0
    for own, found, laboratory in zip(means, features, laboratories, strict=True):
        for place, label in enumerate(FIVE):
            cells = found[laboratory.classes == label]
            if len(cells) >= _FEWEST:
                own[place] = cells.mean(axis=0)
                rest = cells - own[place]
                # Two thousand cells of one laboratory are not worth twenty of a hundred each.
                scatter += rest.T @ rest / np.sqrt(len(cells))
                weights += np.sqrt(len(cells))
    return UsualCells(
        means=_common_part(means).astype(np.float32),
        covariance=(scatter / weights).astype(np.float32),
        shares=(common / common.sum()).astype(np.float32),
    )


def write_own_cells(own: OwnCells, path: Path) -> None:
    """Write them as a NumPy archive.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez(
                file,
                means=own.usual.means,
                covariance=own.usual.covariance,
                shares=own.usual.shares,
                unclassified_below=own.unclassified_below,
            )
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error}); choose another place") from error


def read_own_cells(path: Path) -> OwnCells:
    """Return what `write_own_cells` has written.

    Raises:
        SettingsError: the file is missing or holds something else.
    """
    try:
        with path.open("rb") as file, np.load(file) as stored:
            below = float(stored["unclassified_below"])
            arrays = {name: stored[name] for name in ("means", "covariance", "shares")}
        return OwnCells(UsualCells.from_arrays(arrays, traits=TRAITS), below)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise SettingsError(
            f"{path} does not say how leukocytes lie to each other ({error}); "
            "write it with leuko-train own-cells"
        ) from error


def _common_part(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what classes add, ``(5, features)``, to what each laboratory adds.

    Args:
        means: ``(laboratories, 5, features)``, nan where a laboratory says nothing of a class.
    """
    added = np.nanmean(means, axis=0)
    for _ in range(_ROUNDS):
        of_laboratory = np.nanmean(means - added, axis=1, keepdims=True)
        added = np.nanmean(means - of_laboratory, axis=0)
    return np.asarray(added)
