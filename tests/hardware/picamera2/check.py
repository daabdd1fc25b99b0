"""Runs leuko's driver on the real picamera2 and libcamera's virtual camera, which draws bars."""

import itertools
import multiprocessing
import os
import signal
import sys
import time
from contextlib import closing

import numpy as np

from leuko.cameras import (
    Adjustable,
    Camera,
    CameraOptions,
    CameraProcess,
    Frame,
    Locks,
    load_camera,
)
from leuko.cells import RGBImage
from leuko.errors import CameraError
from leuko.status import Level

DRIVER = "virtual_pi:VirtualPiCamera"
OPTIONS = CameraOptions(frames_per_s=20.0)
PICTURES = 20
COLOURS = ("black", "blue", "green", "cyan", "red", "magenta", "yellow", "white")
"""By red, green and blue as the bits of a number."""
LOCKS = {
    "ExposureTime": Locks(exposure_us=5000),
    "AnalogueGain": Locks(analogue_gain=2.0),
    "ColourGains": Locks(gains=(1.5, 1.8)),
}
"""What the driver locks, by libcamera's names."""
AUTOMATIC = ("AeEnable", "AwbEnable")
"""What it switches off for that."""


def check(what: str, *, holds: bool, value: object = "") -> None:
    line = f"{'ok' if holds else 'FAILED'}: {what} {value}"
    sys.stdout.write(f"{line.rstrip()}\n")
    if not holds:
        sys.exit(1)


def check_driver() -> None:
    with closing(load_camera(DRIVER, OPTIONS)) as camera:
        check("opened", holds=True, value=camera.name)
        frames = [frame for frame in (camera.read() for _ in range(PICTURES)) if frame]
        now_s = time.monotonic()
    check("every read gave a picture", holds=len(frames) == PICTURES)
    check_pictures(frames)
    numbers = [frame.number for frame in frames]
    check("numbers rise from 0", holds=numbers == sorted(set(numbers)) and numbers[0] == 0)
    stamps = [frame.captured_s for frame in frames]
    check("stamps rise", holds=stamps == sorted(stamps))
    check("the last picture is fresh", holds=now_s - stamps[-1] < 1, value=now_s - stamps[-1])


def check_pictures(frames: list[Frame]) -> None:
    rgb = frames[0].rgb
    check("pictures have the size asked for", holds=rgb.shape == (960, 1280, 3), value=rgb.shape)
    check("pictures are bytes", holds=rgb.dtype == np.uint8)
    after = dict(itertools.pairwise(bars(rgb)))
    check("the bar after white is yellow", holds=after["white"] == "yellow", value=after["white"])
    check("the bar after red is blue", holds=after["red"] == "blue", value=after["red"])


def bars(rgb: RGBImage) -> list[str]:
    """The colours from left to right, twice: the bars wander from picture to picture."""
    bits = rgb[len(rgb) // 2] > 128
    named = [COLOURS[int(index)] for index in bits @ (4, 2, 1)]
    runs = [(colour, len(list(run))) for colour, run in itertools.groupby(named * 2)]
    # Chroma at half the resolution mixes the colours where two bars meet.
    return [colour for colour, width in runs if width > 40]


def check_locks() -> None:
    """Try the locks, which the virtual camera lacks: they are refused, and said to be untried."""
    with closing(load_camera(DRIVER, OPTIONS)) as camera:
        offered = vars(camera)["_camera"].camera_controls
        check("the camera offers controls", holds=bool(offered), value=sorted(offered))
        for name in (*LOCKS, *AUTOMATIC):
            # A libcamera whose virtual camera has it is no reason to go on without trying it.
            check(f"{name} is none of them, or would be tried here", holds=name not in offered)
        for name, locks in LOCKS.items():
            told = refusal(camera, locks)
            check(f"a lock of {name} is refused", holds=f"cannot set {name}" in told, value=told)
        check("it goes on after that", holds=camera.read() is not None)
    untried = ", ".join((*LOCKS, *AUTOMATIC))
    sys.stdout.write(f"NOT CHECKED, the virtual camera has no such control: {untried}\n")


def refusal(camera: Camera, locks: Locks) -> str:
    """Return what a camera says to a lock; empty if it takes it."""
    if not isinstance(camera, Adjustable):
        return ""
    try:
        camera.lock(locks)
    except CameraError as error:
        return str(error)
    return ""


def check_reopening() -> None:
    for _ in range(2):
        with closing(load_camera(DRIVER, OPTIONS)) as camera:
            check("opens again after it was closed", holds=camera.read() is not None)


def check_missing() -> None:
    try:
        load_camera("leuko.cameras.picamera:PiCamera", CameraOptions(source="7"))
    except CameraError as error:
        check("a missing camera is told", holds="no Pi camera 7, 1 found" in str(error))
    else:
        check("a missing camera is told", holds=False)


def check_process() -> None:
    with closing(CameraProcess(DRIVER, OPTIONS, opening_s=60.0)) as camera:
        check("its process gives a picture", holds=camera.read(60.0) is not None, value=camera.name)
        frames = [frame for frame in (camera.read(1.0) for _ in range(PICTURES)) if frame]
        check("every read gave a picture", holds=len(frames) == PICTURES)
        check("it is well", holds=camera.health.level is Level.OK, value=camera.health.text)
        (process,) = multiprocessing.active_children()
        os.kill(process.pid or 0, signal.SIGSTOP)
        stopped_s = time.monotonic()
        while camera.health.level is Level.OK and time.monotonic() < stopped_s + 5:
            camera.read(0.1)
        hung_s = time.monotonic() - stopped_s
        check("a hang is noticed", holds=hung_s < 2, value=f"after {hung_s:.2f} s")
        check("it comes back", holds=camera.read(60.0) is not None, value=camera.health.text)


if __name__ == "__main__":
    check_driver()
    check_locks()
    check_reopening()
    check_missing()
    check_process()
    sys.stdout.flush()
    # libcamera's threads end with the process, not before.
    os._exit(0)
