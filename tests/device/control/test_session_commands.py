"""``leuko session`` against a running count: what it prints, and how it exits."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from leuko.control import CommandQueue, ControlServer
from leuko.counting import NOT_RECOGNISED, STATEMENT
from leuko.service import KeptSessions
from leuko.status import Target
from leuko.store import SessionSpec, Store

Asked = queue.SimpleQueue[str]
Leuko = Callable[..., CompletedProcess[str]]


@pytest.fixture
def session(socket_path: Path, monkeypatch: pytest.MonkeyPatch, leuko: Leuko) -> Leuko:
    """``leuko session``, with the settings' socket."""
    monkeypatch.setenv("LEUKO_CONTROL_SOCKET", str(socket_path))
    return partial(leuko, "session")


@pytest.fixture
def running(server: ControlServer, session: Leuko) -> Leuko:
    """The same, with a service that runs."""
    del server
    return session


def test_a_session_is_started_steered_and_finished(running: Leuko, asked: Asked) -> None:
    commands = (
        ["start", "H-12", "--operator", "ana", "--target", "±5"],
        ["target", "200"],
        ["pause"],
        ["resume"],
        ["finish"],
        ["start", "H-13"],
        ["discard"],
    )
    assert [running(*words).returncode for words in commands] == [0] * 7
    lines = [asked.get(timeout=30).split(" by ")[0] for _ in commands]
    assert lines[0] == "start 'H-12' for 'ana'"
    assert lines[1:5] == ["target 200", "pause", "resume", "finish"]
    assert lines[6] == "discard"


def test_an_id_that_is_too_long_is_refused_in_one_sentence(running: Leuko) -> None:
    refused = running("start", "H" * 70)
    assert refused.returncode == 1
    assert refused.stderr.endswith(", which has 70 characters, and 64 are the most; correct it\n")
    assert refused.stderr.startswith("leuko: specimen is 'HHH")
    assert "Value error" not in refused.stderr


def test_the_status_shows_count_guidance_and_statement(running: Leuko) -> None:
    assert running("status").stdout.startswith("no session; start one with: leuko session start")
    shown = running("start", "H-12").stdout
    assert "counting H-12: 25 counted, target 100, 1 picture/s\n" in shown
    assert "guidance: focus" in shown
    assert "Leukocyte differential, n = 25" in shown
    assert "beside the differential: 2 erythroblasts" in shown
    assert "about 5.2 × 10⁹ leukocytes" in shown
    assert STATEMENT in shown


def test_a_finished_session_says_what_its_count_is_worth(running: Leuko) -> None:
    few = "25 leukocytes were counted, fewer than the usual 100"
    started = running("start", "H-12").stdout
    assert few not in started
    assert NOT_RECOGNISED not in started
    finished = running("finish").stdout
    assert few in finished
    assert NOT_RECOGNISED in finished


def test_smudge_cells_are_tallied_by_hand_and_taken_back(running: Leuko, asked: Asked) -> None:
    assert running("tally", "smudge").returncode == 1
    running("start", "H-12")
    asked.get(timeout=30)
    running("tally", "smudge")
    assert (
        "tallied by eye: 2 smudge cells (8.0 per 100 leukocytes)"
        in running("tally", "smudge").stdout
    )
    told = json.loads(running("tally", "smudge", "--undo", "--json").stdout)["differential"]
    assert (told["smudge_cells"], told["smudge_per_100"]) == (1, 4.0)
    assert running("tally", "blast").returncode == 2


def test_the_status_is_json_for_scripts(running: Leuko) -> None:
    status = json.loads(running("start", "H-12", "--json").stdout)
    assert (status["state"], status["specimen"], status["target"]) == ("counting", "H-12", "100")
    assert status["differential"]["n"] == 25
    assert status["differential"]["interval95"]["basophil"][0] > 0
    assert "picture" not in status["last_cell"]
    assert status["estimated_wbc"]["per_litre_1e9"] == pytest.approx(5.2)


