"""The hand at the stage: a person's way of moving, the same for everybody who asks."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leuko.cells import CellClass
from leuko.errors import SettingsError
from leuko.sim.camera import Hand, HandHabits, Look, SlideCell, Stretch, ViewLimits, cells_shown

UM_PER_PX = 0.1
VIEW = (640, 480)
SLIDE = (Stretch(-20, 10, 2600, 1900),)
FIELDS = (Stretch(0, 0, 1000, 800), Stretch(2024, 0, 1000, 800), Stretch(4048, 0, 900, 700))
CALM = HandHabits(
    tremor_um=0, drift_um=0, knocks_per_min=0, blurs_per_min=0, dropped_share=0, jump_share=0
)


def hand(
    *,
    stretches: tuple[Stretch, ...] = SLIDE,
    habits: HandHabits | None = None,
    cells: tuple[SlideCell, ...] = (),
    frames_per_s: float = 20.0,
    exposure_s: float = 0.004,
    seed: int = 5,
) -> Hand:
    return Hand(
        stretches,
        VIEW,
        um_per_px=UM_PER_PX,
        habits=habits,
        cells=cells,
        frames_per_s=frames_per_s,
        exposure_s=exposure_s,
        seed=seed,
    )


def scattered_cells(count: int = 60, *, seed: int = 1) -> tuple[SlideCell, ...]:
    rng = np.random.default_rng(seed)
    xs, ys = rng.uniform(100, 2450, count), rng.uniform(120, 1800, count)
    return tuple(
        SlideCell(float(x), float(y), 130, 120, CellClass.NEUTROPHIL)
        for x, y in zip(xs, ys, strict=True)
    )


def ways_um(looks: list[Look]) -> Iterator[float]:
    for before, look in itertools.pairwise(looks):
        yield float(np.hypot(look.x_px - before.x_px, look.y_px - before.y_px)) * UM_PER_PX


def test_a_path_is_the_same_in_whatever_order_it_is_asked_for() -> None:
    forwards = list(hand(cells=scattered_cells()))
    other = hand(cells=scattered_cells())
    backwards = [other.look(number) for number in reversed(range(len(other)))]
    assert forwards == backwards[::-1]


def test_another_seed_is_another_path() -> None:
    assert list(hand(seed=1))[:40] != list(hand(seed=2))[:40]


def test_a_faster_camera_sees_more_of_the_same_path() -> None:
    slow, fast = hand(frames_per_s=10), hand(frames_per_s=30)
    for number in range(0, len(slow) - 1, 7):
        first, second = slow.look(number), fast.look(3 * number)
        assert (first.x_px, first.y_px) == pytest.approx((second.x_px, second.y_px), abs=1e-6)
        assert first.defocus_px == pytest.approx(second.defocus_px)


@settings(max_examples=6)
@given(seed=st.integers(0, 2**31), stretches=st.sampled_from([SLIDE, FIELDS]))
def test_the_view_never_leaves_its_stretch(seed: int, stretches: tuple[Stretch, ...]) -> None:
    for look in hand(seed=seed, stretches=stretches):
        part = stretches[look.stretch]
        assert part.x_px <= look.x_px <= part.x_px + part.width_px - VIEW[0]
        assert part.y_px <= look.y_px <= part.y_px + part.height_px - VIEW[1]


def test_a_stretch_smaller_than_the_view_is_looked_at_from_its_corner() -> None:
    looks = list(hand(stretches=(Stretch(7, 9, 300, 200),)))
    assert looks
    assert {(look.x_px, look.y_px) for look in looks} == {(7, 9)}


def test_the_hand_visits_every_stretch() -> None:
    assert {look.stretch for look in hand(stretches=FIELDS)} == {0, 1, 2}


def test_the_hand_rests_more_than_it_moves_and_moves_in_smooth_strokes() -> None:
    row = (Stretch(0, 0, 4000, 480),)
    looks = list(hand(habits=CALM, cells=scattered_cells(), stretches=row, frames_per_s=200))
    speeds = np.array([look.speed_um_s for look in looks])
    assert 0.4 < np.mean(speeds < 10) < 0.9
    assert 100 < np.percentile(speeds[speeds > 10], 75) < 400
    # A stroke gathers speed over many of these 5 ms.
    assert np.abs(np.diff(speeds)).max() < 0.2 * speeds.max()


def test_the_way_during_the_exposure_follows_the_speed() -> None:
    short, long = (list(hand(habits=CALM, exposure_s=s)) for s in (0.002, 0.008))
    for brief, extended in zip(short[:200], long[:200], strict=True):
        assert extended.dx_px == pytest.approx(4 * brief.dx_px, abs=1e-6)
        way_um = np.hypot(brief.dx_px, brief.dy_px) * UM_PER_PX
        assert way_um == pytest.approx(brief.speed_um_s * 0.002, abs=1e-9)


def test_the_speed_is_that_of_the_places() -> None:
    fine = list(hand(habits=CALM, frames_per_s=400, stretches=(Stretch(0, 0, 1500, 480),)))
    ways = np.array(list(ways_um(fine))) * 400
    speeds = np.array([look.speed_um_s for look in fine])
    assert np.allclose(ways, (speeds[1:] + speeds[:-1]) / 2, atol=6)


def test_a_resting_hand_trembles_by_less_than_a_micrometre() -> None:
    looks = list(hand(habits=HandHabits(tremor_um=0.15, drift_um=0, knocks_per_min=0)))
    resting = [look for look in looks if look.speed_um_s < 15]
    ways = [
        way
        for before, look, way in zip(looks, looks[1:], ways_um(looks), strict=False)
        if before in resting[:60] and look in resting[:60]
    ]
    assert 0.02 < np.median(ways) < 1


def test_a_jump_loses_the_overlap_and_is_smeared() -> None:
    looks = list(hand(habits=HandHabits(jump_share=0.2)))
    assert max(ways_um(looks)) > 0.9 * VIEW[1] * UM_PER_PX
    assert max(np.hypot(look.dx_px, look.dy_px) for look in looks) > 50


def test_the_hand_goes_back_over_ground_already_seen() -> None:
    def longest_way_back(habits: HandHabits) -> float:
        xs = [look.x_px for look in hand(habits=habits, stretches=(Stretch(0, 0, 6000, 480),))]
        return float(np.max(np.maximum.accumulate(xs) - xs))

    one_way = HandHabits(return_share=0, jump_share=0, unevenness=0)
    there_and_back = HandHabits(return_share=0.3, jump_share=0, unevenness=0)
    assert longest_way_back(one_way) < 0.2 * VIEW[0]
    assert longest_way_back(there_and_back) > 0.5 * VIEW[0]


def test_the_focus_is_lost_now_and_then_and_found_again() -> None:
    blurs_um = [look.defocus_px * UM_PER_PX for look in hand(habits=HandHabits(blurs_per_min=6))]
    assert max(blurs_um) > 0.25
    assert np.mean(np.array(blurs_um) < 0.05) > 0.7
    assert np.abs(np.diff(blurs_um)).max() < 0.5 * max(blurs_um)


def test_frames_are_dropped_as_often_as_asked() -> None:
    looks = list(hand(habits=HandHabits(dropped_share=0.05), frames_per_s=60))
    assert 0.03 < np.mean([look.is_dropped for look in looks]) < 0.07
    assert not any(look.is_dropped for look in hand(habits=CALM))


def test_most_cells_are_shown_steadily_for_five_frames() -> None:
    cells = scattered_cells()
    path = hand(cells=cells)
    showings = cells_shown(cells, path)
    assert sum(showing.longest_run >= 5 for showing in showings) > 0.9 * len(cells)


def test_showing_counts_the_frames_in_which_a_cell_is_whole_sharp_and_slow() -> None:
    cells, path = scattered_cells(8), hand()
    limits = ViewLimits(margin_um=2, fastest_um_s=30, most_defocus_um=0.1)
    looks = list(path)
    for cell, showing in zip(cells, cells_shown(cells, path, limits=limits), strict=True):
        whole = [
            look
            for look in looks
            if not look.is_dropped
            and 65 + 20 <= cell.x_px - look.x_px <= VIEW[0] - 65 - 20
            and 60 + 20 <= cell.y_px - look.y_px <= VIEW[1] - 60 - 20
        ]
        good = [
            look.number for look in whole if look.speed_um_s <= 30 and look.defocus_px <= 1 + 1e-9
        ]
        assert showing.glimpses == len(whole)
        assert showing.frames == len(good)
        assert showing.first == (good[0] if good else None)
        assert showing.longest_run <= len(good)


def test_a_cell_beyond_the_path_is_never_shown() -> None:
    nowhere = SlideCell(9000, 9000, 100, 100, None)
    (showing,) = cells_shown([nowhere], hand())
    assert (showing.frames, showing.longest_run, showing.visits, showing.glimpses) == (0, 0, 0, 0)
    assert showing.first is None


def test_only_frames_that_were_taken_show_a_cell() -> None:
    cells, path = scattered_cells(30), hand()
    every = cells_shown(cells, path)
    half = cells_shown(cells, path, frames=range(0, len(path), 2))
    assert sum(s.frames for s in half) == pytest.approx(sum(s.frames for s in every) / 2, rel=0.1)


@pytest.mark.parametrize(
    ("habit", "value", "words"),
    [
        ("tremor_um", -0.1, "tremor_um of -0.1 is negative"),
        ("row_overlap", 1.0, "row_overlap of 1 is no share"),
        ("speed_um_s", 0.0, "speed_um_s of 0 never arrives"),
    ],
)
def test_habits_that_no_hand_has_are_refused(habit: str, value: float, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        HandHabits(**{habit: value})
