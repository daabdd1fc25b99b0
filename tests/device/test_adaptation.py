"""What a laboratory's confirmed cells change in what a classifier says, with arrays alone."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.adaptation import (
    FEWEST_OF_CLASS,
    BeforeAndAfter,
    Confirmed,
    SiteAdapter,
    adaptable,
    cross_validated,
    fit_adapter,
)

NEUTROPHIL, LYMPHOCYTE, BASOPHIL, ERYTHROBLAST = 0, 1, 4, 6
TRAITS = 6
ALIKE = (1.0,) * 8


def laboratory(seed: int, classes: dict[int, int], *, apart: float = 3.0) -> Confirmed:
    """Cells whose traits tell their class, though the classifier always says neutrophil."""
    rng = np.random.default_rng(seed)
    names = np.repeat(list(classes), list(classes.values()))
    traits = rng.normal(0, 1, (len(names), TRAITS))
    traits[np.arange(len(names)), names % TRAITS] += apart
    said = np.full((len(names), 8), 0.05)
    said[:, NEUTROPHIL] = 0.65
    return Confirmed(traits, said, names)


def fit(confirmed: Confirmed) -> SiteAdapter | None:
    return fit_adapter(confirmed, adaptable(confirmed), class_weights=ALIKE)


@pytest.fixture(scope="module")
def fitted() -> SiteAdapter:
    adapter = fit(laboratory(1, {NEUTROPHIL: 20, LYMPHOCYTE: 20}))
    assert adapter is not None
    return adapter


def sums(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(probabilities.sum(axis=1))


def test_cells_that_were_not_confirmed_are_named_by_those_that_were(fitted: SiteAdapter) -> None:
    others = laboratory(2, {NEUTROPHIL: 100, LYMPHOCYTE: 100})
    adapted = fitted.adapted(others.probabilities, others.traits)
    np.testing.assert_allclose(sums(adapted), 1.0)
    assert np.count_nonzero(others.probabilities.argmax(axis=1) == others.classes) == 100
    assert np.mean(adapted.argmax(axis=1) == others.classes) > 0.9


def test_a_class_that_nobody_confirmed_keeps_its_cells_and_its_probability(
    fitted: SiteAdapter,
) -> None:
    others = laboratory(3, {ERYTHROBLAST: 50}, apart=9.0)
    said = np.full((50, 8), 0.04)
    said[:, ERYTHROBLAST], said[:, LYMPHOCYTE], said[:, NEUTROPHIL] = 0.4, 0.3, 0.1
    adapted = fitted.adapted(said, others.traits)
    np.testing.assert_allclose(sums(adapted), 1.0)
    np.testing.assert_allclose(adapted[:, ERYTHROBLAST], 0.4)
    assert set(adapted.argmax(axis=1)) == {ERYTHROBLAST}


def test_a_cell_in_the_midst_of_a_confirmed_class_is_taken_from_an_unconfirmed_one(
    fitted: SiteAdapter,
) -> None:
    middle = laboratory(1, {NEUTROPHIL: 20, LYMPHOCYTE: 20}).traits[:20].mean(axis=0)
    said = np.full((2, 8), 0.05)
    said[:, NEUTROPHIL], said[:, ERYTHROBLAST] = 0.349, 0.351
    near, far = fitted.adapted(said, np.array([middle, middle + 5.0]))
    assert near.argmax() == NEUTROPHIL
    assert far.argmax() == ERYTHROBLAST


def test_a_class_with_too_few_confirmed_cells_stays_as_the_bundle_names_it() -> None:
    few = FEWEST_OF_CLASS - 1
    adapter = fit(laboratory(4, {NEUTROPHIL: 8, LYMPHOCYTE: 8, BASOPHIL: few}))
    assert adapter is not None
    assert adapter.classes == (NEUTROPHIL, LYMPHOCYTE)


def test_one_class_alone_teaches_nothing() -> None:
    assert fit(laboratory(5, {LYMPHOCYTE: 30})) is None


def test_cross_validation_tells_help_from_chance() -> None:
    classes = {NEUTROPHIL: 20, LYMPHOCYTE: 20, BASOPHIL: 20}
    worth = cross_validated(laboratory(6, classes), class_weights=ALIKE)
    assert (worth.cells, worth.before) == (60, 20)
    assert worth.after > 48
    assert worth.helps
    alike = laboratory(7, {NEUTROPHIL: 30, LYMPHOCYTE: 30}, apart=0.0)
    known = np.eye(8)[alike.classes] * 0.6 + 0.05
    alike = Confirmed(alike.traits, known, alike.classes)
    assert not cross_validated(alike, class_weights=ALIKE).helps


@pytest.mark.parametrize(
    ("before", "after", "likelier", "helps"),
    [
        (8, 9, -0.1, True),
        (8, 8, 0.1, True),
        (8, 8, -0.1, False),
        (8, 7, 0.1, False),
        (10, 10, 0.1, False),
    ],
)
def test_more_right_helps_and_so_do_as_many_that_are_likelier(
    *, before: int, after: int, likelier: float, helps: bool
) -> None:
    worth = BeforeAndAfter(cells=10, before=before, after=after, likelier=likelier)
    assert worth.helps is helps


def test_the_same_cells_give_the_same_adapter(fitted: SiteAdapter) -> None:
    again = fit(laboratory(1, {NEUTROPHIL: 20, LYMPHOCYTE: 20}))
    assert again is not None
    np.testing.assert_array_equal(again.means, fitted.means)
    assert (again.strength, again.typical) == (fitted.strength, fitted.typical)


def test_a_cell_between_two_confirmed_classes_is_given_the_commoner_one() -> None:
    confirmed = laboratory(1, {NEUTROPHIL: 20, LYMPHOCYTE: 20})
    between = np.mean([confirmed.traits[:20].mean(axis=0), confirmed.traits[20:].mean(axis=0)], 0)
    torn = np.full((1, 8), 1 / 8)
    for common in (NEUTROPHIL, LYMPHOCYTE):
        weights = [9.0 if name == common else 1.0 for name in range(8)]
        adapter = fit_adapter(confirmed, adaptable(confirmed), class_weights=weights)
        assert adapter is not None
        assert adapter.adapted(torn, between[None]).argmax() == common


def test_the_fewer_cells_are_confirmed_the_more_the_bundle_s_word_counts() -> None:
    others = laboratory(2, {LYMPHOCYTE: 50})

    def lost_to_the_bundle(each: int) -> float:
        adapter = fit(laboratory(1, {NEUTROPHIL: each, LYMPHOCYTE: each}))
        assert adapter is not None
        mixed, alone = (
            one.adapted(others.probabilities, others.traits)[:, LYMPHOCYTE].mean()
            for one in (adapter, replace(adapter, trust=1.0))
        )
        return float(alone - mixed)

    assert lost_to_the_bundle(4) > 2 * lost_to_the_bundle(40) > 0
