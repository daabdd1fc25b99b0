"""Reading while another process writes, and where nothing may be written."""

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from leuko.errors import StoreError
from leuko.store import CellRecord, SessionRecord, SessionSpec, Store

CellMaker = Callable[..., CellRecord]
NOBODY = 65534
IS_ROOT = os.geteuid() == 0


def test_a_reader_sees_what_the_writer_has_kept(
    path: Path, store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    with Store.reading(path) as reader:
        assert reader.count(session.id).n == 0
        store.save_cells(session.id, [cell(1)])
        assert reader.count(session.id).n == 1
        assert reader.active_session() == store.active_session()


def test_a_snapshot_stays_as_it_is_while_the_writer_goes_on(
    path: Path, store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    store.save_cells(session.id, [cell(1)])
    with Store.reading(path) as reader:
        with reader.snapshot():
            assert reader.count(session.id).n == 1
            store.save_cells(session.id, [cell(2)], merged={1: 2})
            store.save_cells(session.id, [cell(3)])
            assert reader.count(session.id).n == 1
            assert len(list(reader.cells(session.id))) == 1
        assert reader.count(session.id).n == 2


def test_a_reader_does_not_keep_the_writer_waiting(
    path: Path, store: Store, session: SessionRecord, cell: CellMaker
) -> None:
    with Store.reading(path) as reader:
        cells = reader.cells(session.id)
        store.save_cells(session.id, [cell(number) for number in range(1, 301)])
        assert next(cells).number == 1
        store.save_cells(session.id, [cell(301)])
        assert sum(1 for _ in cells) == 300


def test_there_is_nothing_to_read_before_the_first_start(path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"there is no store .+; start the service, which makes it"
    ):
        Store.reading(path)


def test_a_store_can_be_read_from_a_folder_that_cannot_be_written(
    shared_folder: Path, spec: SessionSpec
) -> None:
    path = shared_folder / "leuko.db"
    with Store.opened(path) as store:
        store.start_session(spec)
    path.chmod(0o444)
    shared_folder.chmod(0o555)
    code = f"print(Store.reading(Path({str(path)!r})).active_session().spec.specimen)"
    assert as_nobody(code) == "26-0417"


def test_a_folder_that_may_not_be_written_to_is_named_as_the_cause(shared_folder: Path) -> None:
    shared_folder.chmod(0o555)
    said = as_nobody(f"Store.opened(Path({str(shared_folder / 'leuko.db')!r}))")
    assert said.startswith("leuko.errors.StoreError: store ")
    assert said.endswith("Permission denied; look at the disk, the folder and its permissions")


def test_a_store_that_may_not_be_read_is_named_as_the_cause(
    shared_folder: Path, spec: SessionSpec
) -> None:
    path = shared_folder / "leuko.db"
    with Store.opened(path) as store:
        store.start_session(spec)
    path.chmod(0)
    said = as_nobody(f"Store.reading(Path({str(path)!r})).sessions()")
    assert "it cannot be opened; look at the folder and its permissions" in said


@pytest.fixture
def shared_folder() -> Generator[Path]:
    """A folder that everybody can look into, unlike those of pytest."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def as_nobody(code: str) -> str:
    """Run Python without root's right to do everything, and return the last line it says."""
    # Loaded before the right is given up: the interpreter may lie in root's own folder.
    become = f"import os\nos.setgid({NOBODY})\nos.setuid({NOBODY})\n" if IS_ROOT else ""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from pathlib import Path\nfrom leuko.store import Store\n{become}{code}",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    return (run.stdout + run.stderr).splitlines()[-1]