def test_kept_sessions_are_listed_and_shown(running: Leuko) -> None:
    listed, shown = running("list"), running("show", 7)
    assert "H-12" in listed.stdout
    assert "2026-11-02 08:00" in listed.stdout
    assert "specimen  H-12" in shown.stdout
    assert "about 6.1 × 10⁹ leukocytes a litre\n" in shown.stdout
    assert "scale     0.1000 µm per pixel" in shown.stdout
    assert "changes   session 7 was begun with another calibration than now\n" in shown.stdout
    assert "beside the differential: 2 erythroblasts (8.0 per 100 leukocytes)" in shown.stdout
    assert "0 immature granulocytes (0.0 per 100 leukocytes)" in shown.stdout
    assert "Leukocyte differential, n = 25\n" in shown.stdout
    assert NOT_RECOGNISED in shown.stdout
    assert STATEMENT in shown.stdout
    assert [one["session"] for one in json.loads(running("list", "--json").stdout)] == [7]
    assert json.loads(running("show", 7, "--json").stdout)["bundle"] == "tiny 1"


def test_a_session_that_was_begun_without_an_id_is_shown_so(
    commands: CommandQueue, session: Leuko, socket_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sessions.db"
    with Store.opened(path) as store:
        store.start_session(SessionSpec("", target=Target(100), bundle="tiny 1"))
    with ControlServer(socket_path, commands, KeptSessions(path)):
        assert "(no id)" in session("list").stdout
        assert "specimen  (no id)" in session("show", 1).stdout


def test_an_export_says_where_it_went(running: Leuko, tmp_path: Path) -> None:
    assert running("export", 7, tmp_path).stdout == f"session 7 is in {tmp_path / 'session-7'}\n"
    made = json.loads(running("export", 7, tmp_path, "--pictures", "--json").stdout)
    assert made == {"folder": str(tmp_path / "session-7-pictures")}


def test_a_picture_of_the_slide_is_written(running: Leuko, tmp_path: Path) -> None:
    file = tmp_path / "slide.png"
    refused = running("overview", file)
    assert (refused.returncode, file.exists()) == (1, False)
    running("start", "H-12")
    assert running("overview", file).stdout == f"what was seen of the slide is in {file}\n"
    assert len(file.read_bytes()) > 4_000_000
    assert json.loads(running("overview", file, "--json").stdout)["session"] == 7
    nowhere = running("overview", tmp_path / "missing" / "slide.png")
    assert nowhere.stderr.startswith(
        f"leuko: cannot write results to {tmp_path / 'missing'}: No such"
    )
    assert list(tmp_path.glob("*.new")) == []


def test_an_error_is_one_line_and_the_exit_code_1(running: Leuko) -> None:
    refused = running("pause")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "leuko: no session is open; start one first\n"
    assert running("export", 7).stderr.startswith("leuko: no USB stick is plugged in")
    assert running("show", 8).returncode == 1


def test_a_target_that_is_none_is_not_understood(running: Leuko) -> None:
    for words in (["target", "many"], ["start", "H-1", "--target", "0"]):
        refused = running(*words)
        assert refused.returncode == 2
        assert "is no target of a count" in refused.stderr


def test_without_a_service_every_command_says_how_to_start_it(session: Leuko) -> None:
    for words in (["status"], ["start", "H-1"], ["list"], ["export", 7]):
        refused = session(*words)
        assert refused.returncode == 1
        assert "start it with: systemctl start leuko" in refused.stderr


def test_a_status_always_says_what_runs_the_models(running: Leuko) -> None:
    assert re.search(r"^backend: \S", running("status").stdout, re.MULTILINE)


def watching(socket_path: Path, *options: str) -> "subprocess.Popen[str]":
    """A watch that is written elsewhere than to a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "leuko", "session", "status", "--watch", *options],
        env=os.environ | {"LEUKO_CONTROL_SOCKET": str(socket_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_watching_goes_on_until_interrupted(server: ControlServer, socket_path: Path) -> None:
    del server
    with watching(socket_path, "--json") as watch:
        assert watch.stdout is not None
        lines = [watch.stdout.readline() for _ in range(2)]
        watch.send_signal(signal.SIGINT)
        _, complaints = watch.communicate(timeout=30)
    assert [json.loads(line)["state"] for line in lines] == ["idle", "idle"]
    assert (watch.returncode, complaints) == (0, "")


def test_watching_without_a_terminal_writes_each_status_as_it_comes(
    server: ControlServer, socket_path: Path
) -> None:
    del server
    with watching(socket_path) as watch:
        assert watch.stdout is not None
        assert watch.stdout.readline().startswith("no session; start one with")
        watch.kill()
