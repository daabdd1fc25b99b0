"""What keys mean, and keypads that come and go; their events are real ones, through a FIFO."""

import os
import queue
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from leuko.control import AUTO, Action, Answers, Bench, CommandQueue, Keypad, Press
from leuko.status import Level

Asked = queue.SimpleQueue[str]
Eventually = Callable[[Callable[[], bool]], bool]

ESC, BACKSPACE, ENTER, SHIFT, H, MINUS = 1, 14, 28, 42, 35, 12
TAB, CTRL, CAPS_LOCK, ISO_KEY = 15, 29, 58, 86
PRINTED = (*range(2, 14), *range(16, 28), *range(30, 42), *range(43, 54))
"""Keys of a US keyboard that print something, from left to right and from top to bottom."""
KP_STAR, SPACE, NUM_LOCK, PRINT_SCREEN = 55, 57, 69, 99
KP_7, KP_MINUS, KP_PLUS, KP_1, KP_2, KP_DOT, KP_ENTER, KP_SLASH = 71, 74, 78, 79, 80, 83, 96, 98
SYN, KEY = 0, 1
UP, DOWN, REPEAT = 0, 1, 2

READS_AS_NOBODY = """
import os, sys, time
from pathlib import Path
from leuko.control import Bench, CommandQueue, Keypad
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with Bench(CommandQueue()) as bench, Keypad(bench, devices=Path(sys.argv[1])) as keypad:
    until_s = time.monotonic() + 30
    while "permission" not in keypad.health.text and time.monotonic() < until_s:
        time.sleep(0.01)
    print(keypad.health.text)
"""


def event(kind: int, code: int, value: int) -> bytes:
    """An input event as the kernel of this machine writes it."""
    return struct.pack("@llHHi", 1_700_000_000, 250_000, kind, code, value)


def tap(*codes: int) -> bytes:
    return b"".join(event(KEY, code, value) for code in codes for value in (DOWN, UP))


