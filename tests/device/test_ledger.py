"""The ledger of cells: drawn sightings of a slide whose cells are known."""

import itertools
import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import dist, pi

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.tracking import CellLedger, LedgerChange, LedgerRules, Position, SegmentJoin, TrackedCell

UM_PER_PX = 0.2
VIEW_UM = (48.0, 64.0)
FRAME: RGBImage = np.full((240, 320, 3), 235, np.uint8)
HOME = Position(1, 0.0, 0.0)
Place = tuple[float, float]


def decide(probabilities: tuple[float, ...], area_um2: float) -> tuple[CellStatus, str]:
    best = list(CellClass)[probabilities.index(max(probabilities))]
    if area_um2 > 500:
        return CellStatus.EXCLUDED, "too large"
    if max(probabilities) < 0.5:
        return CellStatus.UNCLASSIFIED, "unsure"
    return (CellStatus.COUNTED, "") if best.is_counted else (CellStatus.EXCLUDED, "no leukocyte")


def new_ledger(rules: LedgerRules | None = None) -> CellLedger:
    return CellLedger(um_per_px=UM_PER_PX, decide=decide, rules=rules)


def sureness(cell_class: CellClass, probability: float = 0.9) -> tuple[float, ...]:
    rest = (1 - probability) / (len(CellClass) - 1)
    return tuple(probability if name is cell_class else rest for name in CellClass)


def sighted(
    place: Place,
    view: Position = HOME,
    *,
    cell_class: CellClass = CellClass.NEUTROPHIL,
    probability: float = 0.9,
    radius_um: float = 6.0,
    sharpness: float = 100.0,
    cut: bool = False,
) -> Cell:
    """The sighting of a round cell that lies at a place ``(x_um, y_um)`` of the slide."""
    radius = round(radius_um / UM_PER_PX)
    mask = np.zeros((2 * radius + 1,) * 2, np.uint8)
    cv2.circle(mask, (radius, radius), radius, 1, cv2.FILLED)
    left = round((place[0] - view.x_um) / UM_PER_PX) - radius
    top = round((place[1] - view.y_um) / UM_PER_PX) - radius
    box = Box(left, top, 2 * radius + 1, 2 * radius + 1)
    region = CellRegion(box, mask.astype(np.bool_), pi * radius_um**2, cut)
    probabilities = sureness(cell_class, probability)
    return Cell(region, cell_class, probabilities, sharpness, CellStatus.COUNTED, "")


def whole_in(places: Iterable[Place], view: Position, radius_um: float = 6.0) -> list[Cell]:
    height, width = VIEW_UM
    return [
        sighted((x, y), view)
        for x, y in places
        if radius_um < x - view.x_um < width - radius_um
        and radius_um < y - view.y_um < height - radius_um
    ]


def watched(
    ledger: CellLedger, cells: Sequence[Cell], *, times: int, view: Position = HOME
) -> list[LedgerChange]:
    return [ledger.see(view, cells, FRAME) for _ in range(times)]


def counted(changes: Iterable[LedgerChange]) -> list[TrackedCell]:
    return [cell for change in changes for cell in change.new]


def test_a_cell_seen_in_twenty_frames_is_counted_once() -> None:
    changes = watched(new_ledger(), [sighted((20, 20))], times=20)
    (cell,) = counted(changes)
    assert (cell.number, cell.views, cell.cell_class) == (1, 3, CellClass.NEUTROPHIL)
    assert dist((cell.x_um, cell.y_um), (20, 20)) < UM_PER_PX


def test_a_cell_is_counted_with_its_third_view() -> None:
    changes = watched(new_ledger(), [sighted((20, 20))], times=3)
    assert [len(change.new) for change in changes] == [0, 0, 1]


