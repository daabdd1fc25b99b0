"""``leuko session slim``: what it asks, drops and refuses."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leuko.cells import CellClass, CellStatus
from leuko.cli import main
from leuko.control import ControlServer
from leuko.service import STORE_NAME
from leuko.status import SessionState
from leuko.store import CellRecord, SessionSpec, Store

Slim = Callable[..., tuple[int | str | None, str]]
SURE = (0.93, *[0.01] * (len(CellClass) - 1))
PICTURE = b"\x89PNG" * 5000


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Two finished sessions and an open one, each with a cell and its picture."""
    cell = CellRecord(
        1, 1, 0.0, 0.0, CellStatus.COUNTED, CellClass.NEUTROPHIL, SURE, 3, 100.0, 50.0, "", PICTURE
    )
    with Store.opened(tmp_path / STORE_NAME) as store:
        for state in (SessionState.FINISHED, SessionState.DISCARDED, SessionState.PAUSED):
            session = store.start_session(SessionSpec("H-12"))
            store.save_cells(session.id, [cell])
            store.set_state(session.id, state)
        store.keep_copy()
    return tmp_path


@pytest.fixture
def slim(state_dir: Path, socket_path: Path, capfd: pytest.CaptureFixture[str]) -> Slim:
    """``leuko session slim``: its exit code, and what it printed."""
    places = ("--state-dir", str(state_dir), "--socket", str(socket_path))

    def run(*arguments: str) -> tuple[int | str | None, str]:
        with pytest.raises(SystemExit) as left:
            main(["session", "slim", *arguments, *places])
        printed = capfd.readouterr()
        return left.value.code or 0, printed.out + printed.err

    return run


def pictures(state_dir: Path) -> list[int]:
    with Store.reading(state_dir / STORE_NAME) as reader:
        return [reader.pictures(number)[0] for number in (1, 2, 3)]


def test_the_pictures_of_closed_sessions_are_dropped_and_their_counts_stay(
    slim: Slim, state_dir: Path
) -> None:
    code, said = slim("1-2", "--yes", "--json", "--by", "ana")
    assert code == 0
    told = json.loads(said)
    assert told["sessions"] == [1, 2]
    assert told["bytes_before"] - told["bytes_after"] > 4 * len(PICTURE) * 0.9
    assert pictures(state_dir) == [0, 0, 1]
    with Store.reading(state_dir / STORE_NAME) as reader:
        assert [reader.count(number).n for number in (1, 2, 3)] == [1, 1, 1]
        assert [entry.detail.get("asked_by") for entry in reader.log()][-2:] == ["ana", "ana"]


def test_nothing_is_dropped_unless_a_person_agrees(
    slim: Slim, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    code, said = slim("2", "1")
    assert code == 1
    assert "2 pictures of 2 sessions, 0.0 MB; cells, counts and log stay" in said
    assert "drop these pictures?" in said
    code, said = slim("1", "--json")
    assert (code, said.count("say --yes as well")) == (2, 1)
    assert pictures(state_dir) == [1, 1, 1]
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    code, said = slim("2", "1")
    assert code == 0
    assert "dropped: 2 pictures of 2 sessions, 0.0 MB" in said
    assert pictures(state_dir) == [0, 0, 1]


@pytest.mark.parametrize(
    ("sessions", "words"),
    [
        ("2-3", "session 3 is paused; finish"),
        ("4", "no session 4"),
        ("two", "'two' is neither"),
        ("2-1", "is no range"),
        ("1-99999999999", "is no range"),
    ],
)
def test_what_cannot_be_dropped_is_refused_as_a_whole(
    slim: Slim, state_dir: Path, sessions: str, words: str
) -> None:
    code, said = slim(sessions, "--yes")
    assert code
    assert words in said
    assert pictures(state_dir) == [1, 1, 1]


def test_beside_a_service_that_runs_it_says_how_to_stop_that(
    server: ControlServer, slim: Slim, state_dir: Path
) -> None:
    del server
    code, said = slim("1", "--yes")
    assert code == 1
    assert "a service runs at" in said
    assert "systemctl stop leuko" in said
    assert pictures(state_dir) == [1, 1, 1]
