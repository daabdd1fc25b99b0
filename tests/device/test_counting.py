"""The differential count, against the Rümke table and the laws it must obey."""

from itertools import pairwise
from math import ceil, floor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leuko.cells import LEUKOCYTES, CellClass, CellStatus
from leuko.counting import DifferentialCount, Entry, cells_needed, exact_interval

# Percent seen: 95 % interval for 50, 100, 200, 400, 500 and 1000 cells, lower end rounded down
# and upper end up, as Rümke laid the table out.
RUEMKE = """
0   0–8 0–4 0–2 0–1 0–1 0–1
1   – 0–6 0–4 0–3 0–3 0–2
2   0–11 0–8 0–6 0–4 0–4 1–4
3   – 0–9 1–7 1–6 1–5 2–5
5   – 1–12 2–10 3–8 3–8 3–7
7   – 2–14 3–12 4–10 4–10 5–9
9   – 4–17 5–14 6–13 6–12 7–11
10  3–22 4–18 6–16 7–14 7–13 8–13
15  – 8–24 10–21 11–19 11–19 12–18
20  10–34 12–30 14–27 16–25 16–24 17–23
30  17–45 21–40 23–37 25–35 26–35 27–33
40  26–55 30–51 33–48 35–45 35–45 36–44
50  35–65 39–61 42–58 44–56 45–55 46–54
60  45–74 49–70 52–67 55–65 55–65 56–64
70  55–83 60–79 63–77 65–75 65–74 67–73
80  66–90 70–88 73–86 75–84 76–84 77–83
90  78–97 82–96 84–94 86–93 87–93 87–92
"""
CELLS = (50, 100, 200, 400, 500, 1000)


def entries_of_the_table() -> list[tuple[int, int, str]]:
    rows = [line.split() for line in RUEMKE.strip().splitlines()]
    return [
        (int(row[0]), n, entry)
        for row in rows
        for n, entry in zip(CELLS, row[1:], strict=True)
        if entry != "–"
    ]


entries = st.lists(
    st.builds(
        Entry,
        st.sampled_from(list(CellClass)),
        st.sampled_from([CellStatus.EXCLUDED, CellStatus.UNCLASSIFIED]),
        st.booleans(),
    )
    | st.builds(Entry, st.sampled_from(LEUKOCYTES), st.just(CellStatus.COUNTED)),
    max_size=60,
)
counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def counted(number: int, cell_class: CellClass = CellClass.NEUTROPHIL) -> list[Entry]:
    return [Entry(cell_class, CellStatus.COUNTED)] * number