def test_a_cell_met_again_on_the_way_back_is_the_same() -> None:
    ledger = new_ledger()
    places = [(20.0, 20.0), (60.0, 24.0), (101.0, 30.0)]
    way = [Position(1, x, 0.0) for x in (0, 10, 20, 30, 40, 50, 60, 60, 50, 40, 30, 20, 10, 0)]
    changes = [ledger.see(view, whole_in(places, view), FRAME) for view in way * 2]
    assert len(counted(changes)) == len(places) == len(ledger)


def test_a_settled_cell_is_not_asked_for_again_but_its_neighbourhood_is() -> None:
    ledger = new_ledger()
    row, column = 20 / UM_PER_PX, 20 / UM_PER_PX
    for _ in range(6):
        assert ledger.wants(HOME, row, column)
        ledger.see(HOME, [sighted((20, 20))], FRAME)
    assert not ledger.wants(HOME, row + 5, column - 5)
    assert ledger.wants(HOME, row, column + 11 / UM_PER_PX)
    assert not ledger.wants(HOME.moved(8.0, 0.0), row, column - 8 / UM_PER_PX)
    assert ledger.wants(Position(2, 0.0, 0.0), row, column)


def test_the_class_comes_from_all_views_and_each_change_is_told() -> None:
    ledger = new_ledger()
    doubtful = sighted((20, 20), cell_class=CellClass.LYMPHOCYTE, probability=0.6)
    clear = sighted((20, 20), cell_class=CellClass.MONOCYTE, probability=0.95)
    changes = watched(ledger, [doubtful], times=3) + watched(ledger, [clear], times=3)
    told = [cell.cell_class for change in changes for cell in change.cells]
    assert told[0] is CellClass.LYMPHOCYTE
    assert told[-1] is CellClass.MONOCYTE
    assert changes[-1].changed[0].views == 6
    assert {cell.number for change in changes for cell in change.cells} == {1}


def test_a_cell_whose_views_contradict_each_other_is_unclassified() -> None:
    ledger = new_ledger()
    names = [CellClass.LYMPHOCYTE, CellClass.MONOCYTE] * 3
    views = [[sighted((20, 20), cell_class=name, probability=0.55)] for name in names]
    changes = [ledger.see(HOME, view, FRAME) for view in views]
    assert changes[-1].changed[0].status is CellStatus.UNCLASSIFIED


@pytest.mark.parametrize("gap_um", [8.0, 9.0, 12.0])
def test_two_cells_that_touch_stay_two(gap_um: float) -> None:
    ledger = new_ledger()
    pair = [sighted((20, 20), radius_um=5), sighted((20 + gap_um, 20), radius_um=5)]
    changes = watched(ledger, pair, times=3) + watched(ledger, pair[:1], times=4)
    changes += watched(ledger, pair[::-1], times=4)
    assert len(counted(changes)) == 2


def test_cells_cut_by_the_border_neither_count_nor_vote() -> None:
    ledger = new_ledger()
    part = sighted((3, 20), cell_class=CellClass.BASOPHIL, probability=0.99, cut=True)
    assert not any(watched(ledger, [part], times=10))
    view = Position(1, -20.0, 0.0)
    (cell,) = counted(watched(ledger, [sighted((1, 20), view)], times=3, view=view))
    assert (cell.cell_class, cell.views) == (CellClass.NEUTROPHIL, 3)


def test_a_cell_that_is_cut_is_asked_for_again_when_the_view_has_moved() -> None:
    ledger = new_ledger()
    ledger.see(HOME, [sighted((5, 20), cut=True)], FRAME)
    row, column = 20 / UM_PER_PX, 5 / UM_PER_PX
    assert not ledger.wants(HOME.moved(0.3, 0.3), row, column)
    assert ledger.wants(HOME.moved(-2, 0), row, column + 2 / UM_PER_PX)


def test_what_was_seen_once_or_twice_is_forgotten_in_time() -> None:
    ledger = new_ledger(LedgerRules(most_candidates=5))
    for place in range(20):
        ledger.see(Position(1, 40.0 * place, 0), [sighted((20, 20))], FRAME)
    changes = watched(ledger, [sighted((20, 20))], times=2)
    assert not counted(changes)
    assert len(ledger) == 0


