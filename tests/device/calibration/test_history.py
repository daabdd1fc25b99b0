"""The history of calibrations: numbered, only added to, whole or not there, and portable."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from leuko.calibration import (
    LARGEST_BYTES,
    CalibratedFrames,
    Calibration,
    CalibrationHistory,
    CameraUsed,
    Circumstances,
    FrameUsed,
    LightMeasurement,
    ScalePart,
    Shot,
    camera_used,
    cells_of_folder,
    check_camera,
    load_calibration,
    measure_light,
    other_bundles,
    shots_of_folder,
    unpacked,
)
from leuko.cells import RGBImage
from leuko.clock import Moment
from leuko.errors import CalibrationError, ImageError, OutputError
from leuko.settings import Settings
from leuko.vision.flat_field import FlatFieldCorrection
from leuko.vision.shading import fit_flat_field, reduce_field

Shots = Callable[[Iterable[RGBImage]], Iterator[Shot]]


@pytest.fixture
def history(tmp_path: Path, circumstances: Circumstances) -> CalibrationHistory:
    return CalibrationHistory(tmp_path / "calibration", clock=lambda: circumstances.moment)


@pytest.fixture(scope="session")
def light(
    shaded_fields: tuple[RGBImage, ...], shots: Shots, circumstances: Circumstances
) -> LightMeasurement:
    return measure_light(shots(shaded_fields), circumstances)


def scale(circumstances: Circumstances, um_per_px: float) -> ScalePart:
    frame = FrameUsed(name="ruler.png", sha256="a" * 64)
    return ScalePart(
        origin=circumstances.origin([frame], shape=(192, 256)),
        um_per_px=um_per_px,
        within_percent=0.2,
        method="stage micrometer",
        measured=12,
    )


@pytest.fixture
def kept(
    history: CalibrationHistory, light: LightMeasurement, circumstances: Circumstances
) -> Calibration:
    """The second calibration: a flat field, and then a scale."""
    history.keep({"flat_field": light.part}, cause="flat-field", by="Ada", gain=light.gain)
    return history.keep({"scale": scale(circumstances, 0.25)}, cause="scale", by="Ben")


def um_per_px(calibration: Calibration | None) -> float | None:
    part = calibration.record.scale if calibration else None
    return part.um_per_px if part else None


def test_without_any_there_is_none(history: CalibrationHistory) -> None:
    assert history.current() is None
    assert history.entries() == []


def test_each_part_is_kept_until_it_is_measured_anew(
    history: CalibrationHistory, kept: Calibration, circumstances: Circumstances
) -> None:
    assert kept.flat_field is not None
    third = history.keep({"scale": scale(circumstances, 0.3)}, cause="scale", by="Cy")
    assert um_per_px(third) == pytest.approx(0.3)
    assert np.array_equal(third.flat_field.gain, kept.flat_field.gain) if third.flat_field else 0
    assert [part.origin.number for part in third.record.parts.values()] == [1, 3]
    assert [entry.number for entry in history.entries()] == [3, 2, 1]


def test_parts_of_pictures_of_another_size_are_refused(
    history: CalibrationHistory, kept: Calibration, circumstances: Circumstances
) -> None:
    part = scale(circumstances, 0.3)
    wider = part.model_copy(update={"origin": circumstances.origin([], shape=(480, 640))})
    with pytest.raises(CalibrationError, match="256 x 192 and of 640 x 480"):
        history.keep({"scale": wider}, cause="scale", by="Cy")
    assert um_per_px(history.current()) == um_per_px(kept)


def test_it_says_when_by_whom_and_from_what(
    kept: Calibration, circumstances: Circumstances
) -> None:
    assert (kept.record.by, kept.record.cause, kept.record.before) == ("Ben", "scale", 1)
    origin = kept.record.parts["flat_field"].origin
    assert origin.moment == circumstances.moment
    assert (origin.by, origin.bundle, origin.camera.driver) == ("Ada", "leuko-default 1", "files")
    assert len(origin.frames) == 12
    assert json.loads(json.dumps(kept.summary))["scale"]["um_per_px"] == pytest.approx(0.25)


def test_frames_are_corrected_as_by_the_flat_field_that_was_measured(
    kept: Calibration, shaded_fields: tuple[RGBImage, ...]
) -> None:
    fitted = fit_flat_field([reduce_field(rgb) for rgb in shaded_fields])
    wanted = FlatFieldCorrection(fitted).corrected(shaded_fields[0]).astype(int)
    frames = CalibratedFrames(kept)
    # The PNG has steps of 1/8192, which may move a factor of 8 bits by one of its steps.
    assert np.abs(frames.calibrated(shaded_fields[0]) - wanted).max() <= 2
    with pytest.raises(ImageError, match="200 x 192 pixels, the calibration is for 256 x 192"):
        frames.calibrated(shaded_fields[0][:, :200])


@pytest.mark.usefixtures("kept")
def test_undoing_goes_back_one_by_one_and_forgets_nothing(history: CalibrationHistory) -> None:
    once = history.undo(by="Ada")
    assert (once.record.number, once.record.cause) == (3, "undo of 2")
    assert list(once.record.parts) == ["flat_field"]
    assert once.flat_field is not None
    twice = history.undo(by="Ada")
    assert (twice.record.number, dict(twice.record.parts), twice.flat_field) == (4, {}, None)
    with pytest.raises(CalibrationError, match="no calibration to undo"):
        history.undo(by="Ada")
    assert len(history.entries()) == 4
    assert um_per_px(history.entries()[2].calibration) == pytest.approx(0.25)


def test_one_device_takes_over_what_another_exports(
    history: CalibrationHistory, kept: Calibration, tmp_path: Path
) -> None:
    file = tmp_path / "lab.zip"
    history.export(file)
    other = CalibrationHistory(tmp_path / "other")
    taken = other.import_file(file, by="Dee")
    assert (taken.record.number, taken.record.cause) == (1, "import of 2 from lab.zip")
    assert taken.record.parts == kept.record.parts
    assert load_calibration(file).record == kept.record
    with pytest.raises(OutputError, match="there already"):
        history.export(file)


@pytest.mark.usefixtures("kept")
def test_a_damaged_file_is_named_and_the_one_before_it_used(
    history: CalibrationHistory, tmp_path: Path
) -> None:
    newest = tmp_path / "calibration" / "calibration-000002.zip"
    newest.write_bytes(newest.read_bytes()[:-40])
    found = history.current()
    assert found is not None
    assert found.record.number == 1
    assert "damaged" in history.entries()[0].problem
    (tmp_path / "calibration" / "calibration-000001.zip").write_bytes(b"")
    with pytest.raises(CalibrationError, match=r"calibration-000002\.zip is damaged"):
        history.current()


def test_what_a_power_cut_leaves_half_written_is_passed_over(
    history: CalibrationHistory, kept: Calibration, tmp_path: Path
) -> None:
    (tmp_path / "calibration" / ".calibration-000003.zip.new").write_bytes(b"PK")
    found = history.current()
    assert found is not None
    assert found.sha256 == kept.sha256


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path, light: LightMeasurement) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        CalibrationHistory(blocked / "calibration").keep(
            {"flat_field": light.part}, cause="flat-field", by="Ada", gain=light.gain
        )


def archive(entries: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in entries.items():
            written.writestr(name, data)
    return content.getvalue()


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as read:
        return {name: read.read(name) for name in read.namelist()}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"../../etc/passwd": b"x"}, "it holds '../../etc/passwd'"),
        ({"calibration.json": b"{}"}, "Field required"),
        ({"calibration.json": b'{"format": 2}'}, "of format 2, this device reads 1"),
        ({"flat-field.png": b"\x89PNG"}, "not the one that its record lists"),
        ({"flat-field.png": bytes(8 * LARGEST_BYTES)}, "unpacks to more than 4 MB"),
    ],
)
def test_a_foreign_file_is_refused_with_a_sentence(
    kept: Calibration, tmp_path: Path, change: dict[str, bytes], sentence: str
) -> None:
    assert kept.record.number == 2
    entries = parts_of(tmp_path / "calibration" / "calibration-000002.zip")
    content = archive(entries | change)
    with pytest.raises(CalibrationError, match=sentence):
        unpacked(content, "lab.zip")


def test_a_record_without_its_flat_field_is_refused(kept: Calibration, tmp_path: Path) -> None:
    assert kept.flat_field is not None
    entries = parts_of(tmp_path / "calibration" / "calibration-000002.zip")
    with pytest.raises(CalibrationError, match="do not belong together"):
        unpacked(archive({"calibration.json": entries["calibration.json"]}), "lab.zip")


@given(noise=st.binary(max_size=200), cut=st.integers(0, 4000), at=st.integers(0, 4000))
@settings(max_examples=30)
def test_no_damage_shows_anything_but_a_sentence(
    *, light: LightMeasurement, noise: bytes, cut: int, at: int
) -> None:
    content = bytearray(archive({"calibration.json": b"{}", "flat-field.png": light.gain}))
    content[at : at + len(noise)] = noise
    with pytest.raises(CalibrationError):
        unpacked(bytes(content[: len(content) - cut]), "lab.zip")


def camera(**changes: object) -> CameraUsed:
    told = {"driver": "opencv", "source": "left", "width": 256, "height": 192}
    return CameraUsed.model_validate(told | changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"width": 640}, "its scale is of 256 x 192 pixels, the camera gives 640 x 192"),
        ({"driver": "picamera2"}, "its scale is of the camera opencv, not picamera2"),
        ({"source": "right"}, "its scale is of the camera left, not right"),
    ],
)
def test_a_calibration_of_another_camera_is_refused(
    history: CalibrationHistory,
    circumstances: Circumstances,
    changes: dict[str, object],
    sentence: str,
) -> None:
    part = scale(circumstances, 0.25)
    moved = part.model_copy(update={"origin": part.origin.model_copy(update={"camera": camera()})})
    found = history.keep({"scale": moved}, cause="scale", by="Ada")
    check_camera(found, camera())
    check_camera(found, camera(driver="files"))
    with pytest.raises(CalibrationError, match=sentence):
        check_camera(found, camera(**changes))


def test_parts_measured_with_another_bundle_are_named(kept: Calibration) -> None:
    assert other_bundles(kept, "b" * 64) == ()
    assert other_bundles(kept, "c" * 64) == ("flat_field", "scale")


def test_a_clock_that_was_not_set_is_remembered(
    tmp_path: Path, circumstances: Circumstances
) -> None:
    moment = Moment("boot", 1.0, circumstances.moment.wall, clock_is_set=False)
    kept = CalibrationHistory(tmp_path, clock=lambda: moment).keep(
        {"scale": scale(circumstances, 0.2)}, cause="scale", by="Ada"
    )
    assert not kept.record.moment.clock_is_set


def test_a_name_that_would_paint_on_the_terminal_is_refused() -> None:
    with pytest.raises(ValueError, match="no person can read"):
        FrameUsed(name="a\x1b[2Jb.png", sha256="a" * 64)


def test_names_that_a_record_cannot_have_are_made_into_such_that_it_can(
    history: CalibrationHistory, kept: Calibration, tmp_path: Path, circumstances: Circumstances
) -> None:
    assert kept.record.number == 2
    file = tmp_path / f"{'long' * 60}.zip"
    history.export(file)
    origin = replace(circumstances, by="Ada\tL.", source="s" * 300).origin([], shape=(192, 256))
    assert (origin.by, origin.camera.source) == ("Ada L.", "s" * 200)
    assert camera_used(Settings(camera_source="s" * 300)).source == origin.camera.source
    taken = history.import_file(file, by="a\x1b[2Jb")
    assert (taken.record.by, len(taken.record.cause)) == ("a\N{REPLACEMENT CHARACTER}[2Jb", 200)


def test_pictures_with_names_that_no_person_can_read_are_used(
    tmp_path: Path, shaded_fields: tuple[RGBImage, ...]
) -> None:
    folder = tmp_path / "neutrophil"
    folder.mkdir()
    Image.fromarray(shaded_fields[0]).save(folder / os.fsdecode(b"a\xff\t\x1b.png"))
    (shot,) = shots_of_folder(folder)
    assert shot.used.name == "a\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}.png"
    (cell,) = cells_of_folder(tmp_path, um_per_px=0.1)
    assert cell.used.name == f"neutrophil/{shot.used.name}"


def test_an_origin_names_a_thousand_pictures_at_most(circumstances: Circumstances) -> None:
    frames = [FrameUsed(name=f"{number}", sha256="a" * 64) for number in range(1001)]
    origin = circumstances.origin(frames, shape=(192, 256))
    assert [one.name for one in (origin.frames[0], origin.frames[-1])] == ["0", "999"]
