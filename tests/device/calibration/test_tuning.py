"""Exposure and white balance: found on a camera that can be set, refused where they cannot be."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from leuko.calibration import (
    LEVEL,
    CalibrationRecord,
    Circumstances,
    ExposurePart,
    Shot,
    TunedCamera,
    advised,
    calibrated_locks,
    measure_exposure,
    measure_white_balance,
    packed,
    unpacked,
)
from leuko.cameras import CameraOptions, ControlRanges, Found, Frame, Locks, Range
from leuko.cells import RGBImage
from leuko.errors import CalibrationError
from leuko.sim.camera import CONTROLS, HandHabits, Scene, SimCamera
from leuko.status import Health, Level
from leuko.vision.backdrop import read_backdrop

Shots = Callable[[list[RGBImage]], Iterator[Shot]]
WEBCAM = ControlRanges(exposure_us=Range(100, 50_000), white_balance_k=Range(2800, 6500))
AT_REST = HandHabits(dropped_share=0)


class Bench:
    """A camera on its own thread, as `leuko.cameras.CameraProcess` shows one."""

    def __init__(self, camera: SimCamera) -> None:
        self.camera = camera
        self.name = camera.name
        self.health = Health(Level.OK, "")
        self.has_ended = False

    @property
    def found(self) -> Found:
        return self.camera.found

    def read(self, timeout_s: float) -> Frame | None:
        assert timeout_s > 0
        return self.camera.read()

    def lock(self, locks: Locks) -> None:
        self.camera.lock(locks)


class HoldingGain(Bench):
    """One that tells what its gain is at, not what it may be, as V4L2 does."""

    @property
    def found(self) -> Found:
        found = self.camera.found
        return replace(found, locks=replace(found.locks, analogue_gain=2.5))


@pytest.fixture(scope="module")
def scene() -> Scene:
    options = CameraOptions("smear:3:20", 320, 240, frames_per_s=0, um_per_px=0.25)
    return Scene.set_up(options, habits=AT_REST)


def tuned(scene: Scene, **how: object) -> TunedCamera:
    return TunedCamera(Bench(SimCamera(scene, **how)), every_s=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("lamp", [0.05, 1.0, 30.0])
def test_the_background_comes_to_the_level_that_bundles_expect(
    scene: Scene, circumstances: Circumstances, lamp: float
) -> None:
    camera = tuned(scene, lamp=lamp)
    part = measure_exposure(camera, circumstances)
    seen = camera.read()
    assert seen.level == pytest.approx(LEVEL, rel=0.03)
    assert max(seen.clipped) < 0.005
    assert part.level == pytest.approx(LEVEL, rel=0.03)
    assert camera.locks.exposure_us == part.exposure_us <= 20_000
    assert camera.locks.analogue_gain == pytest.approx(part.analogue_gain, rel=1e-3)
    assert len(part.origin.frames) == 3


def test_a_gain_that_is_held_is_kept_although_its_range_is_not_told(
    scene: Scene, circumstances: Circumstances
) -> None:
    camera = HoldingGain(SimCamera(scene, controls=WEBCAM))
    part = measure_exposure(TunedCamera(camera, every_s=0), circumstances)
    assert part.analogue_gain == pytest.approx(2.5)
    without = measure_exposure(tuned(scene, controls=WEBCAM), circumstances)
    assert without.analogue_gain is None


@pytest.mark.parametrize(
    ("lamp", "sentence"),
    [
        (0.001, r"too dim: at 200000 µs and a gain of 16\.0 .* turn it up"),
        (2000.0, r"too bright: at 20 µs and a gain of 1\.0, the least .* turn it down"),
    ],
)
def test_a_lamp_beyond_the_cameras_range_is_refused(
    scene: Scene, circumstances: Circumstances, lamp: float, sentence: str
) -> None:
    with pytest.raises(CalibrationError, match=sentence):
        measure_exposure(tuned(scene, lamp=lamp), circumstances)


@pytest.mark.parametrize("gains", [(1.0, 3.0), (3.4, 0.9)])
def test_gains_take_the_colour_out_of_the_background(
    scene: Scene, circumstances: Circumstances, gains: tuple[float, float]
) -> None:
    camera = tuned(scene)
    camera.read(Locks(exposure_us=1500, gains=gains))
    part = measure_white_balance(camera, circumstances)
    red, green, blue = camera.read().levels
    assert [red, blue] == pytest.approx([green, green], rel=0.03)
    assert camera.locks.gains == pytest.approx((part.red_gain, part.blue_gain), rel=1e-3)
    assert camera.locks.exposure_us == 1500


def test_a_colour_temperature_does_where_there_are_no_gains(
    scene: Scene, circumstances: Circumstances
) -> None:
    camera = tuned(scene, controls=WEBCAM)
    camera.read(Locks(exposure_us=1500, white_balance_k=3000))
    part = measure_white_balance(camera, circumstances)
    red, _, blue = camera.read().levels
    assert red == pytest.approx(blue, rel=0.04)
    assert part.kelvin == camera.locks.white_balance_k
    assert part.red_gain is None


def test_a_lamp_of_a_colour_beyond_the_camera_is_refused(
    scene: Scene, circumstances: Circumstances
) -> None:
    no_red = replace(CONTROLS, gains=Range(2.8, 8))
    with pytest.raises(CalibrationError, match=r"colour is beyond the camera: .* red gain"):
        measure_white_balance(tuned(scene, controls=no_red), circumstances)
    bluish = replace(WEBCAM, white_balance_k=Range(2800, 3500))
    with pytest.raises(CalibrationError, match=r"from 2800 to 3500 K .* coloured filter"):
        measure_white_balance(tuned(scene, controls=bluish), circumstances)


def test_a_clipping_channel_has_no_colour(scene: Scene, circumstances: Circumstances) -> None:
    camera = tuned(scene)
    camera.read(Locks(gains=(1.9, 6.0)))
    with pytest.raises(CalibrationError, match=r"% of blue clips; .* calibrate exposure first"):
        measure_white_balance(camera, circumstances)


def test_a_camera_without_controls_says_so(scene: Scene, circumstances: Circumstances) -> None:
    with pytest.raises(CalibrationError, match="has no exposure that can be set"):
        measure_exposure(tuned(scene, controls=ControlRanges()), circumstances)
    with pytest.raises(CalibrationError, match="has no white balance that can be set"):
        measure_white_balance(tuned(scene, controls=ControlRanges()), circumstances)


def test_saved_pictures_say_what_to_change(even_fields: list[RGBImage], shots: Shots) -> None:
    dim = [np.asarray(rgb * np.array([0.5, 0.5, 0.4]), np.uint8) for rgb in list(even_fields)[:3]]
    found = advised(list(shots(dim)))
    assert found.background == pytest.approx((102, 102, 82), abs=2)
    assert found.exposure_factor > 3
    assert found.blue_gain_factor > 1.3
    assert found.red_gain_factor == pytest.approx(1, abs=0.05)


def test_saved_pictures_that_clip_or_are_of_several_sizes_say_nothing(
    even_fields: list[RGBImage], shots: Shots
) -> None:
    white = np.full((192, 256, 3), 255, np.uint8)
    with pytest.raises(CalibrationError, match=r"100\.0 % of red clips"):
        advised(shots([white]))
    with pytest.raises(
        CalibrationError, match=r"of several sizes: .*\.png has \d+ x \d+ pixels, others"
    ):
        advised(shots([even_fields[0], even_fields[1][:150]]))


def test_what_to_change_is_said_to_two_figures(even_fields: list[RGBImage], shots: Shots) -> None:
    dim = [np.asarray(rgb * 0.12, np.uint8) for rgb in list(even_fields)[:3]]
    factor = advised(shots(dim)).exposure_factor
    assert factor > 30
    assert factor == pytest.approx(round(factor))


def test_a_view_without_background_is_refused(shots: Shots) -> None:
    rng = np.random.default_rng(1)
    cells = rng.uniform(90, 200, (24, 32, 3)).repeat(8, axis=0).repeat(8, axis=1)
    with pytest.raises(CalibrationError, match="no background is in view"):
        advised(list(shots([cells.astype(np.uint8)])))


def test_a_glaring_part_of_the_view_is_refused(even_fields: list[RGBImage], shots: Shots) -> None:
    rgb = np.asarray(even_fields[0] * 0.5, np.uint8)
    rgb[:24, :24] = 190
    with pytest.raises(CalibrationError, match="times as bright as its background; centre"):
        advised(list(shots([rgb])))


def test_an_uneven_light_is_exposed_for_its_brightest_part(
    even_fields: list[RGBImage], shots: Shots
) -> None:
    bright = np.linspace(1, 1.25, 256)[None, :, None]
    fields = [np.asarray(np.clip(rgb * 0.9 * bright, 0, 255), np.uint8) for rgb in even_fields]
    found = advised(list(shots(fields)))
    assert 190 < found.wanted_level < LEVEL
    seen = read_backdrop(fields[0])
    assert found.wanted_level * seen.brightest / seen.level == pytest.approx(250, rel=0.02)


def test_what_was_measured_is_what_a_camera_is_locked_at(circumstances: Circumstances) -> None:
    part = ExposurePart(
        origin=circumstances.origin([], shape=(240, 320)),
        exposure_us=900,
        analogue_gain=1.5,
        level=234,
        clipped_percent=0.0,
    )
    record = CalibrationRecord(
        number=1, cause="exposure", moment=circumstances.moment, by="Ada", exposure=part
    )
    kept = unpacked(packed(record, None), "calibration.zip")
    assert calibrated_locks(kept) == Locks(exposure_us=900, analogue_gain=1.5)
