"""A disk that is full, read-only, or neither; on a real file system of one megabyte."""

import os
import re
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from leuko.errors import StoreError
from leuko.status import Level
from leuko.store import CellRecord, Outcome, SessionRecord, SessionSpec, Store

CellMaker = Callable[..., CellRecord]
needs_mount = pytest.mark.hardware


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """The folder that a file system of its own is mounted on."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True)


def fill(store: Store, session: SessionRecord, cell: CellMaker) -> list[int]:
    """Save cells until the disk is full, and return the numbers of those that were kept."""
    numbers: list[int] = []

    def save_on() -> None:
        for number in range(1, 1000):
            store.save_cells(session.id, [cell(number, picture=b"\x89PNG" * 1500)])
            numbers.append(number)

    with pytest.raises(StoreError, match="the disk is full; free space, then go on"):
        save_on()
    return numbers


@needs_mount
def test_a_full_disk_loses_nothing_that_was_kept(
    small_disk: Path, spec: SessionSpec, cell: CellMaker
) -> None:
    path = small_disk / "leuko.db"
    with Store.opened(path) as store:
        session = store.start_session(spec)
        numbers = fill(store, session, cell)
        assert [each.number for each in store.cells(session.id)] == numbers
        assert len(list(store.log())) == 1 + len(numbers)
    with Store.opened(path) as store:
        assert store.opening.outcome is Outcome.SOUND
        assert [each.number for each in store.cells(session.id)] == numbers


@needs_mount
def test_the_store_goes_on_as_soon_as_there_is_room(
    small_disk: Path, spec: SessionSpec, cell: CellMaker
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(400_000))
    with Store.opened(small_disk / "leuko.db") as store:
        session = store.start_session(spec)
        numbers = fill(store, session, cell)
        ballast.unlink()
        store.save_cells(session.id, [cell(len(numbers) + 1)])
        assert store.count(session.id).n == len(numbers) + 1


@needs_mount
def test_a_copy_that_finds_no_room_leaves_the_earlier_one(
    small_disk: Path, spec: SessionSpec, cell: CellMaker
) -> None:
    mount("-o", "remount,size=100m", str(small_disk))
    with Store.opened(small_disk / "leuko.db") as store:
        session = store.start_session(spec)
        store.keep_copy()
        kept = small_disk / "leuko.db.kept"
        before = kept.read_bytes()
        mount("-o", "remount,size=1m", str(small_disk))
        fill(store, session, cell)
        with pytest.raises(StoreError, match="there is no room for a copy"):
            store.keep_copy()
        assert kept.read_bytes() == before
        assert sorted(each.name for each in small_disk.glob("*kept*")) == ["leuko.db.kept"]


@needs_mount
def test_too_little_room_is_told_before_the_disk_is_full(small_disk: Path) -> None:
    with Store.opened(small_disk / "leuko.db") as store:
        health = store.disk_health()
    assert health.level is Level.FAULT
    assert re.fullmatch(
        r"too little room: \d MB free; put in another medium, or drop .*: leuko session slim",
        health.text,
    )


@needs_mount
@pytest.mark.parametrize(
    ("size", "level", "text"),
    [
        ("200m", Level.WARNING, "disk is nearly full: 209 MB free"),
        ("3g", Level.OK, "3 GB free"),
    ],
)
def test_the_room_that_is_left_is_told(
    small_disk: Path, size: str, level: Level, text: str
) -> None:
    with Store.opened(small_disk / "leuko.db") as store:
        mount("-o", f"remount,size={size}", str(small_disk))
        assert (store.disk_health().level, store.disk_health().text) == (level, text)


@needs_mount
def test_a_disk_that_has_become_read_only_is_told(small_disk: Path, spec: SessionSpec) -> None:
    path = small_disk / "leuko.db"
    with Store.opened(path) as store:
        store.start_session(spec)
    mount("-o", "remount,ro", str(small_disk))
    with pytest.raises(StoreError, match="Read-only file system; look at the disk"):
        Store.opened(path)
    with Store.reading(path) as reader:
        assert reader.active_session() is not None
    mount("-o", "remount,rw", str(small_disk))


def test_a_disk_that_is_gone_is_told(path: Path, store: Store) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    assert store.disk_health().level is Level.FAULT
    assert store.disk_health().text == "disk is gone: No such file or directory"
