"""A store in a folder of its own, and what is kept in it."""

import shutil
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from leuko.cells import CellClass, CellStatus
from leuko.status import Target
from leuko.store import CellRecord, SessionRecord, SessionSpec, Store

CellMaker = Callable[..., CellRecord]
SPEC = SessionSpec(
    specimen="26-0417",
    operator="mb",
    target=Target(cells=200),
    bundle="default 1.2",
    bundle_sha256="ab" * 32,
    settings={"threads": 2, "camera": {"driver": "sim"}},
    calibration={"gains": [1.5, 1.25]},
    device_serial="10000000abcdef01",
    um_per_px=0.1,
)
CELL = CellRecord(
    number=1,
    segment=1,
    x_um=12.5,
    y_um=-3.25,
    status=CellStatus.COUNTED,
    cell_class=CellClass.NEUTROPHIL,
    probabilities=(0.93, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01),
    views=5,
    area_um2=101.5,
    sharpness=88.0,
    picture=b"\x89PNG a picture",
)


@pytest.fixture
def quick_folder() -> Generator[Path]:
    """A folder of its own, in memory if there is room: thousands of flushes take their time."""
    memory = Path("/dev/shm")  # ruff: ignore[hardcoded-temp-file] - only its speed is wanted
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > 10**9
    with TemporaryDirectory(dir=memory if has_room else None) as folder:
        yield Path(folder)


@pytest.fixture
def path(quick_folder: Path) -> Path:
    """Where the store is going to be."""
    return quick_folder / "state" / "leuko.db"


@pytest.fixture
def store(path: Path) -> Generator[Store]:
    """A new store."""
    with Store.opened(path) as opened:
        yield opened


@pytest.fixture
def spec() -> SessionSpec:
    """What a session is begun with."""
    return SPEC


@pytest.fixture
def session(store: Store) -> SessionRecord:
    """A session that has just been begun."""
    return store.start_session(SPEC)


@pytest.fixture
def cell() -> CellMaker:
    """Makes a cell with a number."""

    def make(number: int, **changes: object) -> CellRecord:
        return replace(CELL, number=number, **changes)  # type: ignore[arg-type]

    return make
