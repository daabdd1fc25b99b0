"""Cells: kept whole, changed, merged, never deleted."""

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leuko.cells import CellClass, CellStatus
from leuko.store import CellRecord, SessionRecord, SessionSpec, Store

CellMaker = Callable[..., CellRecord]
FINITE = st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.builds(
    CellRecord,
    number=st.integers(1, 10**6),
    segment=st.integers(1, 1000),
    x_um=FINITE,
    y_um=FINITE,
    status=st.sampled_from(CellStatus),
    cell_class=st.sampled_from(CellClass),
    probabilities=st.lists(FINITE, min_size=8, max_size=8).map(tuple),
    views=st.integers(1, 1000),
    area_um2=FINITE,
    sharpness=FINITE,
    reason=st.text(st.characters(exclude_categories=["Cs"])),
    picture=st.none() | st.binary(max_size=9000),
)


def as_saved(cell: CellRecord) -> CellRecord:
    return replace(cell, sequence=0, changed=None)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(CELLS, unique_by=lambda cell: cell.number, max_size=8))
def test_cells_come_back_as_they_were_saved(cells: list[CellRecord], quick_folder: Path) -> None:
    with TemporaryDirectory(dir=quick_folder) as folder, Store.opened(Path(folder) / "x") as store:
        session = store.start_session(SessionSpec("26-1"))
        store.save_cells(session.id, cells)
        kept = [as_saved(cell) for cell in store.cells(session.id)]
    assert kept == sorted(cells, key=lambda cell: cell.number)


def test_a_change_replaces_what_was_kept(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(1), cell(2)])
    store.save_cells(session.id, [cell(2, cell_class=CellClass.BASOPHIL, views=9, x_um=1.0)])
    kept = [as_saved(each) for each in store.cells(session.id)]
    assert kept == [cell(1), cell(2, cell_class=CellClass.BASOPHIL, views=9, x_um=1.0)]


def test_the_newest_counted_cells_of_some_classes_are_read_with_their_pictures(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    others = [
        cell(6, cell_class=CellClass.BASOPHIL),
        cell(7, status=CellStatus.EXCLUDED),
        cell(8, cell_class=CellClass.LYMPHOCYTE),
    ]
    store.save_cells(session.id, [*map(cell, range(1, 6)), *others])
    store.save_cells(session.id, (), merged={5: 1})
    classes = (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE)
    newest = store.newest_cells(session.id, classes=classes, limit=3)
    assert [one.number for one in newest] == [8, 4, 3]
    assert all(one.picture for one in newest)


def test_a_later_change_has_a_larger_sequence_number(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(1), cell(2)])
    store.save_cells(session.id, [cell(1, views=6)])
    first, second = store.cells(session.id)
    assert first.sequence > second.sequence > session.sequence
    assert first.changed is not None


def test_a_picture_stays_until_a_sharper_one_comes(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(1, picture=b"first")])
    store.save_cells(session.id, [cell(1, picture=None, views=6)])
    assert [each.picture for each in store.cells(session.id)] == [b"first"]
    store.save_cells(session.id, [cell(1, picture=b"sharper")])
    assert [each.picture for each in store.cells(session.id)] == [b"sharper"]


def test_pictures_can_be_left_out(store: Store, session: SessionRecord, cell: CellMaker) -> None:
    store.save_cells(session.id, [cell(1)])
    assert [each.picture for each in store.cells(session.id, pictures=False)] == [None]


def test_numbers_of_numpy_are_kept_as_numbers(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    probabilities = tuple(np.full(8, 0.125, np.float32))
    given = cell(1, x_um=np.float32(1.5), views=np.int64(3), probabilities=probabilities)
    store.save_cells(session.id, [given])
    assert [as_saved(each) for each in store.cells(session.id)] == [
        cell(1, x_um=1.5, views=3, probabilities=(0.125,) * 8)
    ]


def test_more_cells_than_a_batch_come_back_in_order(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(number, picture=None) for number in range(1, 502)])
    assert [each.number for each in store.cells(session.id)] == list(range(1, 502))


def test_cells_of_two_sessions_are_kept_apart(
    store: Store, spec: SessionSpec, cell: CellMaker
) -> None:
    for class_of_it in (CellClass.NEUTROPHIL, CellClass.EOSINOPHIL):
        session = store.start_session(spec)
        store.save_cells(session.id, [cell(1, cell_class=class_of_it)])
        store.set_state(session.id, store.session(session.id).state.FINISHED)
    assert [each.cell_class for each in store.cells(1)] == [CellClass.NEUTROPHIL]
    assert store.count(2).counts[CellClass.EOSINOPHIL] == 1


def test_the_last_cell_is_the_newest_leukocyte_that_stands(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    artefact = cell(4, status=CellStatus.EXCLUDED, cell_class=CellClass.PLATELET_OR_ARTEFACT)
    cells = [cell(1), cell(2, status=CellStatus.UNCLASSIFIED), cell(3), artefact]
    store.save_cells(session.id, cells, merged={3: 1})
    last = store.last_cell(session.id)
    assert last is not None
    assert (last.number, last.status) == (2, CellStatus.UNCLASSIFIED)
    assert last.picture == cell(2).picture


def test_a_merged_cell_stays_and_counts_no_more(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(1), cell(2), cell(3)])
    store.save_cells(session.id, (), merged={2: 1, 3: 1})
    assert store.count(session.id).n == 1
    assert [each.merged_into for each in store.cells(session.id)] == [None, 1, 1]


def test_a_merger_and_the_cells_it_changes_are_one_transaction(
    store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(1), cell(2)])
    with pytest.raises(ValueError, match="cell 9 of session 1 is not kept"):
        store.save_cells(session.id, [cell(1, views=99)], merged={2: 9})
    assert [each.views for each in store.cells(session.id)] == [5, 5]
    store.save_cells(session.id, [cell(1, views=10)], merged={2: 1})
    assert [each.views for each in store.cells(session.id)] == [10, 5]


@pytest.mark.parametrize("merged", [{1: 2, 2: 1}, {1: 1}, {1: 2, 2: 3}])
def test_a_cell_is_merged_only_into_one_that_stands(
    store: Store, session: SessionRecord, cell: CellMaker, merged: dict[int, int]
) -> None:
    store.save_cells(session.id, [cell(1), cell(2), cell(3)])
    with pytest.raises(ValueError, match="does not stand itself"):
        store.save_cells(session.id, (), merged=merged)
    assert store.count(session.id).n == 3


def test_nothing_to_save_writes_nothing(store: Store, session: SessionRecord) -> None:
    before = list(store.log())
    store.save_cells(session.id, [])
    assert list(store.log()) == before


def test_a_cell_cannot_be_deleted_even_by_hand(
    path: Path, store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(1, picture=None)])
    with (
        contextlib.closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="never deleted"),
    ):
        connection.execute("DELETE FROM cells")
