"""How much ground was searched: each place once, and only where a leukocyte would have counted."""

import pytest

from leuko.tracking import Position, SearchedGround, SegmentJoin

WIDTH, HEIGHT = 136.0, 106.0


@pytest.fixture
def ground() -> SearchedGround:
    return SearchedGround(width_um=WIDTH, height_um=HEIGHT, enough=3)


def add(
    ground: SearchedGround,
    x_um: float,
    y_um: float = 0.0,
    *,
    segment: int = 1,
    settled: bool = True,
) -> None:
    ground.add(Position(segment, x_um, y_um), is_settled=settled)


def test_views_that_have_nothing_in_common_add_up(ground: SearchedGround) -> None:
    for number in range(12):
        add(ground, 171.3 * (number % 4), 190.7 * (number // 4))
    assert ground.fields == pytest.approx(12, rel=0.04)


def test_ground_that_is_seen_again_counts_once(ground: SearchedGround) -> None:
    for x_um in (0.0, 62.0, 0.0, 31.0, 62.0):
        add(ground, x_um, 5.0)
    assert ground.fields == pytest.approx(1.5, rel=0.05)


def test_where_a_leukocyte_would_not_have_counted_yet_the_ground_does_not_either(
    ground: SearchedGround,
) -> None:
    for _ in range(2):
        add(ground, -50.0, -50.0, settled=False)
    assert ground.fields == 0
    add(ground, -50.0, -50.0, settled=False)
    assert ground.fields == pytest.approx(1, rel=0.1)


def test_stretches_that_turn_out_to_be_one_are_laid_over_each_other(
    ground: SearchedGround,
) -> None:
    add(ground, 0.0)
    add(ground, 0.0, segment=2)
    assert ground.fields == pytest.approx(2, rel=0.1)
    ground.join(SegmentJoin(gone=2, into=1, dx_um=62.0, dy_um=0.0))
    assert ground.fields == pytest.approx(1.5, rel=0.1)
    ground.join(SegmentJoin(gone=3, into=1, dx_um=0.0, dy_um=0.0))
    assert ground.fields == pytest.approx(1.5, rel=0.1)
