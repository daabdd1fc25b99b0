"""Learning which embeddings are those of known cells."""

import numpy as np
import pytest

from leuko_training.errors import DatasetError
from leuko_training.familiarity import FAR_AMONG_KNOWN, STRANGE_BEYOND, familiar

CENTRES = np.array([[0.0, 0.0, 0.0], [8.0, 0.0, 0.0]])
SPREAD = np.array([1.0, 1.0, 0.1])


def drawn(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    return CENTRES[classes] + rng.normal(size=(count, 3)) * SPREAD, classes


def test_few_cells_that_were_not_learnt_from_are_strange_and_one_between_classes_is() -> None:
    known = familiar(*drawn(2000, seed=1), drawn(1000, seed=2)[0])
    others, _ = drawn(4000, seed=3)
    distances = np.array([known.distance(one) for one in others])
    share = np.mean(distances > known.limit / STRANGE_BEYOND)
    assert share == pytest.approx(FAR_AMONG_KNOWN, abs=0.007)
    assert 0 < np.mean([known.is_strange(one) for one in others]) < share
    assert known.is_strange(np.array([4.0, 0.0, 0.0]))


def test_a_deviation_counts_by_how_little_known_cells_deviate_that_way() -> None:
    known = familiar(*drawn(2000, seed=1), drawn(1000, seed=2)[0])
    assert not known.is_strange(np.array([1.0, 0.0, 0.0]))
    assert known.is_strange(np.array([0.0, 0.0, 1.0]))


def test_a_class_without_cells_has_no_centre() -> None:
    cells, classes = drawn(100, seed=1)
    known = familiar(cells, np.where(classes, 6, 2), cells)
    assert known.centres.shape == (2, 3)


def test_too_few_cells_are_refused() -> None:
    with pytest.raises(DatasetError, match="too few labelled cells"):
        familiar(np.zeros((2, 3)), np.arange(2), np.zeros((0, 3)))
