"""What is found at start: nothing, a sound store, a damaged one, one that is not ours."""

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from leuko.errors import StoreError
from leuko.status import SessionState
from leuko.store import CellRecord, Outcome, SessionSpec, Store

CellMaker = Callable[..., CellRecord]
PAGE = 4096


@pytest.fixture
def filled(path: Path, spec: SessionSpec, cell: CellMaker) -> Path:
    """A store with 300 cells of which 200 are in the kept copy, in one file."""
    with Store.opened(path) as store:
        session = store.start_session(spec)
        store.save_cells(session.id, [cell(number) for number in range(1, 201)])
        store.keep_copy()
        store.save_cells(session.id, [cell(number) for number in range(201, 301)])
        store.save_cells(session.id, [cell(5, views=77)])
    return path


def numbers(store: Store) -> list[int]:
    return [each.number for each in store.cells(1, pictures=False)]


def pages_of(path: Path, table: str) -> list[int]:
    """The leaf pages of a table, in the order of its rows."""
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)
        ).fetchone()
    content = path.read_bytes()
    inner = content[(root - 1) * PAGE : root * PAGE]
    assert inner[0] == 5, "an inner page of a table (sqlite.org/fileformat2.html, 1.6)"
    cells = int.from_bytes(inner[3:5], "big")
    places = [int.from_bytes(inner[12 + 2 * at : 14 + 2 * at], "big") for at in range(cells)]
    return [
        *(int.from_bytes(inner[place : place + 4], "big") for place in places),
        int.from_bytes(inner[8:12], "big"),
    ]


def ruin(path: Path, pages: Sequence[int]) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)


def test_a_new_store_says_so(path: Path) -> None:
    with Store.opened(path) as store:
        assert store.opening.outcome is Outcome.CREATED
        assert not store.opening.notice


def test_a_sound_store_needs_no_words(filled: Path) -> None:
    with Store.opened(filled) as store:
        assert store.opening.outcome is Outcome.SOUND
        assert not store.opening.notice
        assert len(numbers(store)) == 300


def test_a_damaged_store_is_restored_with_what_came_after_the_copy(filled: Path) -> None:
    ruin(filled, pages_of(filled, "cells")[:1])
    with Store.opened(filled) as store:
        assert store.opening.outcome is Outcome.RECOVERED
        assert store.opening.from_kept_copy
        assert store.opening.notice == "the store was damaged and is restored: no cell is lost"
        assert numbers(store) == list(range(1, 301))
        assert next(each.views for each in store.cells(1) if each.number == 5) == 5
        active = store.active_session()
    assert active is not None
    assert active.state is SessionState.COUNTING


def test_a_row_that_changed_after_the_copy_is_taken_from_the_damaged_store(filled: Path) -> None:
    ruin(filled, pages_of(filled, "log")[1:2])
    with Store.opened(filled) as store:
        assert next(each.views for each in store.cells(1) if each.number == 5) == 77
        assert store.count(1).n == 300


def test_cells_that_are_lost_are_counted_aloud(filled: Path) -> None:
    ruin(filled, pages_of(filled, "cells")[-1:])
    with Store.opened(filled) as store:
        lost = 300 - len(numbers(store))
        assert 0 < lost < 50
        assert store.opening.missing_cells == lost
        assert store.opening.notice.endswith(f": {lost} cells are lost")


def test_cells_that_were_lost_once_are_not_told_again(filled: Path) -> None:
    ruin(filled, pages_of(filled, "cells")[-1:])
    with Store.opened(filled) as store:
        assert store.opening.missing_cells
        store.keep_copy()
    with Store.opened(filled) as store:
        assert store.opening.outcome is Outcome.SOUND
    ruin(filled, pages_of(filled, "cells")[:1])
    with Store.opened(filled) as store:
        assert store.opening.notice == "the store was damaged and is restored: no cell is lost"


