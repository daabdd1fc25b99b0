"""Processes and threads beside a model that is being loaded, and messages between processes."""

import importlib
import multiprocessing
import os
import threading
import traceback
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from leuko.cameras import CameraOptions, CameraProcess
from leuko.errors import EngineError
from leuko.inference import LiteRTEngine
from leuko.processes import SPAWN, send

SLOW_RUNTIME = """
import threading

begun, go_on = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]

class Interpreter:
    def __init__(self, model_content, **_):
        number = int(model_content)
        begun[number].set()
        go_on[number].wait(30)
        raise ValueError("no model")
"""


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[ModuleType]:
    """A runtime that takes its time with the models 0 and 1, and then refuses them."""
    (tmp_path / "slow_runtime.py").write_text(SLOW_RUNTIME, encoding="ascii")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("slow_runtime")
    importlib.reload(module)
    yield module
    for event in module.go_on:
        event.set()


def load(number: int) -> None:
    with pytest.raises(EngineError):
        LiteRTEngine(runtimes=("slow_runtime",)).load(b"%d" % number)


def test_a_camera_that_starts_while_a_model_is_loaded_has_the_stderr_of_its_owner(
    runtime: ModuleType, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load, 0)
        assert runtime.begun[0].wait(30)
        threading.Timer(0.3, runtime.go_on[0].set).start()
        options = CameraOptions(str(tmp_path), 320, 240)
        with closing(CameraProcess("replay", options)):
            (child,) = multiprocessing.active_children()
            inherited = Path(f"/proc/{child.pid}/fd/2").stat()
        loading.result(30)
    assert inherited.st_ino == os.fstat(2).st_ino


def test_two_models_that_are_loaded_at_once_leave_stderr_where_it_was(runtime: ModuleType) -> None:
    before = os.fstat(2).st_ino
    with ThreadPoolExecutor(2) as pool:
        loading = [pool.submit(load, 0)]
        assert runtime.begun[0].wait(30)
        loading.append(pool.submit(load, 1))
        # The second has to wait; if it did not, it would find the first one's file.
        assert not runtime.begun[1].wait(0.3)
        for number in (0, 1):
            runtime.go_on[number].set()
            loading[number].result(30)
    assert os.fstat(2).st_ino == before


def test_a_message_that_nobody_takes_leaves_no_open_buffer_behind() -> None:
    ours, theirs = SPAWN.Pipe()
    theirs.close()
    with pytest.raises(OSError, match="Broken pipe") as refused:
        send(ours, "hello")
    views = [
        value
        for frame, _ in traceback.walk_tb(refused.tb)
        for value in frame.f_locals.values()
        if isinstance(value, memoryview)
    ]
    assert views
    assert all(isinstance(view.obj, bytes) for view in views)
    ours.close()


def test_what_is_sent_is_received_as_it_is() -> None:
    ours, theirs = SPAWN.Pipe()
    send(ours, {"picture": [1, 2, 3]})
    assert theirs.recv() == {"picture": [1, 2, 3]}
    ours.close()
    theirs.close()
