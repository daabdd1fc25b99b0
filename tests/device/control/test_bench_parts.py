"""The bench as the settings want it; what is wrong there reaches status and doctor."""

import json
import queue
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from leuko.cli import main
from leuko.control import Action, Archive, CommandQueue, ControlServer, Press
from leuko.displays import Display, DisplayThread
from leuko.doctor import ask_service, examine_bench, examine_buttons, examine_keypad
from leuko.errors import DisplayError
from leuko.service import bench_health, open_bench
from leuko.settings import Settings
from leuko.status import Health, Level, LiveStatus

Eventually = Callable[[Callable[[], bool]], bool]
LOST = Health(Level.WARNING, "keypad /dev/input/event9 is not plugged in")


def lost(settings: Settings) -> Health:
    return Health(Level.WARNING, f"keypad {settings.keypad} is not plugged in")


class Memory(Protocol):
    """The count in memory; see conftest.py."""

    now: LiveStatus


@pytest.fixture
def pins() -> Generator[None]:
    """Pins that gpiozero itself ships for trying things out."""
    earlier, Device.pin_factory = Device.pin_factory, MockFactory()
    yield
    Device.pin_factory.reset()
    Device.pin_factory = earlier


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A bench with a keypad that is not plugged in and a button on a pin that there is not."""
    socket = tmp_path / "control.sock"
    return Settings(keypad=str(tmp_path / "event9"), buttons="start=99", control_socket=socket)


@pytest.mark.usefixtures("pins")
def test_the_service_is_told_of_keypad_buttons_and_display_that_do_not_work(
    settings: Settings,
    commands: CommandQueue,
    archive: Archive,
    eventually: Eventually,
    *,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def none_there() -> Display:
        raise DisplayError("no framebuffer at /dev/fb9; choose another")

    with ExitStack() as stack:
        _, looks = open_bench(
            settings, {Action.GO: "99"}, commands=commands, archive=archive, stack=stack
        )
        display = stack.enter_context(DisplayThread(none_there))
        assert eventually(lambda: display.health.level is Level.FAULT)
        told = bench_health(looks, display)
    assert [caplog.text.count(health.text) for health in told.values()] == [1, 1, 1]
    assert told["keypad"] == lost(settings)
    assert told["buttons"].level is Level.FAULT
    assert told["buttons"].text.startswith("buttons do not work: ")
    assert told["display"].text == "no framebuffer at /dev/fb9; choose another"


def test_a_session_begun_at_the_bench_carries_the_operator_of_the_settings(
    commands: CommandQueue, archive: Archive, asked: queue.SimpleQueue[str]
) -> None:
    with ExitStack() as stack:
        bench, _ = open_bench(
            Settings(operator=" Ana  B. "), {}, commands=commands, archive=archive, stack=stack
        )
        bench.press(Press(Action.GO, "H-12"), on="keypad event0")
        assert asked.get(timeout=30) == "start 'H-12' for 'Ana B.' by keypad event0"


def test_what_is_not_set_is_not_told(commands: CommandQueue, archive: Archive) -> None:
    with ExitStack() as stack:
        _, looks = open_bench(Settings(), {}, commands=commands, archive=archive, stack=stack)
        assert bench_health(looks, None) == {}
    assert list(examine_bench(Settings())) == []


@pytest.mark.usefixtures("server")
def test_the_status_tells_of_the_bench(
    memory: Memory, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    fine = Health(Level.OK, "2 buttons ready")
    memory.now = replace(memory.now, bench={"keypad": LOST, "buttons": fine})
    where = ["--socket", str(settings.control_socket)]
    printed = []
    for words in (["status"], ["status", "--json"]):
        with pytest.raises(SystemExit):
            main(["session", *words, *where])
        printed.append(capfd.readouterr().out)
    assert "keypad warning: keypad /dev/input/event9 is not plugged in" in printed[0]
    assert "buttons" not in printed[0]
    assert json.loads(printed[1])["bench"]["buttons"] == {"level": "ok", "text": "2 buttons ready"}


@pytest.mark.usefixtures("pins")
def test_the_doctor_looks_at_keypad_and_buttons_that_are_set(settings: Settings) -> None:
    assert [found.part for found in examine_bench(settings)] == ["keypad", "buttons"]
    assert examine_keypad(settings).health == lost(settings)
    assert examine_buttons(settings).health.level is Level.FAULT
    sound = settings.model_copy(update={"buttons": "start=5,finish=6"})
    assert examine_buttons(sound).health == Health(Level.OK, "2 buttons ready")
    wrong = settings.model_copy(update={"buttons": "explode=5"})
    assert "is no button; give each of" in examine_buttons(wrong).health.text


@pytest.mark.usefixtures("pins")
def test_the_doctor_takes_no_keypad_and_no_pin_from_a_running_service(
    memory: Memory, settings: Settings, server: ControlServer
) -> None:
    del server
    bench = {"keypad": Health(Level.OK, "keypad ready"), "buttons": Health(Level.OK, "1 button")}
    memory.now = replace(memory.now, bench=bench)
    held = {found.part: found.health for found in ask_service(settings).held}
    assert {part: held[part] for part in bench} == bench
