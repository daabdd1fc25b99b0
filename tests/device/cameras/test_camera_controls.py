"""Exposure and colours of a camera: set while it is open, and set again when it is reopened."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from leuko.cameras import CameraOptions, CameraProcess, Locks, Range, load_camera
from leuko.cameras.picamera import PiCamera
from leuko.errors import CameraError
from leuko.sim.camera import SimCamera
from leuko.status import Level

LONG_S = 60.0

Start = Callable[..., CameraProcess]


@pytest.fixture
def simulated(tmp_path: Path) -> CameraOptions:
    """A simulated camera over one large picture of a slide."""
    rng = np.random.default_rng(2)
    coarse = rng.uniform(100, 160, (60, 80, 3)).astype(np.float32)
    field = np.asarray(cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
    folder = tmp_path / "slide"
    folder.mkdir()
    Image.fromarray(field).save(folder / "one.tif")
    return CameraOptions(f"fields:{folder}@0.25", 320, 240, frames_per_s=0, um_per_px=0.25)


def brightness(camera: CameraProcess) -> float:
    frame = camera.read(LONG_S)
    assert frame is not None, camera.health
    return float(frame.rgb.mean())


def test_the_next_picture_of_a_camera_in_its_process_shows_what_was_locked(
    simulated: CameraOptions,
) -> None:
    with closing(CameraProcess("sim", simulated, opening_s=LONG_S)) as camera:
        usual = brightness(camera)
        camera.lock(Locks(exposure_us=1000))
        assert brightness(camera) < 0.6 * usual
        assert camera.found is not None
        assert (camera.found.locks.exposure_us, camera.found.locks.analogue_gain) == (1000, 1.0)
        with pytest.raises(CameraError, match="cannot set analogue_gain to 90; give 1 to 16"):
            camera.lock(Locks(analogue_gain=90))
        assert camera.health.level is Level.OK


def test_a_camera_that_is_opened_again_is_locked_as_it_was(start: Start) -> None:
    camera = start("LockedCamera", silence_s=0.6)
    assert brightness(camera) == pytest.approx(40, abs=8)
    camera.lock(Locks(exposure_us=120))
    assert brightness(camera) == pytest.approx(120, abs=8)
    until = time.monotonic() + LONG_S
    while camera.health.level is not Level.FAULT and time.monotonic() < until:
        camera.read(0.05)
    assert camera.health.level is Level.FAULT
    assert brightness(camera) == pytest.approx(120, abs=8)


def test_a_recording_has_no_controls(image_folder: Path, video: Path) -> None:
    options = CameraOptions(str(image_folder), frames_per_s=0)
    with closing(CameraProcess("replay", options)) as camera:
        assert brightness(camera)
        with pytest.raises(CameraError, match=r"replay .* has no controls"):
            camera.lock(Locks(exposure_us=1000))
    of_file = CameraOptions(str(video), 320, 240)
    with (
        closing(load_camera("opencv", of_file)) as played,
        pytest.raises(CameraError, match="is a recording"),
    ):
        played.lock(Locks(exposure_us=1000))  # type: ignore[attr-defined]


def test_gains_colour_the_simulated_picture(simulated: CameraOptions) -> None:
    camera = SimCamera.opened(simulated)
    before = camera.read()
    camera.lock(Locks(gains=(3.0, 1.6)))
    after = camera.read()
    assert before is not None
    assert after is not None
    change = after.rgb.mean(axis=(0, 1)) / before.rgb.mean(axis=(0, 1))
    assert change[0] > 1.1
    assert change[1:] == pytest.approx([1, 1], abs=0.02)


class Shot:
    """A completed request of a Pi camera."""

    def __init__(self, metadata: Mapping[str, object], sequence: int) -> None:
        self.metadata = metadata
        self.request = self
        self.sequence = sequence

    def make_array(self, name: str) -> NDArray[np.uint8]:
        assert name == "main"
        return np.full((240, 320, 3), 120, np.uint8)

    def get_metadata(self) -> Mapping[str, object]:
        return self.metadata

    def release(self) -> None:
        pass


class Sensor:
    """Stands in for `picamera2.Picamera2`: its automatic finds other values at each opening."""

    camera_controls: Mapping[str, object] = {
        "AeEnable": (False, True, None),
        "AwbEnable": (False, True, None),
        "ExposureTime": (60, 670_000, None),
        "AnalogueGain": (1.0, 16.0, None),
        "ColourGains": (0.0, 32.0, None),
    }
    camera_properties: Mapping[str, object] = {"Model": "imx477"}

    def __init__(self, found: Mapping[str, object]) -> None:
        self.shown = dict(found)
        self.sequence = 0
        self.configuration: dict[str, object] = {}

    def create_video_configuration(self, **options: object) -> dict[str, object]:
        return options

    def configure(self, configuration: dict[str, object]) -> None:
        self.configuration = configuration

    def camera_configuration(self) -> Mapping[str, Mapping[str, object]]:
        return {"main": {"size": (320, 240), "format": "BGR888"}}

    def set_controls(self, controls: Mapping[str, object]) -> None:
        self.shown |= controls

    def start(self) -> None:
        pass

    def capture_request(self) -> Shot:
        self.sequence += 1
        time.sleep(0.01)
        return Shot(dict(self.shown), self.sequence)

    def close(self) -> None:
        pass


def test_a_pi_camera_is_opened_again_with_the_gain_it_was_locked_at() -> None:
    options = CameraOptions(width=320, height=240, frames_per_s=20)
    found = {"ExposureTime": 3000, "AnalogueGain": 1.5, "ColourGains": (1.8, 1.7)}
    first = PiCamera(Sensor(found), options)
    assert first.found.ranges.exposure_us == Range(60, 50_000)
    first.lock(Locks(exposure_us=5000, analogue_gain=2.0))
    again = first.found.asked_again(options)
    other = {"ExposureTime": 900, "AnalogueGain": 8.0, "ColourGains": (1.1, 2.9)}
    reopened = Sensor(other)
    locks = PiCamera(reopened, again).found.locks
    assert locks == Locks(exposure_us=5000, analogue_gain=2.0, gains=(1.8, 1.7))
    assert reopened.shown["AnalogueGain"] == pytest.approx(2)
    assert (reopened.shown["AeEnable"], reopened.shown["AwbEnable"]) == (False, False)


def test_a_pi_camera_has_gains_in_place_of_a_colour_temperature() -> None:
    options = CameraOptions(width=320, height=240)
    found = {"ExposureTime": 3000, "AnalogueGain": 1.5, "ColourGains": (1.8, 1.7)}
    with pytest.raises(CameraError, match="has gains in place of a colour temperature"):
        PiCamera(Sensor(found), options).lock(Locks(white_balance_k=5000))
