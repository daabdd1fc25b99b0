"""Runs leuko's V4L2 camera and framebuffer display inside the machine of check_v4l2.sh.

There the kernel's vivid stands in for a USB camera; it draws colour bars. Two screens have 32 and
16 bits per pixel. The host photographs them when it is told to, and answers with a line.
"""

import fcntl
import logging
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.hardware.v4l2.shown import shown

from leuko.cameras import CameraOptions, CameraProcess, Frame, Locks, load_camera
from leuko.cells import RGBImage
from leuko.displays import DisplayOptions
from leuko.displays.framebuffer import FramebufferDisplay
from leuko.errors import CameraError
from leuko.status import Level

OPTIONS = CameraOptions(source="0", width=640, height=480)
PICTURES = 30
BARS = ("white", "yellow", "cyan", "green", "magenta", "red", "blue", "black")
"""What vivid draws, from left to right."""
COLOURS = ("black", "blue", "green", "cyan", "red", "magenta", "yellow", "white")
"""By red, green and blue as the bits of a number."""
SCREENS = {"bochs": 32, "cirrus": 16}
"""Bits per pixel by the kernel's module."""
GRAPHICS = Path("/sys/class/graphics")
VIVID = Path("/sys/bus/platform/drivers/vivid")
_SET_CONTROL = 0xC008561C
"""``VIDIOC_S_CTRL``, with the numbers that vivid gives its own controls."""
_TEXT, _MOVEMENT = 0x00F0F001, 0x00F0F002
_NO_TEXT, _MOVE_LEFT_FAST = 2, 0
OPENING_S = 120.0
"""An emulated processor takes its time to start Python."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def check(what: str, *, holds: bool, value: object = "") -> None:
    say(f"{'ok' if holds else 'FAILED'}: {what} {value}".rstrip())
    if not holds:
        raise SystemExit(1)


def modprobe(*arguments: str) -> None:
    subprocess.run(["modprobe", *arguments], check=True)


def check_pictures() -> None:
    with closing(load_camera("opencv", OPTIONS)) as camera:
        check("opened", holds=True, value=camera.name)
        frames = [frame for frame in (camera.read() for _ in range(PICTURES)) if frame]
        now_s = time.monotonic()
    check("every read gave a picture", holds=len(frames) == PICTURES)
    check_order(frames, now_s)
    sizes = {(frame.rgb.shape, str(frame.rgb.dtype)) for frame in frames}
    check("pictures have the size asked for", holds=sizes == {((480, 640, 3), "uint8")})
    seen = bars(frames[-1].rgb)
    check("the bars have their colours", holds=seen == BARS, value=", ".join(seen))


def check_order(frames: list[Frame], now_s: float) -> None:
    numbers = [frame.number for frame in frames]
    check("numbers count from 0", holds=numbers == list(range(PICTURES)))
    stamps = [frame.captured_s for frame in frames]
    check("stamps rise", holds=all(np.diff(stamps) > 0))
    value = f"{now_s - stamps[-1]:.2f} s"
    check("the last picture is fresh", holds=0 <= now_s - stamps[-1] < 1, value=value)


def bars(rgb: RGBImage) -> tuple[str, ...]:
    # The lower half: vivid writes its settings over the upper.
    row = rgb[3 * len(rgb) // 4]
    middles = row[len(row) // 16 :: len(row) // 8] > 96
    return tuple(COLOURS[int(index)] for index in middles @ (4, 2, 1))


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def check_locks() -> None:
    heard = _Heard()
    logging.getLogger("leuko").addHandler(heard)
    load_camera("opencv", OPTIONS).close()
    logging.getLogger("leuko").removeHandler(heard)
    for what in ("exposure", "white balance"):
        line = f"the camera cannot lock its {what}"
        check(f"a camera without a lock for its {what} is warned of", holds=line in heard.lines)
    check_refused(
        "an exposure time it cannot set",
        "exposure time",
        replace(OPTIONS, locks=Locks(exposure_us=5000)),
    )
    check_refused(
        "gains it cannot set", "red and blue gains", replace(OPTIONS, locks=Locks(gains=(1.5, 1.5)))
    )
    check_refused(
        "a size it does not have", "instead of 641 x 481", replace(OPTIONS, width=641, height=481)
    )
    check_refused(
        "a camera that is not there",
        "there is no camera at /dev/video7",
        replace(OPTIONS, source="7"),
    )


def check_refused(what: str, sentence: str, options: CameraOptions) -> None:
    try:
        load_camera("opencv", options).close()
    except CameraError as error:
        check(f"{what}: refused", holds=sentence in str(error), value=str(error))
    else:
        check(f"{what}: refused", holds=False)


def make_lifelike() -> None:
    """Let the bars wander, without text: else pictures repeat, and the text looks torn."""
    with Path("/dev/video0").open("rb") as device:
        for control, value in ((_TEXT, _NO_TEXT), (_MOVEMENT, _MOVE_LEFT_FAST)):
            fcntl.ioctl(device, _SET_CONTROL, struct.pack("Ii", control, value))


def check_process() -> None:
    make_lifelike()
    with closing(CameraProcess("opencv", OPTIONS, opening_s=OPENING_S)) as camera:
        first = camera.read(OPENING_S)
        check("its process gives a picture", holds=first is not None, value=camera.health.text)
        frames = [frame for frame in (camera.read(2.0) for _ in range(PICTURES)) if frame]
        check("every read gave a picture", holds=len(frames) == PICTURES)
        check("it is well", holds=camera.health.level is Level.OK, value=camera.health.text)
        for _ in range(2):
            check_unplugging(camera, frames[-1].number)


def check_unplugging(camera: CameraProcess, last: int) -> None:
    (device,) = (path.name for path in VIVID.glob("vivid.*"))
    unplugged_s = time.monotonic()
    (VIVID / "unbind").write_text(device)
    took_s = waited(lambda: camera.health.level is Level.FAULT, unplugged_s)
    check(
        "unplugged: noticed", holds=took_s < 2, value=f"after {took_s:.2f} s, {camera.health.text}"
    )
    check("unplugged: no picture", holds=camera.read(3.0) is None, value=camera.health.text)
    plugged_s = time.monotonic()
    (VIVID / "bind").write_text(device)
    make_lifelike()
    frame = camera.read(OPENING_S)
    took_s = time.monotonic() - plugged_s
    check("plugged in: it comes back", holds=frame is not None, value=f"after {took_s:.1f} s")
    check("its numbers count on", holds=frame is not None and frame.number > last)
    check("it is well", holds=camera.health.level is Level.OK, value=camera.health.text)


def waited(is_so: Callable[[], bool], since_s: float) -> float:
    while not is_so() and time.monotonic() < since_s + 20:
        time.sleep(0.02)
    return time.monotonic() - since_s


def check_screens() -> None:
    for module, bits in SCREENS.items():
        modprobe(module)
        name = next(
            path.name for path in GRAPHICS.glob("fb[0-9]") if fact(path, "name").startswith(module)
        )
        found = fact(GRAPHICS / name, "bits_per_pixel")
        size = fact(GRAPHICS / name, "virtual_size")
        check(f"{module} has {bits} bits per pixel", holds=found == str(bits), value=size)
        options = DisplayOptions(device=f"/dev/{name}")
        with closing(FramebufferDisplay.opened(options)) as display:
            display.show(shown())
            ask(f"count {module} {size}")
        ask(f"black {module} {size}")


def fact(screen: Path, name: str) -> str:
    return (screen / name).read_text(encoding="ascii").strip()


def ask(what: str) -> None:
    say(f"look: {what}")
    answer = sys.stdin.readline().strip()
    check(f"the screen, {what}", holds=answer == "ok", value=answer)


def main() -> None:
    modprobe("vivid", "node_types=0x1", "input_types=0x0")
    check_pictures()
    check_locks()
    check_process()
    check_screens()
    say("all is well")


if __name__ == "__main__":
    main()
