"""The loop itself: commands from outside, the service manager, the log, a full disk."""

import contextlib
import logging
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from leuko.cameras import Frame
from leuko.control import Action, Bench, ControlClient, ControlServer, Press, StatusReply
from leuko.errors import SessionError, StoreError
from leuko.service import STORE_NAME, FrameSource, KeptSessions, LiveService, Parts
from leuko.status import Health, Level, SessionState, Target
from leuko.store import Store

AT_LEAST = 4
"""Leukocytes that the first 24 frames show long enough."""


class Reel(FrameSource, Protocol):
    """The camera of these tests; see conftest.py."""

    def feed(self, frames: Iterable[Frame | None]) -> None: ...
    def end(self) -> None: ...


class Manager:
    """What systemd is to a service: a socket that takes its messages."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        with contextlib.suppress(BlockingIOError):
            while True:
                messages.append(self.socket.recv(4096).decode())
        return messages


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Manager]:
    manager = Manager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """The folder that a file system of one megabyte is mounted on."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    subprocess.run(["mount", *options], check=True)
    yield folder
    # A copy of the closed session may still be being made.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Leave no room where a file lies."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def start(service: LiveService) -> None:
    service.start("H-12", operator="ana", target=Target(100), asked_by="ana")


def test_a_session_is_run_from_another_process_through_the_socket(
    parts: Parts, reel: Reel, frames: list[Frame], tmp_path: Path
) -> None:
    service = LiveService(parts)
    client = ControlClient(tmp_path / "socket", answer_s=30)

    def counted(target: int) -> StatusReply:
        while (status := client.status()).differential.n < target:
            pass
        return status

    def person() -> list[StatusReply]:
        try:
            said = [client.status(), client.start("H-12", target=Target(2))]
            reel.feed(frames[:6])
            said.append(counted(2))
            with pytest.raises(SessionError, match=r"^session 1 \(H-12\) is open; finish or"):
                client.start("H-13")
            said += [client.set_target(Target(400)), client.pause(), client.resume()]
            said.append(client.finish())
            slide = client.overview()
            exported = client.export(1, folder=tmp_path) / "overview.png"
            assert (slide.session, exported.read_bytes()) == (1, slide.png)
            assert client.sessions()[0].n == said[-1].differential.n
            return said
        finally:
            service.stop()

    server = ControlServer(tmp_path / "socket", parts.commands, KeptSessions(parts.store.path))
    with server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(person)
        service.run()
        said = asked.result()
    states = ["idle", "counting", "reached", "counting", "paused", "counting", "finished"]
    assert [status.state for status in said] == states
    assert [status.differential.n for status in said] == [0, 0, 2, 3, 3, 3, 3]
    assert (said[-1].specimen, str(said[-1].target)) == ("H-12", "400")


def test_the_service_manager_hears_of_the_start_of_finished_frames_and_of_the_end(
    manager: Manager, parts: Parts, reel: Reel, frames: list[Frame]
) -> None:
    reel.feed([*frames[:2], None, None, frames[2]])
    reel.end()
    LiveService(parts).run()
    assert manager.heard() == [
        "READY=1",
        "WATCHDOG=1\nSTATUS=no session",
        "WATCHDOG=1\nSTATUS=no session",
        "STATUS=no pictures",
        "STATUS=no session",
        "WATCHDOG=1\nSTATUS=no session",
        "STOPPING=1",
    ]


@pytest.mark.parametrize("specimen", ["", "   "])
def test_a_session_of_nobody_is_refused_whoever_asks(
    parts: Parts, tmp_path: Path, specimen: str
) -> None:
    service = LiveService(parts)
    server = ControlServer(tmp_path / "socket", parts.commands, KeptSessions(parts.store.path))

    def person() -> str:
        try:
            with pytest.raises(
                SessionError, match="no session may begin without the specimen's id"
            ):
                ControlClient(tmp_path / "socket", answer_s=30).start(specimen)
            with Bench(parts.commands) as bench:
                bench.press(Press(Action.GO, specimen), on="a keypad")
                until = time.monotonic() + 30
                while not bench.notice and time.monotonic() < until:
                    time.sleep(0.01)
                return bench.notice
        finally:
            service.stop()

    with server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(person)
        service.run()
        assert asked.result().startswith("no session may begin without the specimen's id; type")
    assert parts.store.active_session() is None