def test_the_picture_is_that_of_the_sharpest_view_and_is_told_once() -> None:
    ledger = new_ledger()
    frames = [np.full_like(FRAME, level) for level in (235, 120, 180)]
    views = [sighted((20, 20), sharpness=sharpness) for sharpness in (50.0, 90.0, 70.0)]
    for frame, cell in zip(frames, views, strict=True):
        cv2.circle(frame, (100, 100), 15, (90, 60, 120), cv2.FILLED)
        change = ledger.see(HOME, [cell], frame)
    (told,) = change.new
    assert told.picture is not None
    assert told.picture.shape == (96, 96, 3)
    assert told.sharpness == 90
    settled = watched(ledger, [views[2]], times=3)[-1].changed[0]
    assert settled.picture is None


def test_the_picture_shows_the_cell_in_the_middle() -> None:
    frame = FRAME.copy()
    cv2.circle(frame, (100, 130), 30, (90, 60, 120), cv2.FILLED)
    cell = sighted((20, 26))
    ledger = new_ledger(LedgerRules(least_views=1))
    picture = ledger.see(HOME, [cell], frame).new[0].picture
    assert picture is not None
    rows, columns = np.nonzero(picture[..., 0] < 150)
    assert abs(rows.mean() - 48) < 1.5
    assert abs(columns.mean() - 48) < 1.5


def test_while_older_stretches_are_searched_cells_are_gathered_but_not_counted() -> None:
    ledger = new_ledger()
    cells = [sighted((20, 20)), sighted((40, 30))]
    held = [ledger.see(HOME, cells, FRAME, hold=True) for _ in range(8)]
    assert not any(held)
    assert not ledger.wants(HOME, 100, 100)
    change = ledger.see(HOME.moved(500, 0), [], FRAME)
    assert [cell.number for cell in change.new] == [1, 2]


def test_cells_that_were_held_are_not_counted_twice_when_the_old_stretch_is_found() -> None:
    ledger = new_ledger()
    watched(ledger, [sighted((20, 20)), sighted((40, 30))], times=6)
    elsewhere = Position(2, 0.0, 0.0)
    for _ in range(4):
        ledger.see(elsewhere, [sighted((10, 10)), sighted((45, 35))], FRAME, hold=True)
    joined = ledger.join(SegmentJoin(2, 1, 11.5, 9.0))
    assert not joined.merged
    change = ledger.see(HOME.moved(11.5, 9.0), [], FRAME)
    assert [(cell.number, cell.segment) for cell in change.new] == [(3, 1)]
    assert len(ledger) == 3


def test_when_stretches_join_the_cell_with_more_views_stays() -> None:
    ledger = new_ledger()
    watched(ledger, [sighted((20, 20)), sighted((50, 20))], times=3)
    elsewhere = Position(2, 0.0, 0.0)
    watched(ledger, [sighted((10, 10)), sighted((50, 40))], times=5, view=elsewhere)
    change = ledger.join(SegmentJoin(2, 1, 10.0, 10.0))
    assert dict(change.merged) == {1: 3}
    assert {cell.number: cell.views for cell in change.changed} == {3: 8, 4: 5}
    assert {cell.segment for cell in change.changed} == {1}
    assert len(ledger) == 3
    assert not ledger.wants(HOME, 100, 100)


def test_touching_cells_stay_two_when_stretches_join() -> None:
    ledger = new_ledger()
    pair = [sighted((20, 20), radius_um=5), sighted((28, 20), radius_um=5)]
    watched(ledger, pair, times=4)
    watched(ledger, pair, times=4, view=Position(2, 0.0, 0.0))
    change = ledger.join(SegmentJoin(2, 1, 1.5, -1.0))
    assert dict(change.merged) == {3: 1, 4: 2}
    assert len(ledger) == 2


