"""The control socket from both ends: permissions, manners, and who is told what."""

import getpass
import grp
import json
import os
import queue
import re
import resource
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from leuko.cells import CellClass
from leuko.control import (
    Archive,
    CommandQueue,
    ControlClient,
    Controls,
    ControlServer,
    refuse_second_service,
)
from leuko.counting import DifferentialCount
from leuko.errors import OutputError, ServiceError, SessionError, SettingsError
from leuko.status import SessionState, Target

Asked = queue.SimpleQueue[str]
Eventually = Callable[[Callable[[], bool]], bool]

DIES_LISTENING = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
os._exit(0)
"""
ASKS_AS_NOBODY = """
import os, sys
from pathlib import Path
from leuko.control import ControlClient
from leuko.errors import ServiceError
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    ControlClient(Path(sys.argv[1])).status()
except ServiceError as error:
    print(error)
"""


def connected(path: Path) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    caller.settimeout(30)
    caller.connect(str(path))
    return caller


def reply_to(path: Path, line: bytes) -> dict[str, object]:
    with connected(path) as caller:
        caller.sendall(line)
        reply: dict[str, object] = json.loads(caller.makefile("rb").readline())
        return reply


def test_a_status_comes_back_as_it_is_shown(
    client: ControlClient, shown: DifferentialCount
) -> None:
    status = client.status()
    assert (status.state, str(status.target)) == (SessionState.IDLE, "100")
    assert status.differential.count == shown
    assert status.differential.percent == dict(shown.percent)
    assert status.last_cell is not None
    assert status.last_cell.cell_class is CellClass.BASOPHIL


def test_every_command_reaches_the_count_with_the_name_of_the_user(
    client: ControlClient, asked: Asked
) -> None:
    client.start("H-12", operator="ana", target=Target(None, 5.0))
    client.set_target(Target(200))
    client.pause()
    client.resume()
    client.finish()
    client.start("H-13")
    client.discard()
    user = getpass.getuser()
    assert [asked.get(timeout=30) for _ in range(7)] == [
        f"start 'H-12' for 'ana' by {user}",
        f"target 200 by {user}",
        f"pause by {user}",
        f"resume by {user}",
        f"finish by {user}",
        f"start 'H-13' for {user!r} by {user}",
        f"discard by {user}",
    ]


def test_kept_sessions_are_listed_shown_and_exported(client: ControlClient, tmp_path: Path) -> None:
    assert [entry.specimen for entry in client.sessions(limit=5)] == ["H-12"]
    assert client.session(7).session.started == "2026-11-02T08:00:00+00:00"
    assert client.export(7, folder=tmp_path, pictures=True) == tmp_path / "session-7-pictures"


def test_a_picture_of_the_slide_comes_whole(
    client: ControlClient, archive: Archive, count: Controls
) -> None:
    with pytest.raises(SessionError, match="nothing of the slide has been seen yet"):
        client.overview()
    client.start("H-12")
    reply = client.overview()
    assert reply.session == 7
    assert reply.png == archive.overview(count.seen_slide())


def test_the_session_that_is_counted_is_exported_with_its_slide(
    client: ControlClient, tmp_path: Path
) -> None:
    client.start("H-12")
    assert client.export(7, folder=tmp_path) == tmp_path / "session-7-slide"
    assert client.export(6, folder=tmp_path) == tmp_path / "session-6"


def test_a_folder_that_the_service_sees_otherwise_is_refused(
    server: ControlServer, socket_path: Path, tmp_path: Path
) -> None:
    del server
    mine = tmp_path.stat()
    request = {"version": 1, "command": "export", "session": 7, "folder": str(tmp_path)}
    for inode, reply in ((mine.st_ino, "export"), (mine.st_ino + 1, "error")):
        asked = request | {"folder_id": [mine.st_dev, inode]}
        answer = reply_to(socket_path, json.dumps(asked).encode() + b"\n")
        assert answer["reply"] == reply
    assert (answer["kind"], str(answer["error"])[:38]) == (
        "OutputError",
        f"the service does not see your {tmp_path}"[:38],
    )
    missing = request | {"folder": str(tmp_path / "missing"), "folder_id": [1, 2]}
    assert reply_to(socket_path, json.dumps(missing).encode() + b"\n")["reply"] == "error"


def test_an_error_of_the_service_is_the_same_error_at_the_client(client: ControlClient) -> None:
    with pytest.raises(SessionError, match=r"^no session is open; start one first$"):
        client.pause()
    with pytest.raises(SessionError, match="there is no session 8"):
        client.session(8)
    with pytest.raises(OutputError, match="no USB stick is plugged in"):
        client.export(7)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.start("x" * 65),
        lambda client: client.start("H\x00-1"),
        lambda client: client.sessions(limit=0),
        lambda client: client.session(-1),
        lambda client: client.set_target(Target(0)),
    ],
)
def test_what_cannot_be_asked_is_refused_before_it_is_sent(
    client: ControlClient, ask: Callable[[ControlClient], object]
) -> None:
    with pytest.raises(SettingsError, match=r"; correct it$"):
        ask(client)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"hello\n", "the message is no JSON"),
        (b"\n", "the message is no JSON"),
        (b"\xff\xfe\n", "the message is no JSON"),
        (b"[" * 90_000 + b"\n", "the message is no JSON"),
        (b'"status"\n', "the message has version None"),
        (b'{"version": 2, "command": "status"}\n', "has version 2, this leuko speaks 1"),
        (b'{"version": 1, "command": "reboot"}\n', "the message is not understood: "),
        (b'{"version": 1, "command": "status", "colour": 1}\n', "colour is 1, Extra inputs"),
        (b'{"version": 1, "command": "target", "target": "0"}\n', "is no target of a count"),
    ],
)
def test_a_line_that_is_no_request_is_answered_with_what_is_wrong(
    server: ControlServer, socket_path: Path, line: bytes, problem: str
) -> None:
    del server
    reply = reply_to(socket_path, line)
    assert (reply["reply"], reply["kind"]) == ("error", "ServiceError")
    assert problem in str(reply["error"])


def test_one_connection_serves_several_requests(server: ControlServer, socket_path: Path) -> None:
    del server
    with connected(socket_path) as caller:
        lines = caller.makefile("rb")
        for _ in range(3):
            caller.sendall(b'{"version": 1, "command": "status"}\n')
            assert json.loads(lines.readline())["state"] == "idle"


def test_a_line_without_end_is_refused(server: ControlServer, socket_path: Path) -> None:
    del server
    with connected(socket_path) as caller:
        sender = threading.Thread(target=_pour, args=(caller,))
        sender.start()
        reply = json.loads(caller.makefile("rb").readline())
        sender.join()
    assert reply["error"] == "the message is longer than 1000000 bytes; ask for less"


def _pour(caller: socket.socket) -> None:
    try:
        caller.sendall(b" " * 1_100_000)
    except OSError:
        return


def test_a_caller_that_stays_silent_holds_up_nobody(
    client: ControlClient, socket_path: Path, eventually: Eventually
) -> None:
    silent = [connected(socket_path) for _ in range(7)]
    assert client.status().state is SessionState.IDLE
    silent.append(connected(socket_path))
    assert eventually(lambda: _is_served(client))
    for caller in silent:
        caller.close()


def _is_served(client: ControlClient) -> bool:
    try:
        return client.status().state is SessionState.IDLE
    except ServiceError:
        return False


def test_bytes_that_trickle_in_do_not_buy_time(
    server: ControlServer, socket_path: Path, eventually: Eventually
) -> None:
    del server
    with connected(socket_path) as caller:
        assert eventually(lambda: _is_cut_off(caller))


def _is_cut_off(caller: socket.socket) -> bool:
    try:
        caller.sendall(b" ")
    except OSError:
        return True
    return False


def test_more_callers_than_places_are_told_so(
    server: ControlServer, client: ControlClient, socket_path: Path
) -> None:
    del server
    callers = [connected(socket_path) for _ in range(8)]
    with pytest.raises(ServiceError, match="8 callers are being answered; try again"):
        client.status()
    for caller in callers:
        caller.close()


def test_callers_are_taken_again_once_files_may_be_opened_again(
    server: ControlServer,
    socket_path: Path,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    del server
    # A waiting accept may hold the place for its file already, so the second fails.
    callers = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(2)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        for caller in callers:
            caller.settimeout(30)
            caller.connect(str(socket_path))
        has_failed = eventually(lambda: "cannot take a caller" in caplog.text)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert has_failed
    callers[1].sendall(b'{"version": 1, "command": "status"}\n')
    assert json.loads(callers[1].makefile("rb").readline())["state"] == "idle"
    for caller in callers:
        caller.close()


def test_the_socket_is_for_its_owner_and_group_only(
    server: ControlServer, socket_path: Path
) -> None:
    assert stat.S_IMODE(socket_path.stat().st_mode) == 0o660
    server.close()
    assert not socket_path.exists()


def test_the_socket_of_a_dead_service_is_replaced(
    commands: CommandQueue, archive: Archive, socket_path: Path
) -> None:
    subprocess.run([sys.executable, "-c", DIES_LISTENING, str(socket_path)], check=True)
    assert socket_path.is_socket()
    with pytest.raises(
        ServiceError, match=r"does not run \(nobody listens at .*\); start it with: "
    ):
        ControlClient(socket_path).status()
    with ControlServer(socket_path, commands, archive):
        assert ControlClient(socket_path).status().state is SessionState.IDLE


def test_the_socket_of_a_living_service_is_left_alone(
    client: ControlClient, commands: CommandQueue, archive: Archive, socket_path: Path
) -> None:
    with pytest.raises(ServiceError, match="a service runs at "):
        ControlServer(socket_path, commands, archive)
    with pytest.raises(ServiceError, match="a service runs at "):
        refuse_second_service(socket_path)
    assert client.status().state is SessionState.IDLE


def test_a_place_where_no_service_listens_is_free(socket_path: Path, tmp_path: Path) -> None:
    refuse_second_service(socket_path)
    refuse_second_service(tmp_path / "no folder" / "socket")


def test_a_file_in_the_sockets_place_is_not_removed(
    commands: CommandQueue, archive: Archive, socket_path: Path
) -> None:
    socket_path.write_text("precious", encoding="utf-8")
    with pytest.raises(ServiceError, match="is no socket; remove it or choose another place"):
        ControlServer(socket_path, commands, archive)
    assert socket_path.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("missing/control.sock", "make its folder writable for the service or choose another"),
        ("x" * 120, "AF_UNIX path too long; choose a shorter path"),
    ],
)
def test_a_place_where_nobody_can_listen_is_refused(
    commands: CommandQueue, archive: Archive, tmp_path: Path, *, name: str, remedy: str
) -> None:
    with pytest.raises(ServiceError, match=f"cannot listen at .*{remedy}"):
        ControlServer(tmp_path / name, commands, archive)


def test_without_a_service_the_client_says_how_to_start_it(socket_path: Path) -> None:
    sentence = (
        f"Leuko's service does not run (no socket at {socket_path}); "
        "start it with: systemctl start leuko, or without systemd: leuko run; "
        "if it listens elsewhere, give --socket or set LEUKO_CONTROL_SOCKET"
    )
    with pytest.raises(ServiceError, match=f"^{re.escape(sentence)}$"):
        ControlClient(socket_path).status()


def test_a_user_outside_the_group_is_told_which_to_join(
    commands: CommandQueue, archive: Archive
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "control.sock"
        with ControlServer(path, commands, archive):
            path.chmod(0)
            run = subprocess.run(
                [sys.executable, "-c", ASKS_AS_NOBODY, str(path)],
                capture_output=True,
                text=True,
                check=False,
            )
    group = grp.getgrgid(os.getgid()).gr_name
    assert f"join its group with: sudo usermod -aG {group} $USER" in run.stdout, run.stderr


def test_a_service_that_hangs_is_given_up(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path))
        listener.listen()
        with pytest.raises(ServiceError, match="did not answer in time; look at its log"):
            ControlClient(socket_path, answer_s=0.1).status()


def test_a_service_that_hangs_up_is_told_of(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path))
        listener.listen()
        thread = threading.Thread(target=_hang_up, args=(listener,))
        thread.start()
        with pytest.raises(ServiceError, match="hung up without an answer; look at its log"):
            ControlClient(socket_path).status()
        thread.join()


def _hang_up(listener: socket.socket) -> None:
    caller, _ = listener.accept()
    caller.recv(1000)
    caller.close()


def test_a_folder_that_is_no_text_is_refused(client: ControlClient) -> None:
    with pytest.raises(OutputError, match="is not UTF-8; choose another folder"):
        client.export(7, folder=Path(os.fsdecode(b"/media/\xff")))
