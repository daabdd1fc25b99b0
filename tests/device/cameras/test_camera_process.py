"""A camera in its own process: its faults are noticed, shown and survived."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from leuko.cameras import CameraOptions, CameraProcess, Frame
from leuko.errors import SettingsError
from leuko.status import Level

SILENCE_S = 1.2
"""Shorter than the two seconds that a fault may take, longer than a loaded machine pauses."""
SOUND_PICTURES = 5
"""Pictures that a faulty camera gives before it fails."""
LATE_S = 0.3
"""By how much a loaded machine may wake us late."""
LONG_S = 60.0
"""What nothing takes, be the machine ever so loaded."""

Start = Callable[..., CameraProcess]


def read_until(camera: CameraProcess, done: Callable[[], bool]) -> list[Frame]:
    """All pictures that come until something is so."""
    frames: list[Frame] = []
    until = time.monotonic() + LONG_S
    while not done():
        assert time.monotonic() < until, camera.health
        asked_s = time.monotonic()
        frame = camera.read(0.05)
        if frame:
            # Whatever keeps us waiting afterwards makes no picture older.
            assert asked_s - frame.captured_s < SILENCE_S
            frames.append(frame)
    return frames


def is_at(camera: CameraProcess, level: Level) -> Callable[[], bool]:
    return lambda: camera.health.level is level


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("HangingCamera", "gives no pictures; check its cable"),
        ("FrozenCamera", "repeats its last picture; check its cable"),
        ("CyclingCamera", "repeats its last picture; check its cable"),
        ("UnpluggedCamera", "unplugged after 230400 bytes; plug it in again"),
        ("CrashingCamera", "stopped (SIGKILL); see the log"),
        ("FlatCamera", "gives one flat colour; check its cable"),
        ("NoisyCamera", "gives noise; check its cable"),
        ("BlackCamera", "gives black pictures; switch the lamp on or check its cable"),
        ("HalfCamera", "gives half pictures; check its cable"),
        ("TornCamera", "gives torn pictures; check its cable"),
        ("ResizedCamera", "gives 160 x 120 pixels instead of 320 x 240; choose a size it has"),
        ("LateCamera", "gives old pictures"),
    ],
)
def test_a_fault_is_noticed_shown_and_survived(kind: str, words: str, start: Start) -> None:
    camera = start(kind, silence_s=SILENCE_S)
    before = read_until(camera, is_at(camera, Level.FAULT))
    assert before
    assert time.monotonic() - before[-1].captured_s < SILENCE_S + LATE_S
    assert words in camera.health.text
    after = read_until(camera, is_at(camera, Level.OK))
    after += read_until(camera, lambda: len(after) > 0)
    frames = before + after
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    assert {frame.rgb.shape for frame in frames} == {(240, 320, 3)}
    assert len({frame.rgb.tobytes() for frame in frames}) == len(frames)
    assert all(frame.rgb.std() > 10 for frame in frames)


@pytest.mark.parametrize(
    ("kind", "words", "opening_s"),
    [
        ("MissingCamera", "missing camera; plug it in", LONG_S),
        ("StuckCamera", "gives no picture within 2 s", 2.0),
    ],
)
def test_a_camera_that_does_not_open_is_opened_again(
    kind: str, words: str, opening_s: float, start: Start
) -> None:
    camera = start(kind, silence_s=SILENCE_S, opening_s=opening_s)
    assert camera.health.level is Level.WARNING
    assert not read_until(camera, is_at(camera, Level.FAULT))
    assert words in camera.health.text
    read_until(camera, is_at(camera, Level.OK))


@pytest.fixture
def hangs(tmp_path: Path) -> Callable[[], bool]:
    """Whether a `HangingCamera` has given its pictures and hangs."""
    return (tmp_path / "hangs").exists


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_fault_is_noticed_while_nobody_reads(start: Start, hangs: Callable[[], bool]) -> None:
    camera = start("HangingCamera", silence_s=SILENCE_S)
    wait_until(lambda: camera.found is not None)
    wait_until(hangs)
    time.sleep(SILENCE_S)
    assert camera.health.level is Level.FAULT
    # Its last picture was never read, and is too old now.
    assert camera.read(0) is None


def test_a_masked_field_of_view_is_no_half_picture(start: Start) -> None:
    camera = start("MaskedCamera", silence_s=SILENCE_S)
    read_until(camera, is_at(camera, Level.OK))
    frames: list[Frame] = []
    until = time.monotonic() + 2 * SILENCE_S
    frames += read_until(camera, lambda: time.monotonic() > until)
    assert frames
    assert camera.health.level is Level.OK


@pytest.fixture
def real_fields(datasets: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "fields"
    folder.mkdir()
    for file in sorted((datasets / "bcisc" / "original-images" / "neut").glob("*.jpg"))[:12]:
        (folder / file.name).symlink_to(file)
    return folder


def fields_of(kind: str, folder: Path, start: Start) -> tuple[list[Frame], CameraProcess]:
    camera = start(kind, source=folder, width=2048, height=1536, frames_per_s=0)
    frames: list[Frame] = []
    while not camera.has_ended:
        # A source that waits for its reader may be as late as it likes.
        frames += filter(None, [camera.read(0.05)])
    return frames, camera


def test_real_fields_are_taken_for_sound(real_fields: Path, start: Start) -> None:
    frames, camera = fields_of("FieldsCamera", real_fields, start)
    assert [frame.number for frame in frames] == list(range(12))
    assert camera.health.level is Level.OK


def test_where_two_real_fields_meet_is_noticed(real_fields: Path, start: Start) -> None:
    frames, _ = fields_of("TornFieldsCamera", real_fields, start)
    assert not frames


def test_the_newest_picture_wins(start: Start, hangs: Callable[[], bool]) -> None:
    camera = start("HangingCamera", silence_s=LONG_S)
    wait_until(hangs)
    newest = camera.read(1)
    assert newest
    assert newest.number == SOUND_PICTURES - 1
    assert camera.read(0) is None


def test_a_picture_is_not_overwritten_by_later_ones(start: Start) -> None:
    camera = start("SoundCamera")
    (first,) = read_until(camera, is_at(camera, Level.OK))
    kept = first.rgb.copy()
    later: list[Frame] = []
    later += read_until(camera, lambda: camera.read(1) is not None and camera.read(1) is not None)
    np.testing.assert_array_equal(first.rgb, kept)


def test_reading_waits_no_longer_than_it_may(start: Start) -> None:
    camera = start("StuckCamera")
    started_s = time.monotonic()
    assert camera.read(0.2) is None
    assert time.monotonic() - started_s < 0.2 + LATE_S


def test_a_picture_that_everybody_waits_for_comes_at_once(start: Start) -> None:
    camera = start("SoundCamera")
    read_until(camera, is_at(camera, Level.OK))
    ages = []
    for _ in range(20):
        frame = camera.read(1)
        assert frame
        ages.append(time.monotonic() - frame.captured_s)
    assert np.median(ages) < 0.05


def test_a_source_comes_to_its_end(start: Start) -> None:
    camera = start("EndingCamera")
    frames = read_until(camera, lambda: camera.has_ended)
    assert frames[-1].number == 19
    assert camera.read(0) is None
    assert camera.health.level is Level.OK


@pytest.mark.parametrize(
    ("options", "smaller"),
    [
        (CameraOptions(), " or choose a smaller frame (frame_width, frame_height)"),
        (CameraOptions(width=640, height=480), ""),
    ],
)
def test_a_slide_that_a_busy_computer_cannot_draw_in_time_has_no_cable(
    options: CameraOptions, smaller: str
) -> None:
    with closing(CameraProcess("sim", options, opening_s=0.001)) as camera:
        read_until(camera, is_at(camera, Level.FAULT))
        assert camera.health.text == (
            "sim gives no picture within 0.005 s; this computer is too busy to draw the slide; "
            f"close other programs{smaller}"
        )


def test_as_fast_as_possible_drops_nothing(image_folder: Path) -> None:
    options = CameraOptions(source=str(image_folder), frames_per_s=0)
    with closing(CameraProcess("replay", options)) as camera:
        frames = read_until(camera, lambda: camera.has_ended)
    assert [frame.number for frame in frames] == list(range(12))


def test_a_source_that_waits_for_a_slow_reader_is_not_silent(image_folder: Path) -> None:
    options = CameraOptions(source=str(image_folder), frames_per_s=0)
    with closing(CameraProcess("replay", options, silence_s=0.04)) as camera:
        assert camera.read(LONG_S)
        time.sleep(0.5)
        assert camera.health.level is Level.OK
        assert camera.read(LONG_S)


def test_a_recording_may_repeat_itself(image_folder: Path, tmp_path: Path) -> None:
    picture = (image_folder / "000.png").read_bytes()
    for number in range(30):
        (tmp_path / f"{number:02}.png").write_bytes(picture)
    options = CameraOptions(source=str(tmp_path), frames_per_s=20)
    with closing(CameraProcess("replay", options, silence_s=SILENCE_S)) as camera:
        frames = read_until(camera, lambda: camera.has_ended)
        assert camera.health.level is Level.OK
    assert len(frames) > 10


def test_an_unknown_driver_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="no camera driver 'webcam'"):
        CameraProcess("webcam", CameraOptions())


def test_closing_ends_the_process_and_the_reading(start: Start, tmp_path: Path) -> None:
    camera = start("SoundCamera")
    read_until(camera, is_at(camera, Level.OK))
    camera.close()
    camera.close()
    assert camera.read(1) is None
    assert not any(is_alive(process) for process in processes(tmp_path / "openings"))


def test_a_hung_camera_is_closed_too(start: Start, tmp_path: Path) -> None:
    camera = start("StuckCamera")
    until = time.monotonic() + LONG_S
    while not processes(tmp_path / "openings") and time.monotonic() < until:
        camera.read(0.05)
    camera.close()
    (process,) = processes(tmp_path / "openings")
    assert not is_alive(process)


PROGRAM = """
import os, signal, sys, time
from leuko.cameras import CameraOptions, CameraProcess

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    options = CameraOptions(source=sys.argv[1], width=320, height=240, frames_per_s=50)
    camera = CameraProcess("faulty_cameras:SoundCamera", options)
    while True:
        frame = camera.read(20)
        print(frame.number if frame else camera.health.text, flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    (tmp_path / "openings").mkdir()
    return file


def running(program: Path) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, str(program), str(program.parent / "openings")],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def test_signals_to_the_whole_group_leave_the_camera_to_its_owner(program: Path) -> None:
    with running(program) as process:
        assert process.stdout
        assert process.stdout.readline().strip().isdecimal()
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGTERM)
        assert all(process.stdout.readline().strip().isdecimal() for _ in range(30))
        process.kill()
        assert process.stderr
        assert not process.stderr.read()


def test_the_camera_dies_with_its_owner_and_leaves_nothing(program: Path) -> None:
    with running(program) as process:
        assert process.stdout
        process.stdout.readline()
        (camera,) = processes(program.parent / "openings")
        process.kill()
        assert process.stderr
        # multiprocessing's tracker of resources would name here what is left.
        assert not process.stderr.read()
    until = time.monotonic() + LONG_S
    while is_alive(camera) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_alive(camera)


def processes(openings: Path) -> list[int]:
    """The processes that opened the camera."""
    return [int(file.name.split()[1]) for file in openings.iterdir()]


def is_alive(process: int) -> bool:
    """Whether a process runs; one that is dead and not yet reaped does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] != "Z"