class Plug:
    """The writing end of a FIFO that a keypad reads as its device."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._descriptor = -1

    def plug_in(self) -> None:
        self._descriptor = os.open(self.path, os.O_WRONLY)

    def send(self, events: bytes) -> None:
        os.write(self._descriptor, events)

    def pull(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@pytest.fixture
def plug(tmp_path: Path) -> Generator[Plug]:
    plug = Plug(tmp_path / "event0")
    yield plug
    plug.pull()


@pytest.fixture
def keypad(bench: Bench, plug: Plug) -> Generator[Keypad]:
    """A keypad, plugged in, whose long press is a fifth of a second."""
    with Keypad(bench, str(plug.path), hold_s=0.2, scan_s=0.02) as keypad:
        plug.plug_in()
        yield keypad


def presses(asked: Asked, number: int) -> list[str]:
    return [asked.get(timeout=30) for _ in range(number)]


def test_enter_starts_pauses_and_resumes(keypad: Keypad, plug: Plug, asked: Asked) -> None:
    plug.send(tap(KP_ENTER, ENTER, KP_ENTER))
    assert presses(asked, 3) == [
        "start '' for '' by keypad event0",
        "pause by keypad event0",
        "resume by keypad event0",
    ]
    assert keypad.health.level is Level.OK


@pytest.mark.usefixtures("keypad")
def test_an_id_that_is_typed_or_scanned_is_the_specimen(plug: Plug, asked: Asked) -> None:
    scanned = event(KEY, SHIFT, DOWN) + tap(H) + event(KEY, SHIFT, UP)
    plug.send(scanned + tap(MINUS, KP_1, KP_2, KP_7, BACKSPACE, ENTER))
    assert presses(asked, 1) == ["start 'H-12' for '' by keypad event0"]


@pytest.mark.usefixtures("keypad")
def test_an_id_is_shown_while_it_is_typed(plug: Plug, bench: Bench, eventually: Eventually) -> None:
    plug.send(tap(KP_1, KP_2))
    assert eventually(lambda: bench.notice == "specimen 12")
    plug.send(tap(ESC))
    assert eventually(lambda: not bench.notice)


@pytest.mark.usefixtures("keypad")
def test_plus_and_minus_step_through_the_targets(plug: Plug, asked: Asked) -> None:
    plug.send(tap(ENTER, KP_PLUS, KP_PLUS, KP_PLUS, KP_MINUS))
    assert [line.split(" by ")[0] for line in presses(asked, 5)[1:]] == [
        "target 200",
        "target 400",
        "target 400",
        "target 200",
    ]


@pytest.mark.usefixtures("keypad")
@pytest.mark.parametrize(
    ("key", "command"),
    [
        (BACKSPACE, "finish"),
        (KP_DOT, "finish"),
        (ESC, "discard"),
        (KP_SLASH, "discard"),
    ],
)
def test_a_long_press_ends_the_session_while_the_key_is_still_down(
    plug: Plug, asked: Asked, key: int, command: str
) -> None:
    plug.send(tap(ENTER) + event(KEY, key, DOWN) + event(KEY, key, REPEAT))
    assert presses(asked, 2)[1] == f"{command} by keypad event0"


@pytest.mark.usefixtures("keypad")
def test_a_short_press_ends_nothing(plug: Plug, asked: Asked) -> None:
    plug.send(tap(ENTER, BACKSPACE, KP_DOT, ESC, KP_SLASH, KP_PLUS))
    assert presses(asked, 2)[1] == "target 200 by keypad event0"


@pytest.mark.usefixtures("keypad")
@pytest.mark.parametrize("key", [KP_STAR, SPACE])
def test_a_press_tallies_a_smudge_cell_and_a_long_one_takes_it_back(
    plug: Plug, asked: Asked, key: int
) -> None:
    plug.send(tap(ENTER, key, key))
    assert presses(asked, 3)[1:] == [f"{number} smudge cells by keypad event0" for number in (1, 2)]
    plug.send(event(KEY, key, DOWN))
    assert presses(asked, 1) == ["1 smudge cells by keypad event0"]
    plug.send(event(KEY, key, UP) + tap(KP_PLUS))
    assert presses(asked, 1) == ["target 200 by keypad event0"]


@pytest.mark.usefixtures("keypad")
@pytest.mark.parametrize("key", [NUM_LOCK, PRINT_SCREEN])
def test_a_long_press_exports_and_a_short_one_does_nothing(
    plug: Plug, bench: Bench, eventually: Eventually, key: int
) -> None:
    plug.send(tap(key, KP_PLUS))
    assert eventually(lambda: bench.notice == "no session is open; start one first")
    plug.send(event(KEY, key, DOWN))
    assert eventually(lambda: bench.notice.startswith("no session can be exported here"))


@pytest.mark.usefixtures("keypad")
def test_num_lock_that_a_keypad_sends_with_its_keys_keeps_none_from_being_held(
    plug: Plug, asked: Asked
) -> None:
    plug.send(tap(ENTER) + event(KEY, KP_DOT, DOWN) + tap(NUM_LOCK))
    assert presses(asked, 2)[1] == "finish by keypad event0"


@pytest.mark.usefixtures("keypad")
def test_a_tally_is_shown(plug: Plug, bench: Bench, eventually: Eventually) -> None:
    plug.send(tap(ENTER, KP_STAR, KP_STAR))
    assert eventually(lambda: bench.notice == "2 smudge cells, by eye")


@pytest.mark.usefixtures("keypad")
def test_within_an_id_the_signs_of_the_keypad_and_a_blank_are_part_of_it(
    plug: Plug, asked: Asked
) -> None:
    signs = (KP_PLUS, KP_STAR, KP_MINUS, KP_DOT, KP_SLASH, SPACE, KP_2, ENTER)
    plug.send(tap(KP_1, *signs))
    assert presses(asked, 1) == ["start '1+*-./ 2' for '' by keypad event0"]


@pytest.mark.usefixtures("keypad")
@pytest.mark.parametrize(
    ("keys", "signs"),
    [
        (tap(*PRINTED), r"1234567890-=qwertyuiop[]asdfghjkl;'`\zxcvbnm,./"),
        (
            event(KEY, SHIFT, DOWN) + tap(*PRINTED) + event(KEY, SHIFT, UP),
            '!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"~|ZXCVBNM<>?',
        ),
        (tap(CAPS_LOCK, *PRINTED), r"1234567890-=QWERTYUIOP[]ASDFGHJKL;'`\ZXCVBNM,./"),
    ],
    ids=["as they are", "with Shift", "with Caps Lock"],
)
def test_every_sign_of_a_us_keyboard_is_read(
    plug: Plug, asked: Asked, keys: bytes, signs: str
) -> None:
    plug.send(keys + tap(ENTER))
    assert presses(asked, 1) == [f"start {signs!r} for '' by keypad event0"]


@pytest.mark.usefixtures("keypad")
@pytest.mark.parametrize(
    "unread",
    [
        tap(ISO_KEY),
        event(KEY, CTRL, DOWN) + tap(KP_2) + event(KEY, CTRL, UP),
        event(SYN, 3, 0),
    ],
    ids=["a key that US keyboards lack", "a sign with Control", "events that were lost"],
)
def test_an_id_with_a_sign_that_is_not_read_starts_nothing(
    plug: Plug, asked: Asked, unread: bytes
) -> None:
    plug.send(tap(KP_1) + unread + tap(KP_7, ENTER))
    plug.send(tap(KP_1) + unread + tap(BACKSPACE, KP_7, ENTER))
    assert presses(asked, 1) == ["start '17' for '' by keypad event0"]


@pytest.mark.usefixtures("keypad")
def test_an_id_that_is_not_read_is_said(plug: Plug, bench: Bench, eventually: Eventually) -> None:
    plug.send(tap(KP_1, ISO_KEY, ENTER))
    sentence = "the id has a sign that leuko does not read; type it"
    assert eventually(lambda: bench.notice == sentence)


@pytest.mark.usefixtures("keypad")
def test_an_id_that_is_too_long_starts_nothing(
    plug: Plug, asked: Asked, bench: Bench, eventually: Eventually
) -> None:
    plug.send(tap(*[KP_1] * 65, ENTER))
    sentence = "the id is longer than 64 signs; type a shorter one"
    assert eventually(lambda: bench.notice == sentence)
    plug.send(tap(*[KP_1] * 64, TAB, ENTER))
    assert presses(asked, 1) == [f"start {'1' * 64!r} for '' by keypad event0"]


@pytest.mark.usefixtures("keypad")
def test_a_blank_alone_is_no_id(plug: Plug, asked: Asked) -> None:
    plug.send(tap(TAB, ENTER))
    assert presses(asked, 1) == ["start '' for '' by keypad event0"]


@pytest.mark.usefixtures("keypad")
def test_a_key_whose_release_was_lost_ends_nothing(plug: Plug, asked: Asked) -> None:
    plug.send(tap(ENTER) + event(KEY, BACKSPACE, DOWN) + event(SYN, 3, 0))
    presses(asked, 1)
    with pytest.raises(queue.Empty):
        asked.get(timeout=0.5)


@pytest.mark.usefixtures("keypad")
def test_events_may_come_in_pieces_and_among_others(plug: Plug, asked: Asked) -> None:
    events = event(4, 4, 458792) + event(SYN, 0, 0) + tap(ENTER) + event(SYN, 0, 0)
    for start in range(0, len(events), 7):
        plug.send(events[start : start + 7])
    assert presses(asked, 1) == ["start '' for '' by keypad event0"]


def test_a_keypad_that_was_pulled_is_taken_again(
    keypad: Keypad, plug: Plug, asked: Asked, eventually: Eventually
) -> None:
    plug.send(tap(ENTER, KP_1) + event(KEY, BACKSPACE, DOWN))
    presses(asked, 1)
    plug.pull()
    plug.path.unlink()
    assert eventually(lambda: keypad.health.text == f"keypad {plug.path} is not plugged in")
    assert keypad.health.level is Level.WARNING
    os.mkfifo(plug.path)
    plug.plug_in()
    plug.send(tap(ENTER))
    assert presses(asked, 1) == ["pause by keypad event0"]
    assert eventually(lambda: keypad.health.text == "keypad ready")


def test_a_refused_press_is_shown(
    keypad: Keypad, plug: Plug, bench: Bench, eventually: Eventually
) -> None:
    assert keypad.health.level in {Level.OK, Level.WARNING}
    plug.send(tap(KP_PLUS))
    assert eventually(lambda: bench.notice == "no session is open; start one first")


def test_a_press_without_an_answering_service_is_shown_and_survived(
    plug: Plug, eventually: Eventually
) -> None:
    commands = CommandQueue(answer_s=0.05)
    with Bench(commands) as bench, Keypad(bench, str(plug.path), scan_s=0.02):
        plug.plug_in()
        plug.send(tap(ENTER))
        assert eventually(lambda: "did not answer within 0.05 s" in bench.notice)


def test_no_keypad_is_no_fault_where_any_would_do(
    bench: Bench, tmp_path: Path, eventually: Eventually
) -> None:
    (tmp_path / "event0").write_bytes(b"no device")
    with Keypad(bench, AUTO, devices=tmp_path, scan_s=0.02) as keypad:
        assert eventually(lambda: keypad.health.text == "no keypad is plugged in")
        assert keypad.health.level is Level.OK


def test_what_is_no_input_device_is_said_so(
    bench: Bench, tmp_path: Path, eventually: Eventually
) -> None:
    (tmp_path / "event0").write_bytes(tap(ENTER))
    path = tmp_path / "event0"
    with Keypad(bench, str(path), scan_s=0.02) as keypad:
        assert eventually(lambda: keypad.health.text == f"{path} is no keypad; choose another")
        assert keypad.health.level is Level.WARNING


def test_a_keypad_that_may_not_be_read_is_said_with_the_remedy() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        os.mkfifo(Path(folder) / "event0", 0)
        run = subprocess.run(
            [sys.executable, "-c", READS_AS_NOBODY, folder],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.stdout.startswith("no permission to read"), run.stderr
    assert run.stdout.endswith("; add the service's user to the group input\n")


def test_keys_that_do_not_wait_for_enter_are_each_an_answer_and_others_are_not(plug: Plug) -> None:
    answers = Answers()
    with Keypad(answers, str(plug.path), scan_s=0.02, at_once="17-"):
        plug.plug_in()
        plug.send(tap(KP_1, KP_7, MINUS, ISO_KEY, ENTER, KP_2, KP_ENTER))
        pressed = [answers.next_press(30.0) for _ in range(4)]
    assert pressed == [Press(Action.GO, text) for text in ("1", "7", "-", "2")]
