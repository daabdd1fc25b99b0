"""``leuko calibrate``: from saved pictures to a calibration that counts use, by script."""

import contextlib
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from PIL import Image

from leuko.calibration import (
    FOLDER_NAME,
    CalibrationHistory,
    Circumstances,
    FocusPart,
    ScalePart,
    load_calibration,
)
from leuko.cli import main
from leuko.sim import SimulatedSmear, SmearSpec

Leuko = Callable[..., CompletedProcess[str]]


@pytest.fixture
def calibrate(leuko: Leuko, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leuko:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    return partial(leuko, "calibrate")


def test_a_script_measures_keeps_and_shows(calibrate: Leuko, fields: Path, tmp_path: Path) -> None:
    run = calibrate("flat-field", "--from", fields, "--yes", "--json", "--by", "Ada")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["kept"] == told["flat_field"]["origin"]["number"] == 1
    assert told["flat_field"]["after_percent"] < 1
    shown = json.loads(calibrate("show", "--json").stdout)
    assert shown["flat_field"]["origin"]["by"] == "Ada"
    assert shown["flat_field"]["origin"]["frames"][0]["name"] == "00.png"
    assert "light uneven by" in calibrate("show").stdout
    exported = calibrate("export", tmp_path / "lab.zip")
    assert exported.returncode == 0
    assert load_calibration(tmp_path / "lab.zip").flat_field is not None


def test_a_file_that_is_no_picture_is_left_out_and_named(
    calibrate: Leuko, fields: Path, tmp_path: Path
) -> None:
    (fields / "a.png").write_text("hello", "utf-8")
    run = calibrate("flat-field", "--from", fields, "--yes")
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("leuko: left out: ") == 1
    assert "a.png is no PNG, JPEG, TIFF or BMP image" in run.stderr
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_text("hello", "utf-8")
    run = calibrate("flat-field", "--from", tmp_path / "broken", "--yes")
    assert run.returncode == 1
    assert "none of the pictures can be used" in run.stderr


def test_at_the_camera_bad_light_is_told_before_it_is_refused(
    calibrate: Leuko, fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "0")
    (tmp_path / "dark").mkdir()
    for path in fields.iterdir():
        with Image.open(path) as picture:
            picture.point(lambda level: level // 8).save(tmp_path / "dark" / path.name)
    camera = ("--camera", "replay", "--camera-source", tmp_path / "dark")
    told, refused = calibrate("flat-field", *camera, "--yes").stderr.splitlines()
    assert told == "leuko: more light"
    assert "0 of 8 pictures can be used; picture 0 is too dark" in refused


def all_of(screen: io.FileIO) -> str:
    """What was written to a terminal until nobody had it open any more."""
    shown = b""
    # That is how Linux tells the end.
    with contextlib.suppress(OSError):
        while part := screen.read(4096):
            shown += part
    return shown.decode()


def test_what_is_told_meanwhile_stands_on_a_line_of_its_own_above_the_progress_bar(
    fields: Path, tmp_path: Path
) -> None:
    (fields / "a.png").write_text("hello", "utf-8")
    environment = os.environ | {"TERM": "xterm", "LEUKO_STATE_DIR": str(tmp_path / "state")}
    leuko = (sys.executable, "-m", "leuko")
    command = (*leuko, "calibrate", "flat-field", "--from", str(fields), "--yes")
    reading, writing = pty.openpty()
    with (
        os.fdopen(reading, "rb", buffering=0) as screen,
        subprocess.Popen(command, env=environment, stderr=writing) as running,
    ):
        os.close(writing)
        shown = all_of(screen)
    assert running.returncode == 0
    assert "pictures" in shown
    assert "move the slide on" not in shown
    before, told, _ = shown.partition("leuko: left out: ")
    assert told
    assert before.endswith(("\n", "\x1b[2K")), before


def test_nobody_is_told_to_move_the_slide_of_saved_pictures(fields: Path, tmp_path: Path) -> None:
    reading, writing = pty.openpty()
    environment = os.environ | {
        "LEUKO_STATE_DIR": str(tmp_path / "state"),
        "LEUKO_DISPLAY": "terminal",
        "LEUKO_DISPLAY_DEVICE": os.ttyname(writing),
    }
    leuko = (sys.executable, "-m", "leuko")
    command = (*leuko, "calibrate", "flat-field", "--from", str(fields), "--yes")
    shown = b""
    with subprocess.Popen(command, env=environment) as running:
        while running.poll() is None:
            if select.select([reading], [], [], 0.1)[0]:
                shown += os.read(reading, 65536)
    os.close(writing)
    os.close(reading)
    assert b"even light" in shown
    assert b"move the slide on" not in shown


def test_the_command_that_is_said_to_come_next_looks_and_keeps_where_this_one_did(
    *,
    calibrate: Leuko,
    fields: Path,
    circumstances: Circumstances,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "0")
    state = tmp_path / "my state"
    with Image.open(next(fields.iterdir())) as one:
        origin = circumstances.origin([], shape=(one.height, one.width))
    scale = ScalePart(
        origin=origin, um_per_px=0.2, within_percent=0.1, method="stage micrometer", measured=40
    )
    CalibrationHistory(state / FOLDER_NAME).keep({"scale": scale}, cause="scale", by="Ada")
    where = ("--state-dir", state, "--yes")
    run = calibrate("flat-field", "--from", fields, *where)
    # Fields are no sweep.
    assert run.stdout.endswith(f"leuko calibrate focus --from FOLDER --state-dir '{state}'\n")
    camera = ("--camera", "replay", "--camera-source", fields)
    run = calibrate("flat-field", *camera, *where)
    assert run.stdout.endswith(
        f"focus --camera replay --camera-source {fields} --state-dir '{state}'\n"
    )


def test_a_division_of_lines_without_a_micrometer_is_not_understood(
    calibrate: Leuko, fields: Path
) -> None:
    run = calibrate("scale", "--from", fields, "--division-um", "100", "--yes")
    assert run.returncode == 2
    assert "say --micrometer, too" in run.stderr


def test_an_export_to_a_folder_that_is_not_there_names_it(
    calibrate: Leuko, fields: Path, tmp_path: Path
) -> None:
    calibrate("flat-field", "--from", fields, "--yes")
    exported = calibrate("export", tmp_path / "nowhere" / "lab.zip")
    assert exported.returncode == 1
    assert f"there is no folder {tmp_path / 'nowhere'}; make it" in exported.stderr


def test_json_without_yes_measures_and_keeps_nothing(calibrate: Leuko, fields: Path) -> None:
    run = calibrate("flat-field", "--from", fields, "--json")
    assert (run.returncode, json.loads(run.stdout)["kept"]) == (0, None)
    assert calibrate("show").stdout == "this device is not calibrated\n"


def test_undo_as_json_needs_a_yes(calibrate: Leuko, fields: Path) -> None:
    kept = calibrate("flat-field", "--from", fields, "--yes")
    assert kept.stdout.endswith(
        "leuko count with --calibration\nstill to come: scale, focus, stain; to go on with "
        f"scale, run: leuko calibrate scale --from {fields}\n"
    )
    refused = calibrate("undo", "--json")
    assert refused.returncode == 2
    assert "\nError: nothing was undone: --json asks nothing; say --yes as well\n" in refused.stderr
    assert "say --yes as well" in refused.stderr
    assert len(json.loads(calibrate("history", "--json").stdout)) == 1


def test_history_import_and_undo_tell_what_was_done(
    calibrate: Leuko, fields: Path, tmp_path: Path
) -> None:
    calibrate("flat-field", "--from", fields, "--yes")
    calibrate("export", tmp_path / "lab.zip")
    assert json.loads(calibrate("undo", "--yes", "--json").stdout)["cause"] == "undo of 1"
    assert (
        json.loads(calibrate("import", tmp_path / "lab.zip", "--yes", "--json").stdout)["kept"] == 3
    )
    causes = [entry["cause"] for entry in json.loads(calibrate("history", "--json").stdout)]
    assert causes == ["import of 1 from lab.zip", "undo of 1", "flat-field"]
    assert "flat-field" in calibrate("history").stdout


def test_what_is_of_another_camera_is_told_before_it_is_imported_and_dropped_by_its_name(
    *,
    calibrate: Leuko,
    circumstances: Circumstances,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_FRAME_WIDTH", "256")
    monkeypatch.setenv("LEUKO_FRAME_HEIGHT", "192")
    part = FocusPart(
        origin=circumstances.origin([], shape=(192, 256)),
        least_sharpness=1.5,
        best_sharpness=2.0,
        softest=1.0,
    )
    history = CalibrationHistory(tmp_path / "state" / "calibration")
    history.keep({"focus": part}, cause="focus", by="Ada")
    calibrate("export", tmp_path / "lab.zip")
    assert not calibrate("import", tmp_path / "lab.zip", "--yes").stderr
    monkeypatch.setenv("LEUKO_FRAME_WIDTH", "640")
    told = calibrate("import", tmp_path / "lab.zip", "--yes").stderr
    assert "leuko: the service will not start with it: calibration 1 does not fit" in told
    assert "leuko calibrate forget focus" in told
    assert "nothing was dropped" in calibrate("forget", "focus", "--json").stderr
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = calibrate("forget", "focus").stdout
    assert "drop focus?" in refused
    assert "nothing was changed" in refused
    run = calibrate("forget", "focus", "--yes", "--json")
    assert json.loads(run.stdout) == {"kept": 4, "cause": "forgot all"}
    assert json.loads(calibrate("show", "--json").stdout)["focus"] is None


def test_an_import_as_json_needs_a_yes(
    calibrate: Leuko, fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrate("flat-field", "--from", fields, "--yes")
    calibrate("export", tmp_path / "lab.zip")
    refused = calibrate("import", tmp_path / "lab.zip", "--json")
    assert refused.returncode == 2
    assert "nothing was imported" in refused.stderr
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = calibrate("import", tmp_path / "lab.zip")
    assert asked.returncode == 1
    assert "light uneven by" in asked.stdout
    assert asked.stdout.endswith("nothing was changed\n")
    assert "Aborted" not in asked.stderr
    assert len(json.loads(calibrate("history", "--json").stdout)) == 1


def test_a_no_keeps_nothing_and_says_so(
    calibrate: Leuko, fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "answers").write_text("n\n", encoding="utf-8")
    with (tmp_path / "answers").open(encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        refused = calibrate("flat-field", "--from", fields)
    assert refused.returncode == 1
    assert refused.stdout.endswith("correction\nthis calibration is not kept\n")
    assert json.loads(calibrate("history", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("undo", "--yes"), "there is no calibration to undo"),
        (("undo",), "there is no calibration to undo"),
        (("export", "x.zip"), "there is no calibration to export"),
        (("import", "nothing.zip", "--yes"), "cannot be read: No such file"),
        (("scale", "--micrometer", "--from", "."), "no images in"),
        (("stain", "--from", "."), "leukocytes are found at a known scale"),
        (("wbc-factor", "--known", "7", "--from", "."), "a factor holds at a known scale"),
        (("check", "--missed", "0", "--from", "."), "leukocytes are located at a known scale"),
        (("focus", "--from", "."), "sharpness is judged at a known scale"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    *,
    calibrate: Leuko,
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    run = calibrate(*arguments)
    assert run.returncode == 1
    assert sentence in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert "?" not in run.stdout, "nothing is asked before it is refused"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("wbc-factor", "--known", "6,2"), "'6,2' is no number; write a decimal point: 6.2"),
        (("wbc-factor", "--known", "many"), "'many' is no number"),
        (("wbc-factor", "--known", "0"), "0 is not from 0.1 to 1000"),
        (("wbc-factor", "--known", "nan"), "nan is not from 0.1 to 1000"),
        (("scale", "--micrometer", "--division-um", "0,01"), "write a decimal point: 0.01"),
        (("wbc-factor", "--known", "1,000"), "'1,000' is no number"),
    ],
)
def test_a_number_that_is_none_says_how_one_is_written(
    calibrate: Leuko, arguments: tuple[str, ...], sentence: str
) -> None:
    run = calibrate(*arguments)
    assert run.returncode == 2
    assert run.stderr.endswith(f"{sentence}\n")


def test_pictures_of_a_kind_that_is_not_read_are_told_of(calibrate: Leuko, fields: Path) -> None:
    (fields / "13.webp").touch()
    run = calibrate("flat-field", "--from", fields, "--yes")
    assert run.returncode == 0
    assert run.stderr.count(f"leuko: 1 file in {fields} is not read (13.webp): only PNG, ") == 1


def test_a_folder_with_many_fields_of_one_microscope_and_then_of_another_is_warned_of(
    calibrate: Leuko, tmp_path: Path
) -> None:
    smear = SimulatedSmear(SmearSpec(seed=4, width_um=200, height_um=150, leukocytes=3))
    for name, um_per_px in (("a", 0.2), ("b", 0.165)):
        for x in range(5, 93, 8):
            rgb = smear.render(x, 5, width_px=400, height_px=400, um_per_px=um_per_px)
            Image.fromarray(rgb).save(tmp_path / f"{name}{x:02}.png")
    run = calibrate("scale", "--from", tmp_path, "--yes")
    assert run.returncode == 0
    told = r"leuko: the red cells of . images \(such as b.*, those of . \(such as a.* themselves\n"
    assert re.fullmatch(told, run.stderr)


def test_red_cells_give_a_scale_that_a_count_uses(
    calibrate: Leuko,
    tmp_path: Path,
    tiny_bundle: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    smear = SimulatedSmear(SmearSpec(seed=4, width_um=200, height_um=150, leukocytes=3))
    folder = tmp_path / "smear"
    folder.mkdir()
    field = smear.render(10, 10, width_px=640, height_px=480, um_per_px=0.2)
    Image.fromarray(field).save(folder / "one.png")
    run = calibrate("scale", "--from", folder, "--yes", "--json")
    um_per_px = json.loads(run.stdout)["scale"]["um_per_px"]
    assert um_per_px == pytest.approx(0.2, rel=0.04)
    out = tmp_path / "out"
    count = ("count", folder, "--out", out, "--bundle", tiny_bundle)
    with pytest.raises(SystemExit) as left:
        main([*map(str, count), "--calibration", str(tmp_path / "state")])
    assert not left.value.code, capfd.readouterr().err
    summary = json.loads((out / "differential.json").read_text(encoding="utf-8"))
    assert summary["um_per_px"] == um_per_px
    assert summary["calibration"]["number"] == 1
