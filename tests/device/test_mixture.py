"""What a laboratory's own cells tell of each other's names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from leuko.adaptation import Mixture, UsualCells, features_of, fit_mixture
from leuko.cells import LEUKOCYTES, CellClass
from leuko.errors import BundleError

Floats = NDArray[np.float64]

NEUTROPHIL, LYMPHOCYTE, EOSINOPHIL, ERYTHROBLAST = (
    list(CellClass).index(name)
    for name in (
        CellClass.NEUTROPHIL,
        CellClass.LYMPHOCYTE,
        CellClass.EOSINOPHIL,
        CellClass.ERYTHROBLAST,
    )
)
TRAITS = 4
ALIKE = np.full(5, 0.2, np.float32)


def said_of(classes: NDArray[np.int64], *, sure: float) -> Floats:
    """What a bundle says that takes each cell for its class, so sure of it."""
    said = np.full((len(classes), len(CellClass)), (1 - sure) / (len(CellClass) - 1))
    said[np.arange(len(classes)), classes] = sure
    return said


def traits_of(classes: NDArray[np.int64], rng: np.random.Generator, *, shift: float) -> Floats:
    """Colours that tell the classes, wherever the laboratory's stain has put them."""
    traits = rng.normal(0, 1, (len(classes), TRAITS)) + shift
    traits[:, 0] += 8.0 * (classes == LYMPHOCYTE)
    traits[:, 1] += 8.0 * (classes == EOSINOPHIL)
    return traits


@pytest.fixture(scope="module")
def usual() -> UsualCells:
    rng = np.random.default_rng(1)
    classes = np.repeat(np.arange(len(LEUKOCYTES)), 60)
    features = features_of(traits_of(classes, rng, shift=0.0), said_of(classes, sure=0.6))
    means = np.array([features[classes == name].mean(axis=0) for name in range(len(LEUKOCYTES))])
    covariance = np.eye(features.shape[1])
    return UsualCells(means.astype(np.float32), covariance.astype(np.float32), ALIKE)


def adapted_to_each_other(said: Floats, traits: Floats, usual: UsualCells) -> Floats:
    features = features_of(traits, said)
    return fit_mixture(said, features, usual).adapted(said, features)


def five_way(probabilities: Floats) -> NDArray[np.int64]:
    return np.asarray(probabilities[:, : len(LEUKOCYTES)].argmax(axis=1))


def test_the_five_come_first_in_the_order_of_classes() -> None:
    assert tuple(CellClass)[: len(LEUKOCYTES)] == LEUKOCYTES


def test_cells_that_the_bundle_mistakes_are_named_by_the_heap_they_lie_in(
    usual: UsualCells,
) -> None:
    rng = np.random.default_rng(2)
    classes = np.repeat([NEUTROPHIL, LYMPHOCYTE, EOSINOPHIL], [60, 30, 30])
    taken_for = np.where(rng.random(len(classes)) < 0.3, NEUTROPHIL, classes)
    said, traits = said_of(taken_for, sure=0.5), traits_of(classes, rng, shift=5.0)
    adapted = adapted_to_each_other(said, traits, usual)
    assert np.mean(five_way(said) == classes) < 0.9
    assert np.mean(five_way(adapted) == classes) > 0.98


def test_a_class_that_has_no_cells_gets_none(usual: UsualCells) -> None:
    rng = np.random.default_rng(3)
    classes = np.full(40, NEUTROPHIL)
    said, traits = said_of(classes, sure=0.5), traits_of(classes, rng, shift=-3.0)
    adapted = adapted_to_each_other(said, traits, usual)
    assert set(five_way(adapted).tolist()) == {NEUTROPHIL}