def test_without_a_copy_all_readable_rows_are_saved(filled: Path) -> None:
    filled.with_name("leuko.db.kept").unlink()
    ruin(filled, pages_of(filled, "cells")[3:5])
    with Store.opened(filled) as store:
        assert not store.opening.from_kept_copy
        saved = numbers(store)
        assert store.opening.missing_cells == 300 - len(saved)
        assert {1, 300} <= set(saved)
        assert len(saved) > 200


def test_a_damaged_store_is_set_aside_as_it_was(filled: Path) -> None:
    ruin(filled, pages_of(filled, "cells")[:1])
    before = filled.read_bytes()
    with Store.opened(filled) as store:
        aside = store.opening.set_aside
    assert aside == filled.with_name("leuko.db.damaged-1")
    assert aside.read_bytes() == before


def test_a_store_damaged_twice_leaves_two_files(filled: Path) -> None:
    for number in (1, 2):
        ruin(filled, pages_of(filled, "cells")[:1])
        with Store.opened(filled) as store:
            assert store.opening.set_aside == filled.with_name(f"leuko.db.damaged-{number}")
            assert len(numbers(store)) == 300


@pytest.mark.parametrize("rubbish", [b"\xa5" * 100_000, b"SQLite format 3\0" + b"\xa5" * 9000])
def test_a_store_of_rubbish_is_restored_from_its_copy(filled: Path, rubbish: bytes) -> None:
    filled.write_bytes(rubbish)
    with Store.opened(filled) as store:
        assert len(numbers(store)) == 200
        assert store.opening.notice.endswith("restored from its copy, what came later is lost")


@pytest.mark.parametrize("content", [None, b""])
def test_a_store_that_has_vanished_is_restored_from_its_copy(
    filled: Path, content: bytes | None
) -> None:
    filled.unlink()
    if content is not None:
        filled.write_bytes(content)
    with Store.opened(filled) as store:
        assert len(numbers(store)) == 200
        assert store.opening.outcome is Outcome.RECOVERED