def test_after_a_restart_nothing_is_counted_twice_and_numbers_go_on() -> None:
    ledger = new_ledger()
    kept = counted(watched(ledger, [sighted((20, 20)), sighted((50, 20))], times=3))
    again = new_ledger()
    again.restore(kept, first_number=8)
    assert len(again) == 2
    watched(again, [sighted((20, 20)), sighted((50, 20))], times=5)
    elsewhere = Position(2, 0.0, 0.0)
    new = counted(watched(again, [sighted((20, 20)), sighted((40, 40))], times=4, view=elsewhere))
    assert [cell.number for cell in new] == [8, 9]
    assert dict(again.join(SegmentJoin(2, 1, 0.5, 0.5)).merged) == {8: 1}
    assert len(again) == 3


def test_changes_of_one_frame_are_one() -> None:
    cell = counted(watched(new_ledger(), [sighted((20, 20))], times=3))[0]
    bare = replace(cell, picture=None, views=6)
    assert not LedgerChange()
    both = LedgerChange(new=(cell,)) | LedgerChange(changed=(bare,))
    assert both.new[0].views == 6
    assert both.new[0].picture is cell.picture
    assert not both.changed
    gone = LedgerChange(changed=(bare,)) | LedgerChange(merged={1: 5})
    assert not gone.cells
    assert gone


@settings(max_examples=15)
@given(
    order=st.permutations(range(24)),
    errors=st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=24, max_size=24),
)
def test_the_count_does_not_depend_on_the_order_of_the_frames(
    order: list[int], errors: list[Place]
) -> None:
    places = [(12.0 + 21 * (i % 5), 14.0 + 17 * (i // 5)) for i in range(20)]
    views = [Position(1, 8.0 * (i % 6), 12.0 * (i // 6)) for i in range(24)]
    ledger = new_ledger()
    for index in order:
        view = views[index]
        ledger.see(view.moved(*errors[index]), whole_in(places, view), FRAME)
    often = [sum(bool(whole_in([place], view)) for view in views) >= 3 for place in places]
    assert len(ledger) == sum(often)


frame_of_places = st.lists(st.tuples(st.floats(7, 57), st.floats(7, 41)), min_size=0, max_size=5)


@settings(max_examples=40)
@given(st.lists(frame_of_places, min_size=1, max_size=30))
def test_the_count_never_falls_and_numbers_follow_upon_each_other(
    frames: list[list[Place]],
) -> None:
    ledger = new_ledger(LedgerRules(least_views=1))
    told: dict[int, TrackedCell] = {}
    before = 0
    for places in frames:
        change = ledger.see(HOME, [sighted(place) for place in places], FRAME)
        told |= {cell.number: cell for cell in change.cells}
        assert len(change.new) <= len(places)
        assert len(ledger) == len(told) >= before
        before = len(ledger)
    assert sorted(told) == list(range(1, len(told) + 1))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(7, 57), st.floats(7, 41)), min_size=1, max_size=60))
def test_cells_seen_one_at_a_time_never_lie_within_a_radius(places: list[Place]) -> None:
    ledger = new_ledger(LedgerRules(least_views=1, enough_views=1))
    cells = counted(ledger.see(HOME, [sighted(place)], FRAME) for place in places)
    for one, other in itertools.combinations(cells, 2):
        assert dist((one.x_um, one.y_um), (other.x_um, other.y_um)) > 5.5


def test_ten_thousand_cells_take_little_memory_and_are_all_known() -> None:
    cell = counted(watched(new_ledger(), [sighted((20, 20))], times=3))[0]
    ledger = new_ledger()
    tracemalloc.start()
    ledger.restore(
        replace(cell, number=i + 1, views=6, x_um=20.0 * (i % 100), y_um=20.0 * (i // 100))
        for i in range(10_000)
    )
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 10e6
    view = Position(1, 980.0, 980.0)
    assert len(ledger) == 10_000
    assert not ledger.wants(view, 100, 100)
    assert ledger.wants(view, 50, 50)
    assert not ledger.see(view, [sighted((1000, 1001), view)], FRAME)