@pytest.mark.parametrize(("percent", "n", "printed"), entries_of_the_table())
def test_the_interval_is_that_of_the_ruemke_table(percent: int, n: int, printed: str) -> None:
    low, high = exact_interval(percent * n // 100, n)
    assert f"{floor(low)}–{ceil(high)}" == printed


@given(counts)
def test_the_interval_contains_the_estimate(count_of: tuple[int, int]) -> None:
    count, n = count_of
    low, high = exact_interval(count, n)
    assert 0 <= low <= 100 * count / n <= high <= 100


@given(counts)
def test_the_interval_of_the_others_is_its_mirror_image(count_of: tuple[int, int]) -> None:
    count, n = count_of
    low, high = exact_interval(count, n)
    mirrored = exact_interval(n - count, n)
    assert (100 - high, 100 - low) == pytest.approx(mirrored, abs=1e-9)


@settings(max_examples=10)
@given(st.integers(1, 100))
def test_the_interval_rises_with_the_count(n: int) -> None:
    for (low, high), (next_low, next_high) in pairwise(exact_interval(k, n) for k in range(n + 1)):
        assert low <= next_low
        assert high <= next_high


def test_more_confidence_makes_a_wider_interval() -> None:
    narrow, wide = exact_interval(9, 100), exact_interval(9, 100, confidence=0.99)
    assert wide.low < narrow.low
    assert wide.high > narrow.high


def test_a_count_beyond_the_total_is_refused() -> None:
    with pytest.raises(ValueError, match="11 of 10"):
        exact_interval(11, 10)


@given(entries)
def test_percentages_sum_to_a_hundred(cells: list[Entry]) -> None:
    count = DifferentialCount.from_entries(cells)
    assert sum(count.percent.values()) == pytest.approx(100 if count.n else 0)


@given(entries, st.randoms(use_true_random=False))
def test_the_order_of_cells_does_not_matter(cells: list[Entry], random: Random) -> None:
    shuffled = list(cells)
    random.shuffle(shuffled)
    assert DifferentialCount.from_entries(shuffled) == DifferentialCount.from_entries(cells)


@given(entries)
def test_every_cell_is_tallied_once(cells: list[Entry]) -> None:
    count = DifferentialCount.from_entries(cells)
    assert count.n + sum(count.excluded.values()) + count.unclassified == len(cells)


def test_unclassified_cells_stay_out_of_the_denominator() -> None:
    unsure = [Entry(CellClass.MONOCYTE, CellStatus.UNCLASSIFIED)] * 5
    count = DifferentialCount.from_entries(counted(10) + unsure)
    assert count.n == 10
    assert count.unclassified == 5
    assert count.percent[CellClass.NEUTROPHIL] == 100


def test_erythroblasts_are_given_per_hundred_leukocytes() -> None:
    erythroblasts = [Entry(CellClass.ERYTHROBLAST, CellStatus.EXCLUDED)] * 3
    count = DifferentialCount.from_entries(counted(50) + erythroblasts)
    assert count.excluded[CellClass.ERYTHROBLAST] == 3
    assert count.beside_per_100[CellClass.ERYTHROBLAST] == 6


def test_an_erythroblast_cut_by_the_border_is_excluded_but_in_no_rate() -> None:
    cut = Entry(CellClass.ERYTHROBLAST, CellStatus.EXCLUDED, cut_by_border=True)
    count = DifferentialCount.from_entries([*counted(50), cut])
    assert count.excluded[CellClass.ERYTHROBLAST] == 1
    assert count.beside_per_100[CellClass.ERYTHROBLAST] == 0


def test_a_count_of_nothing_knows_nothing() -> None:
    count = DifferentialCount.from_entries([])
    assert count.n == 0
    assert set(count.percent.values()) == {0}
    assert set(count.interval95.values()) == {(0, 100)}
    assert set(count.beside_per_100.values()) == {None}


@given(st.floats(0, 100), st.floats(0.5, 20))
@settings(max_examples=25)
def test_the_cells_needed_are_enough(percent: float, half_width: float) -> None:
    n = cells_needed(percent, half_width=half_width)
    assert cells_needed(percent, half_width=half_width * 1.2) <= n
    seen = round(percent / 100 * n)
    low, high = exact_interval(seen, n)
    # A whole number of cells may lie half a cell off the share that was asked for.
    assert high - low <= 2 * half_width + 100 / n


@given(st.data())
@settings(max_examples=25)
def test_one_cell_less_than_needed_misses_the_half_width(data: st.DataObject) -> None:
    less = data.draw(st.integers(1, 400), label="cells")
    seen = data.draw(st.integers(0, less), label="seen")
    low, high = exact_interval(seen, less)
    # Just missed and just met by this whole number of cells.
    percent, missed, met = 100 * seen / less, (high - low) / 2 - 1e-6, (high - low) / 2 + 1e-6
    assert cells_needed(percent, half_width=missed) == less + 1
    assert cells_needed(percent, half_width=met) == less


def test_ten_points_at_a_half_take_about_a_hundred_cells() -> None:
    # The Rümke table gives 39–61 for 100 cells, a little more than ± 10.
    assert cells_needed(50, half_width=10) == 104


@pytest.mark.parametrize(("percent", "half_width"), [(-1, 5), (101, 5), (50, 0)])
def test_an_impossible_wish_is_refused(percent: float, half_width: float) -> None:
    with pytest.raises(ValueError, match="no count gives"):
        cells_needed(percent, half_width=half_width)


def test_cells_already_counted_need_not_be_counted_again() -> None:
    half = DifferentialCount.from_entries(counted(50) + counted(50, CellClass.LYMPHOCYTE))
    more = half.more_cells_needed(CellClass.NEUTROPHIL, half_width=5)
    assert more == cells_needed(50, half_width=5) - 100
    assert half.more_cells_needed(CellClass.NEUTROPHIL, half_width=20) == 0


def test_before_the_first_cell_the_worst_case_is_supposed() -> None:
    nothing = DifferentialCount.from_entries([])
    assert nothing.more_cells_needed(CellClass.BASOPHIL, half_width=5) == cells_needed(
        50, half_width=5
    )
