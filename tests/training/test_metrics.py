import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leuko.cells import LEUKOCYTES, CellClass, Mask
from leuko_training.metrics import (
    MEASURES,
    NOT_FOUND,
    ConfusionMatrix,
    Proportion,
    mean_with_interval,
    score_masks,
)

MASKS = arrays(np.bool_, (6, 7))
NOTHING, ALL = np.zeros((4, 5), np.bool_), np.ones((4, 5), np.bool_)


def square(left: int) -> Mask:
    mask = np.zeros((10, 10), np.bool_)
    mask[2:6, left : left + 4] = True
    return mask


def test_the_six_measures_of_two_shifted_squares_are_those_of_the_equations() -> None:
    score = score_masks(square(2), square(3))
    # 16 pixels each, 12 shared, 80 in neither of them.
    assert score.precision == pytest.approx(12 / 16)
    assert score.dice == pytest.approx(24 / 32)
    assert score.miou == pytest.approx((12 / 20 + 80 / 88) / 2)
    assert score.fpr == pytest.approx(4 / 84)
    assert score.fnr == pytest.approx(4 / 16)
    assert score.me == pytest.approx(8 / 100)


@given(MASKS)
def test_a_mask_agrees_wholly_with_itself(mask: Mask) -> None:
    score = score_masks(mask, mask)
    assert (score.precision, score.dice, score.miou) == (1, 1, 1)
    assert (score.fpr, score.fnr, score.me) == (0, 0, 0)


@given(MASKS, MASKS)
def test_every_measure_is_a_share(truth: Mask, prediction: Mask) -> None:
    score = score_masks(truth, prediction)
    assert all(0 <= getattr(score, name) <= 1 for name in MEASURES)


@given(MASKS, MASKS)
def test_dice_and_errors_do_not_care_which_mask_is_the_true_one(one: Mask, other: Mask) -> None:
    there, back = score_masks(one, other), score_masks(other, one)
    assert (there.dice, there.miou, there.me) == pytest.approx((back.dice, back.miou, back.me))


def test_finding_nothing_earns_nothing() -> None:
    score = score_masks(ALL, NOTHING)
    assert (score.precision, score.dice, score.fnr) == (0, 0, 1)


def test_a_leukocyte_where_there_is_none_is_wholly_wrong() -> None:
    score = score_masks(NOTHING, ALL)
    assert (score.precision, score.dice, score.fpr, score.fnr) == (0, 0, 1, 0)


def test_masks_of_different_sizes_are_not_compared() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        score_masks(NOTHING, np.zeros((5, 5), np.bool_))


def test_the_interval_of_a_mean_is_the_same_every_time_and_holds_the_mean() -> None:
    values = list(np.random.default_rng(3).beta(30, 1, 80))
    first, second = mean_with_interval(values), mean_with_interval(values)
    assert first == second
    assert 0 < first.low < first.mean < first.high <= 1
    assert first.n == 80


def test_the_bootstrap_agrees_with_the_standard_error_where_that_is_valid() -> None:
    values = list(np.random.default_rng(4).normal(0.5, 0.1, 400))
    estimate = mean_with_interval(values)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 0.1 / 20, rel=0.1)


def test_there_is_no_mean_of_no_images() -> None:
    with pytest.raises(ValueError, match="no images"):
        mean_with_interval([])


def test_a_share_comes_with_its_exact_interval() -> None:
    share = Proportion.of([True] * 9 + [False] * 91)
    assert share.percent == pytest.approx(9)
    assert tuple(share.interval95) == pytest.approx((4.2, 16.4), abs=0.05)


def test_a_share_of_nothing_is_unknown() -> None:
    assert Proportion(0, 0).percent is None
    assert tuple(Proportion(0, 0).interval95) == (0, 100)


def test_a_confusion_matrix_counts_what_was_not_found_as_wrong() -> None:
    neutrophil, monocyte = CellClass.NEUTROPHIL, CellClass.MONOCYTE
    pairs = [(neutrophil, neutrophil), (neutrophil, monocyte), (neutrophil, None)]
    matrix = ConfusionMatrix.of([*pairs, (monocyte, monocyte)], choices=LEUKOCYTES)
    assert matrix.truths == (neutrophil, monocyte)
    assert matrix.answers[-1] == NOT_FOUND
    assert matrix.recall(neutrophil) == Proportion(1, 3)
    assert matrix.precision(monocyte) == Proportion(1, 2)
    assert matrix.accuracy == Proportion(2, 4)


@given(st.lists(st.tuples(st.sampled_from(CellClass), st.sampled_from([None, *CellClass]))))
def test_every_cell_is_in_the_confusion_matrix_once(
    pairs: list[tuple[CellClass, CellClass | None]],
) -> None:
    matrix = ConfusionMatrix.of(pairs, choices=list(CellClass))
    assert matrix.counts.sum() == len(pairs) == matrix.accuracy.n