def test_pausing_twice_is_noted_once(parts: Parts) -> None:
    service = LiveService(parts)
    start(service)
    for _ in range(2):
        assert service.pause(asked_by="ana").state is SessionState.PAUSED
    assert [entry.kind for entry in parts.store.log(1)].count("session state") == 1


def test_the_log_tells_of_starts_ends_and_the_camera(
    parts: Parts, reel: Reel, frames: list[Frame], caplog: pytest.LogCaptureFixture
) -> None:
    service = LiveService(parts)
    start(service)
    reel.feed([frames[0], None, None, frames[1]])
    reel.end()
    with caplog.at_level(logging.INFO):
        service.run()
    assert "reel is at its end; start again to begin anew with it" in caplog.text
    entries = list(parts.store.log(1))[1:]
    assert [entry.kind for entry in entries] == [
        "service started",
        "models run on",
        "camera lost",
        "camera back",
        "service stopped",
    ]
    assert entries[0].detail["store"] == "created"
    assert entries[0].detail["bundle"] == "leuko-default"
    assert entries[2].detail == {"camera": "no pictures"}


def test_the_log_tells_of_what_is_lost_at_the_bench_and_comes_back(
    parts: Parts, reel: Reel, frames: list[Frame], caplog: pytest.LogCaptureFixture
) -> None:
    sound, lost = Health(Level.OK, "keypad ready"), Health(Level.WARNING, "not plugged in")
    states = [sound, lost, lost, sound]
    seen = iter([sound, lost, lost, sound, *[sound] * 99])
    service = LiveService(replace(parts, bench_health=lambda: {"keypad": next(seen)}))
    reel.feed(frames[: len(states)])
    reel.end()
    service.run()
    told = [(e.kind, e.detail) for e in parts.store.log() if e.kind.startswith("keypad")]
    assert told == [
        ("keypad lost", {"keypad": "not plugged in"}),
        ("keypad back", {"keypad": "keypad ready"}),
    ]
    # The keypad itself says so in the service's log.
    assert "not plugged in" not in caplog.text


def test_each_command_has_one_entry_in_the_log_which_says_who_asked(parts: Parts) -> None:
    service = LiveService(parts)
    start(service)
    service.set_target(Target(50), asked_by="ben")
    service.finish(asked_by="keypad")
    entries = [(entry.kind, entry.detail["asked_by"]) for entry in parts.store.log(1)]
    assert entries == [
        ("session started", "ana"),
        ("session target", "ben"),
        ("session state", "keypad"),
    ]


def test_a_session_that_was_begun_and_not_taken_up_is_no_dead_end(parts: Parts) -> None:
    service = LiveService(parts)
    parts.store.start_session(parts.spec)
    with pytest.raises(SessionError, match=r"^session 1 .* is open; finish or discard it"):
        start(service)
    assert service.discard(asked_by="ana").state is SessionState.DISCARDED
    start(service)