def test_a_store_of_rubbish_without_a_copy_is_begun_anew_and_says_so(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xa5" * 10_000)
    with Store.opened(path) as store:
        assert store.opening.notice.endswith("cannot be read: a new one is begun")
        assert store.sessions() == []
    assert path.with_name("leuko.db.damaged-1").stat().st_size == 10_000


def test_a_damaged_copy_is_read_as_far_as_it_goes(filled: Path) -> None:
    kept = filled.with_name("leuko.db.kept")
    ruin(kept, pages_of(kept, "cells")[-1:])
    ruin(filled, pages_of(filled, "cells")[:2])
    with Store.opened(filled) as store:
        assert not store.opening.from_kept_copy
        assert numbers(store) == list(range(1, 301))


def test_a_session_whose_row_is_lost_comes_back_with_its_cells(filled: Path) -> None:
    filled.with_name("leuko.db.kept").unlink()
    with closing(sqlite3.connect(filled)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'"
        ).fetchone()
    ruin(filled, [root])
    with Store.opened(filled) as store:
        active = store.active_session()
        assert active is not None
        assert (active.id, active.spec.specimen) == (1, "26-0417")
        assert active.state is SessionState.PAUSED
        assert store.count(1).n == 300


@pytest.mark.parametrize("is_copied", [True, False])
def test_smudge_cells_and_the_slides_picture_outlive_damage(
    filled: Path, *, is_copied: bool
) -> None:
    with Store.opened(filled) as store:
        store.tally_smudge_cell(1)
        store.tally_smudge_cell(1)
        store.save_overview(1, b"slide")
    if not is_copied:
        filled.with_name("leuko.db.kept").unlink()
    with closing(sqlite3.connect(filled)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'"
        ).fetchone()
    ruin(filled, [root])
    with Store.opened(filled) as store:
        assert store.opening.outcome is Outcome.RECOVERED
        assert (store.count(1).smudge_cells, store.overview(1)) == (2, b"slide")


def test_numbers_of_lost_entries_are_not_given_again(filled: Path) -> None:
    with Store.opened(filled) as store:
        last = max(entry.sequence for entry in store.log())
    ruin(filled, pages_of(filled, "log")[-1:])
    with Store.opened(filled) as store:
        assert store.opening.missing_entries > 0
        store.note("service started")
        *_, newest = store.log()
    assert newest.sequence > last


def test_recovery_is_in_the_log(filled: Path) -> None:
    ruin(filled, pages_of(filled, "cells")[:1])
    with Store.opened(filled) as store:
        *_, entry = store.log()
    assert entry.kind == "store recovered"
    assert entry.detail["from_kept_copy"] is True


def test_a_recovery_that_was_cut_off_is_finished_at_the_next_start(filled: Path) -> None:
    ruin(filled, pages_of(filled, "cells")[:1])
    trial = shutil.copytree(filled.parent, filled.parent.with_name("trial"))
    with Store.opened(trial / filled.name):
        pass
    # As it is between the two renames: the damaged store is aside, the restored one not yet there.
    shutil.copy(trial / filled.name, filled.with_name("leuko.db.recovered"))
    filled.rename(filled.with_name("leuko.db.damaged-1"))
    with Store.opened(filled) as store:
        assert store.opening.outcome is Outcome.RECOVERED
        assert store.opening.notice == "the store was damaged and is restored: no cell is lost"
        assert len(numbers(store)) == 300
    assert not filled.with_name("leuko.db.recovered").exists()


def test_a_copy_is_not_replaced_by_that_of_a_damaged_store(filled: Path) -> None:
    kept = filled.with_name("leuko.db.kept")
    before = kept.read_bytes()
    with Store.opened(filled) as store:
        ruin(filled, pages_of(filled, "cells")[:1])
        with pytest.raises(StoreError, match=r"it is damaged \(.+\); start the service again"):
            store.keep_copy()
    assert kept.read_bytes() == before
    with Store.opened(filled) as store:
        assert len(numbers(store)) == 300


@pytest.mark.slow
def test_pictures_of_a_large_store_are_checked_with_its_copy(
    path: Path, spec: SessionSpec, cell: CellMaker
) -> None:
    with Store.opened(path) as store:
        store.start_session(spec)
        for number in range(1, 11):
            store.save_cells(1, [cell(number, picture=b"\x89PNG" * 2_000_000)])
    ruin(path, [12_000])
    with Store.opened(path) as store:
        assert store.opening.outcome is Outcome.SOUND
        with pytest.raises(StoreError, match="it is damaged"):
            store.keep_copy()
    with Store.opened(path) as store:
        assert store.opening.notice == "the store was damaged and is restored: no cell is lost"
        assert sum(each.picture is not None for each in store.cells(1)) == 9


def test_a_copy_is_one_file_that_anybody_can_read(filled: Path) -> None:
    kept = filled.with_name("leuko.db.kept")
    assert [each.name for each in sorted(filled.parent.glob("*.kept*"))] == [kept.name]
    with Store.reading(kept) as copy:
        assert copy.count(1).n == 200


def test_a_copy_is_not_made_twice_of_the_same(filled: Path) -> None:
    kept = filled.with_name("leuko.db.kept")
    with Store.opened(filled) as store:
        store.keep_copy()
        first = kept.stat().st_ino
        store.keep_copy()
        assert kept.stat().st_ino == first
        store.note("service stopped")
        store.keep_copy()
        assert kept.stat().st_ino != first


def test_a_second_writer_is_refused(filled: Path) -> None:
    with Store.opened(filled), pytest.raises(StoreError, match="another leuko process has it open"):
        Store.opened(filled)
    with Store.opened(filled) as store:
        assert store.opening.outcome is Outcome.SOUND


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not one of leuko's; choose another path"):
        Store.opened(path)
    assert path.read_bytes() == before


def test_a_program_that_holds_the_store_is_named_as_the_cause(filled: Path) -> None:
    with Store.opened(filled) as store, closing(sqlite3.connect(filled)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program is writing to it; close that one"):
            store.note("service started")
        other.rollback()
        store.note("service started")