@given(seed=st.integers(0, 2**32 - 1), cells=st.integers(1, 60))
def test_other_classes_keep_what_they_have_and_all_adds_up_to_one(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    said = rng.dirichlet(np.full(len(CellClass), 0.3), cells)
    traits = rng.normal(0, 3, (cells, TRAITS))
    length = TRAITS + len(CellClass)
    anything = UsualCells(
        rng.normal(size=(len(LEUKOCYTES), length)).astype(np.float32),
        np.eye(length, dtype=np.float32),
        ALIKE,
    )
    adapted = adapted_to_each_other(said, traits, anything)
    assert np.isfinite(adapted).all()
    assert adapted.sum(axis=1) == pytest.approx(1)
    assert (adapted[:, len(LEUKOCYTES) :] == said[:, len(LEUKOCYTES) :]).all()


@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-5, 5))
def test_neither_the_order_of_cells_nor_what_all_have_in_common_changes_a_name(
    usual: UsualCells, seed: int, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    classes = np.repeat([NEUTROPHIL, LYMPHOCYTE, EOSINOPHIL], [20, 10, 10])
    said, traits = said_of(classes, sure=0.5), traits_of(classes, rng, shift=0.0)
    adapted = adapted_to_each_other(said, traits, usual)
    order = rng.permutation(len(classes))
    again = adapted_to_each_other(said[order], traits[order] + shift, usual)
    assert again == pytest.approx(adapted[order])


def test_a_heap_that_the_bundle_tears_in_two_stays_one(usual: UsualCells) -> None:
    rng = np.random.default_rng(4)
    classes = np.repeat([NEUTROPHIL, LYMPHOCYTE], [90, 40])
    traits = traits_of(classes, rng, shift=2.0)
    # What it goes by is not what tells the two classes elsewhere.
    torn = (classes == NEUTROPHIL) & (traits[:, 3] > 2.0)
    said = said_of(np.where(torn, EOSINOPHIL, classes), sure=0.5)
    assert np.mean(five_way(said) == classes) < 0.75
    adapted = adapted_to_each_other(said, traits, usual)
    assert np.mean(five_way(adapted) == classes) > 0.95


def test_what_confirmed_cells_have_parted_is_not_put_together_again(usual: UsualCells) -> None:
    rng = np.random.default_rng(4)
    classes = np.repeat([NEUTROPHIL, EOSINOPHIL], [100, 100])
    alike = np.full(len(classes), NEUTROPHIL)
    traits = traits_of(alike, rng, shift=2.0)
    # To the bundle, and by what tells the two elsewhere, all are alike.
    traits[:, 3] += 1.5 * (classes == EOSINOPHIL)
    said, features = said_of(classes, sure=0.4), features_of(traits, said_of(alike, sure=0.4))
    alone, beside = (
        fit_mixture(said, features, usual, confirmed=confirmed).adapted(said, features)
        for confirmed in (0.0, 1.0)
    )
    assert np.mean(five_way(alone) == classes) < 0.6
    assert np.mean(five_way(beside) == classes) > 0.95


def test_an_erythroblast_stays_one(usual: UsualCells) -> None:
    rng = np.random.default_rng(5)
    classes = np.repeat([NEUTROPHIL, ERYTHROBLAST], [40, 2])
    said, traits = said_of(classes, sure=0.8), traits_of(classes, rng, shift=0.0)
    # All that it may be else would come to more, were it put into one class.
    said[classes == ERYTHROBLAST] = said_of(np.array([ERYTHROBLAST] * 2), sure=0.3)
    adapted = adapted_to_each_other(said, traits, usual)
    assert set(adapted[classes == ERYTHROBLAST].argmax(axis=1).tolist()) == {ERYTHROBLAST}


def test_usual_cells_of_other_features_are_refused(usual: UsualCells) -> None:
    again = UsualCells.from_arrays(usual.arrays, traits=TRAITS)
    assert (again.means == usual.means).all()
    assert (again.covariance == usual.covariance).all()
    for arrays in ({}, {"means": usual.means}, {**usual.arrays, "more": usual.means}):
        with pytest.raises(BundleError, match="convert the bundle again, or update Leuko"):
            UsualCells.from_arrays(arrays, traits=TRAITS)
    with pytest.raises(BundleError, match="usual cells"):
        UsualCells.from_arrays(usual.arrays, traits=TRAITS + 1)
    with pytest.raises(BundleError, match="no numbers to compare cells by"):
        UsualCells.from_arrays({**usual.arrays, "shares": np.zeros(5, np.float32)}, traits=TRAITS)
    for damage in (np.nan, 0.0, -1.0):
        damaged = usual.covariance.copy()
        damaged[0, 0] = damage
        arrays = {**usual.arrays, "covariance": damaged}
        with pytest.raises(BundleError, match="no numbers to compare cells by"):
            UsualCells.from_arrays(arrays, traits=TRAITS)


def test_what_is_said_of_the_five_is_multiplied_by_factors_first_and_adds_up_to_what_it_did() -> (
    None
):
    said = np.array([[0.4, 0.2, 0.1, 0.1, 0.0, 0.2, 0.0, 0.0], [0, 0, 0, 0, 0, 1.0, 0, 0]])
    features = np.zeros((2, 3))
    factors = np.array([0.5, 1.0, 1.0, 4.0, 1.0])
    mixture = Mixture(np.eye(3), np.zeros((5, 3)), np.full(5, 0.2), trust=0.0, factors=factors)
    parts = mixture.parts(said, features)
    assert parts[0] == pytest.approx(np.array([0.2, 0.2, 0.1, 0.4, 0.0]) * 0.8 / 0.9, abs=3e-3)
    assert parts[1] == pytest.approx(np.zeros(5))


def test_factors_may_lead_a_fit_to_a_class_that_is_rare_elsewhere(usual: UsualCells) -> None:
    said = said_of(np.full(60, NEUTROPHIL), sure=0.5)
    said[:, EOSINOPHIL] += 0.2
    said[:, NEUTROPHIL] -= 0.1
    said /= said.sum(axis=1, keepdims=True)
    rng = np.random.default_rng(3)
    features = np.full(usual.means.shape[1], 0.0) + rng.normal(size=(60, usual.means.shape[1]))
    plain = fit_mixture(said, features, usual)
    favoured = fit_mixture(said, features, usual, factors=np.array([0.5, 1.0, 1.0, 2.0, 1.0]))
    assert favoured.shares[EOSINOPHIL] > plain.shares[EOSINOPHIL]


@pytest.mark.parametrize(
    ("doubt", "neutrophils", "are_kept"), [(0.0, 30, True), (1.0, 30, False), (1.0, 8, True)]
)
def test_doubted_eosinophils_are_few_unless_the_bundle_finds_hardly_a_neutrophil(
    usual: UsualCells, *, doubt: float, neutrophils: int, are_kept: bool
) -> None:
    rng = np.random.default_rng(8)
    # One heap, in which the bundle sees both: a laboratory whose neutrophils have pink cytoplasms.
    named = np.repeat([NEUTROPHIL, EOSINOPHIL], [neutrophils, 40])
    said, traits = said_of(named, sure=0.5), rng.normal(0, 1, (len(named), TRAITS))
    features = features_of(traits, said)
    mixture = fit_mixture(said, features, usual, doubt=doubt)
    shares = mixture.shares[[LEUKOCYTES.index(CellClass.NEUTROPHIL), EOSINOPHIL]]
    assert (shares[1] > 0.3 * shares.sum()) == are_kept


def test_how_common_the_others_are_is_not_touched_by_doubts(usual: UsualCells) -> None:
    rng = np.random.default_rng(9)
    classes = np.repeat([NEUTROPHIL, LYMPHOCYTE, EOSINOPHIL], [30, 50, 30])
    said = said_of(classes, sure=0.9)
    features = features_of(traits_of(classes, rng, shift=0.0), said)
    sure, doubted = (fit_mixture(said, features, usual, doubt=doubt) for doubt in (0.0, 1.0))
    assert doubted.shares[LYMPHOCYTE] == pytest.approx(sure.shares[LYMPHOCYTE], abs=0.02)
    assert doubted.shares[EOSINOPHIL] < sure.shares[EOSINOPHIL]


def test_whether_eosinophils_are_few_goes_by_the_specimen_that_is_named(usual: UsualCells) -> None:
    rng = np.random.default_rng(10)
    # Another specimen's neutrophils, then one of eosinophils alone.
    named = np.repeat([NEUTROPHIL, EOSINOPHIL], [60, 40])
    said = said_of(named, sure=0.8)
    features = features_of(traits_of(named, rng, shift=0.0), said)
    both = fit_mixture(said, features, usual, doubt=1.0)
    last = fit_mixture(said, features, usual, doubt=1.0, of_specimen=40)
    assert both.few == 3
    assert last.few == 0
    assert last.shares[EOSINOPHIL] > 0.8