def test_what_was_lost_with_a_damaged_store_is_said_until_a_session_begins(
    make_parts: Callable[..., Parts],
    reel: Reel,
    frames: list[Frame],
    *,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "damaged" / STORE_NAME
    path.parent.mkdir()
    path.write_bytes(b"no store" * 1000)
    with Store.opened(path) as store:
        service = LiveService(make_parts(store, um_per_px=None))
        reel.feed(frames[:1])
        reel.end()
        service.run()
        assert "the store was damaged" in service.status().notice
        assert store.opening.notice in caplog.messages


class HangingDisk(Store):
    """A store on a disk that does not answer while a copy is made."""

    answers = threading.Event()

    def keep_copy(self) -> None:
        self.answers.wait(30)


def test_a_copy_that_hangs_does_not_keep_the_service_from_ending(
    make_parts: Callable[..., Parts], reel: Reel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with HangingDisk.opened(tmp_path / "hanging" / STORE_NAME) as store:
        service = LiveService(make_parts(store))
        start(service)
        service.finish(asked_by="ana")
        reel.end()
        service.run()
        assert "a copy of the sessions is not ready after 5 s" in caplog.messages
        store.answers.set()


def test_a_lost_camera_is_said_and_keeps_the_count(
    parts: Parts, reel: Reel, frames: list[Frame]
) -> None:
    service = LiveService(parts)
    start(service)
    reel.feed([*frames[:6], None])
    reel.end()
    service.run()
    status = service.status()
    assert (status.guidance, status.camera.level) == ("check the camera", Level.FAULT)
    assert status.count.n == 3


def test_what_is_said_at_the_bench_is_shown(make_parts: Callable[..., Parts], store: Store) -> None:
    parts = make_parts(store)
    with Bench(parts.commands) as bench:
        service = LiveService(replace(parts, bench_notice=lambda: bench.notice))
        bench.show_typed("H-13")
        assert service.status().notice == "specimen H-13"
        bench.show_typed("")
        assert not service.status().notice


@pytest.mark.hardware
def test_on_a_full_disk_the_count_stands_still_and_goes_on_when_there_is_room(
    small_disk: Path,
    make_parts: Callable[..., Parts],
    reel: Reel,
    *,
    frames: list[Frame],
    caplog: pytest.LogCaptureFixture,
) -> None:
    ballast = small_disk / "ballast"
    with Store.opened(small_disk / STORE_NAME) as store:
        service = LiveService(make_parts(store))
        start(service)
        fill(ballast)
        for frame in frames[:24]:
            service.take(frame)
        full = service.status()
        assert (full.count.n, full.last_cell, full.disk.level) == (0, None, Level.FAULT)
        assert "the disk is full" in full.disk.text
        with pytest.raises(StoreError, match="the disk is full"):
            service.finish(asked_by="ana")
        assert "closed without its picture" not in caplog.text
        assert sum("cannot be kept yet: store" in line for line in caplog.messages) == 1
        ballast.unlink()
        service.take(frames[24])
        assert "the disk is full; free space" not in service.status().disk.text
        kept = [cell.number for cell in store.cells(1)]
        assert kept == list(range(1, len(kept) + 1))
        assert service.finish(asked_by="ana").state is SessionState.FINISHED
        assert store.count(1).n == service.status().count.n >= AT_LEAST
        reel.end()
        service.run()
    assert any("no copy of the sessions could be made: store" in line for line in caplog.messages)
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.hardware
def test_cells_that_wait_for_room_are_kept_when_there_is_some_though_no_frame_comes(
    small_disk: Path, make_parts: Callable[..., Parts], reel: Reel, frames: list[Frame]
) -> None:
    ballast = small_disk / "ballast"
    kept: list[int] = []

    def look() -> dict[str, Health]:
        kept.append(store.count(1).n)
        return {}

    with Store.opened(small_disk / STORE_NAME) as store:
        service = LiveService(replace(make_parts(store), bench_health=look))
        start(service)
        fill(ballast)
        for frame in frames[:24]:
            service.take(frame)
        ballast.unlink()
        reel.feed([None, None])
        reel.end()
        kept.clear()
        service.run()
    assert kept[0] == 0
    assert kept[1] >= AT_LEAST - 1


def test_a_bundle_that_was_given_up_is_told_in_the_status_and_in_the_log(
    parts: Parts, reel: Reel
) -> None:
    notice = "bundle new was given up: 2 starts broke off with it; built-in counts instead"
    service = LiveService(replace(parts, bundle_notice=notice))
    assert service.status().notice == notice
    start(service)
    assert service.status().notice == notice
    reel.end()
    service.run()
    (started,) = (entry for entry in parts.store.log() if entry.kind == "service started")
    assert started.detail["bundle_notice"] == notice


def test_a_session_that_goes_on_with_another_bundle_says_so(parts: Parts) -> None:
    start(LiveService(parts))
    spec = replace(parts.spec, bundle="other 2 abcdef12", bundle_sha256="a" * 64)
    told = f"session 1 was begun with bundle {parts.spec.bundle}, now other 2 abcdef12"
    remedy = "finish or discard it to count with the present one"
    assert LiveService(replace(parts, spec=spec)).status().notice == f"{told}; {remedy}"
    spec = replace(spec, calibration={"number": 2})
    told = f"{told}, and another calibration than now"
    assert LiveService(replace(parts, spec=spec)).status().notice == f"{told}; {remedy}s"
