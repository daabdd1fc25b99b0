"""The command ``leuko`` as a process: what it prints, how it exits, what it leaves behind."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from PIL import Image

from leuko import __version__
from leuko.bundle import default_bundle_path, load_bundle
from leuko.sim import SimulatedSmear, SmearSpec

DEVICE = Path(__file__).resolve().parents[2] / "device"
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from leuko.cli import main
main(sys.argv[2:])
"""


def python(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(DEVICE), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )


Leuko = Callable[..., CompletedProcess[str]]


def refusal(run: CompletedProcess[str]) -> str:
    """The one sentence of a run that was stopped."""
    assert run.returncode == 1, run.stderr
    # LiteRT announces its delegate on stderr by itself.
    lines = [line for line in run.stderr.splitlines() if not line.startswith("INFO: Created")]
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("leuko: ")
    return lines[0]


@pytest.fixture
def count_options(tiny_bundle: Path, out_dir: Path) -> tuple[object, ...]:
    return ("--out", out_dir, "--bundle", tiny_bundle, "--um-per-px", "0.2")


def test_the_version_is_printed(leuko: Leuko) -> None:
    run = leuko("--version")
    assert (run.returncode, run.stdout) == (0, f"leuko {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), ("count", "bundle")), (("count",), ("--out", "--um-per-px")), (("bundle",), ("verify",))],
)
def test_every_command_explains_itself(
    leuko: Leuko, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    run = leuko(*arguments, "--help")
    assert run.returncode == 0
    assert all(word in run.stdout for word in words)


@pytest.mark.parametrize("group", [(), ("session",), ("calibrate",), ("bundle",)])
def test_help_says_of_every_command_what_it_does_to_the_end_of_the_sentence(
    leuko: Leuko, monkeypatch: pytest.MonkeyPatch, group: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, commands = leuko(*group, "--help").stdout.split("Commands:\n")
    assert "..." not in commands
    assert commands.endswith(".\n")
    assert max(len(line) for line in commands.splitlines()) <= 80


def test_help_comes_at_once() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert python("-m", "leuko", "--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Time on the CPU, and the best of several: other work on the machine must not count.
    assert min(seconds() for _ in range(3)) < 0.5


def test_help_loads_none_of_the_heavy_libraries() -> None:
    code = "import sys, leuko.cli; print([m for m in ('cv2', 'numpy') if m in sys.modules])"
    assert python("-c", code).stdout == "[]\n"


def test_a_folder_is_counted(
    leuko: Leuko, disc_folder: Path, out_dir: Path, count_options: tuple[object, ...]
) -> None:
    run = leuko("count", disc_folder, *count_options, "--overlay", "--masks", "--sheet")
    assert run.returncode == 0, run.stderr
    assert sorted(path.name for path in out_dir.iterdir()) == [
        "cells-by-class.png",
        "cells.csv",
        "differential.json",
        "one-mask.png",
        "one-overlay.png",
    ]
    assert "Leukocyte differential, n = 5" in run.stdout
    assert re.search(r"neutrophil +│ 1 │ 20.0 │ +0.5–71.6 │", run.stdout)
    assert "cut by the border of a field, or too large: 1" in run.stdout
    assert "not a diagnosis" in run.stdout


@pytest.mark.parametrize(
    ("views", "words"),
    [
        (1, "each cell is named by itself: fewer than 20 leukocytes were seen"),
        (4, "each cell's name takes the run's other leukocytes into account"),
    ],
)
def test_a_count_says_whether_cells_were_compared(
    leuko: Leuko, tmp_path: Path, out_dir: Path, *, views: int, words: str
) -> None:
    for number in range(views):
        smear = SimulatedSmear(SmearSpec(seed=number, width_um=135, height_um=105, leukocytes=9))
        view = smear.render(0, 0, width_px=675, height_px=525, um_per_px=0.2)
        Image.fromarray(view).save(tmp_path / f"{number}.png")
    run = leuko("count", tmp_path, "--out", out_dir, "--um-per-px", "0.2", "--backend", "cpu")
    assert run.returncode == 0, run.stderr
    assert [line for line in run.stdout.splitlines() if line.startswith("each cell")] == [words]


def test_a_broken_image_is_reported_and_the_others_counted(
    leuko: Leuko, disc_folder: Path, out_dir: Path, count_options: tuple[object, ...]
) -> None:
    content = (disc_folder / "one.png").read_bytes()
    (disc_folder / "broken.png").write_bytes(content[:5000])
    run = leuko("count", disc_folder, *count_options)
    assert run.returncode == 3
    assert "leuko: left out broken.png: it is truncated or damaged" in run.stderr
    assert json.loads((out_dir / "differential.json").read_text())["n"] == 5


def test_images_of_different_sizes_that_lack_the_same_are_told_in_one_line(
    leuko: Leuko, tmp_path: Path, out_dir: Path
) -> None:
    for side in (60, 70):
        Image.new("RGB", (side, side), (230, 230, 230)).save(tmp_path / f"{side}.png")
    fields = SimulatedSmear(SmearSpec(seed=1, width_um=135, height_um=105, leukocytes=2))
    view = fields.render(0, 0, width_px=675, height_px=525, um_per_px=0.2)
    Image.fromarray(view).save(tmp_path / "field.png")
    run = leuko("count", tmp_path, "--out", out_dir, "--backend", "cpu")
    (line,) = [line for line in run.stderr.splitlines() if "left out" in line]
    assert "left out 2 images (60.png, 70.png), for example 60.png: " in line
    assert "1 of 3 images counted" in run.stdout


def test_broken_images_are_told_in_one_line(
    leuko: Leuko, disc_folder: Path, count_options: tuple[object, ...]
) -> None:
    for name in ("a.png", "b.png"):
        (disc_folder / name).write_text("no image")
    run = leuko("count", disc_folder, *count_options)
    assert "leuko: left out 2 images (a.png, b.png): each is no PNG, JPEG" in run.stderr


def test_images_left_out_for_one_reason_are_told_in_one_line(
    leuko: Leuko, disc_folder: Path, count_options: tuple[object, ...]
) -> None:
    for side, name in ((60, "a-mask.png"), (70, "b-mask.png")):
        Image.new("RGB", (side, 60)).save(disc_folder / name)
    run = leuko("count", disc_folder, *count_options)
    assert run.returncode == 3
    (line,) = [line for line in run.stderr.splitlines() if "left out" in line]
    assert line.startswith("leuko: left out 2 images (a-mask.png, b-mask.png): most of it is black")


@pytest.mark.parametrize(
    ("size", "words"),
    [((1, 1), "1 x 1 pixels, too small"), ((20_000, 100), "too large (20000 x 100 pixels)")],
)
def test_an_image_of_an_impossible_size_is_refused(
    leuko: Leuko,
    tmp_path: Path,
    out_dir: Path,
    count_options: tuple[object, ...],
    *,
    size: tuple[int, int],
    words: str,
) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    assert words in refusal(leuko("count", tmp_path / "a.png", *count_options))
    assert not (out_dir / "differential.json").exists()


def test_a_truncated_image_alone_gives_no_result(
    leuko: Leuko, disc_folder: Path, out_dir: Path, count_options: tuple[object, ...]
) -> None:
    os.truncate(disc_folder / "one.png", 5000)
    assert "truncated" in refusal(leuko("count", disc_folder, *count_options))
    assert not out_dir.exists()


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16"])
def test_grey_deep_and_transparent_images_are_counted(
    leuko: Leuko, tmp_path: Path, count_options: tuple[object, ...], mode: str
) -> None:
    Image.new(mode, (128, 96), 200 if mode != "RGBA" else (200, 200, 200, 255)).save(
        tmp_path / "a.png"
    )
    run = leuko("count", tmp_path / "a.png", *count_options)
    assert run.returncode == 0
    # Glass has none.
    assert "no colour" not in run.stderr


def test_a_field_without_colour_is_counted_and_doubted(
    leuko: Leuko, disc_folder: Path, tmp_path: Path, count_options: tuple[object, ...]
) -> None:
    (coloured,) = disc_folder.iterdir()
    grey = tmp_path / "grey.jpg"
    Image.open(coloured).convert("L").save(grey)
    run = leuko("count", coloured, grey, *count_options)
    assert run.returncode == 0
    assert (
        "leuko: no colour in 1 of 2 images (grey.jpg): leukocytes are told by colour" in run.stderr
    )
    assert coloured.name not in run.stderr


def test_a_slide_without_leukocytes_is_a_result_and_is_said(
    leuko: Leuko, tmp_path: Path, out_dir: Path, count_options: tuple[object, ...]
) -> None:
    Image.new("RGB", (128, 96), (235, 235, 235)).save(tmp_path / "a.png")
    run = leuko("count", tmp_path / "a.png", *count_options)
    assert run.returncode == 0
    assert "leuko: no leukocyte was counted in 1 image; if there should be some" in run.stderr
    assert json.loads((out_dir / "differential.json").read_text())["n"] == 0


def test_what_was_set_aside_is_named_where_no_leukocyte_was_counted(
    leuko: Leuko, tmp_path: Path, out_dir: Path
) -> None:
    smear = SimulatedSmear(SmearSpec(seed=0, width_um=135, height_um=105, leukocytes=1))
    x, y = smear.cells[0].x_um, smear.cells[0].y_um
    view = smear.render(x - 3, max(0.0, y - 50), width_px=300, height_px=500, um_per_px=0.2)
    Image.fromarray(view).save(tmp_path / "cut.png")
    run = leuko("count", tmp_path, "--out", out_dir, "--um-per-px", "0.2", "--backend", "cpu")
    assert run.returncode == 0
    assert "counted in 1 image; cut by the border or too large: 1; if there should" in run.stderr


def test_every_result_says_what_is_not_recognised(
    leuko: Leuko, disc_folder: Path, out_dir: Path, count_options: tuple[object, ...]
) -> None:
    run = leuko("count", disc_folder, *count_options)
    assert "Smudge cells are not recognised; tally them by eye." in run.stdout
    found = json.loads((out_dir / "differential.json").read_text())
    assert found["not_recognised"].startswith("Smudge cells")
    assert "no leukocyte" not in run.stderr


def test_a_folder_without_images_is_refused(
    leuko: Leuko, tmp_path: Path, count_options: tuple[object, ...]
) -> None:
    (tmp_path / "empty").mkdir()
    assert "no images in" in refusal(leuko("count", tmp_path / "empty", *count_options))


def test_images_of_a_kind_that_is_not_read_are_told_of(
    *, leuko: Leuko, disc_folder: Path, tmp_path: Path, count_options: tuple[object, ...]
) -> None:
    folder = tmp_path / "with a telephone's"
    shutil.copytree(disc_folder, folder)
    (folder / "IMG_1.HEIC").touch()
    shutil.copytree(disc_folder, folder / "b")
    run = leuko("count", folder, *count_options)
    assert run.returncode == 0
    assert f"leuko: 1 file in {folder} is not read (IMG_1.HEIC): only PNG, " in run.stderr
    told = f"leuko: a folder with images in {folder} is not looked into (b); name a folder itself "
    assert f"{told}to have its images counted\n" in run.stderr


def test_a_folder_of_nothing_but_other_folders_images_names_these(
    leuko: Leuko, disc_folder: Path, tmp_path: Path, count_options: tuple[object, ...]
) -> None:
    folder = tmp_path / "results"
    shutil.copytree(disc_folder, folder / "fields")
    Image.new("RGB", (300, 200)).save(folder / "mask.png")
    told = refusal(leuko("count", folder, *count_options))
    assert "mask.png: most of it is black" in told
    assert f"; a folder with images in {folder} is not looked into (fields)" in told


@pytest.mark.parametrize("command", [("count", "."), ("demo",)])
def test_results_need_a_folder_with_a_name(
    leuko: Leuko, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = leuko(*command, "--out", "")
    assert run.returncode == 2
    assert "'--out': it names no folder; name one, or . for the one you are in" in run.stderr


def test_a_field_without_red_cells_needs_a_scale(
    leuko: Leuko, tmp_path: Path, out_dir: Path, tiny_bundle: Path
) -> None:
    Image.new("RGB", (300, 200), (235, 235, 235)).save(tmp_path / "a.png")
    run = leuko("count", tmp_path / "a.png", "--out", out_dir, "--bundle", tiny_bundle)
    assert "scale of the 300 x 200 images" in refusal(run)


def test_a_bundle_with_a_flipped_byte_is_refused(
    leuko: Leuko, disc_folder: Path, own_bundle: Path, out_dir: Path
) -> None:
    file = own_bundle / "locator.tflite"
    file.write_bytes(file.read_bytes()[:-1] + b"\x7f")
    run = leuko("count", disc_folder, "--out", out_dir, "--bundle", own_bundle)
    assert "locator.tflite" in refusal(run)
    assert not out_dir.exists()


def test_a_bundle_of_a_newer_format_is_refused(leuko: Leuko, own_bundle: Path) -> None:
    manifest = own_bundle / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("format = 1", "format = 2", 1))
    assert refusal(leuko("bundle", "verify", own_bundle)) == (
        "leuko: bundle made for format 2, this device reads 1; update leuko"
    )


def test_an_unknown_setting_is_refused(
    leuko: Leuko,
    tmp_path: Path,
    disc_folder: Path,
    count_options: tuple[object, ...],
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "leuko.toml").write_text("um_per_pixel = 0.2")
    monkeypatch.setenv("LEUKO_SETTINGS", str(tmp_path / "leuko.toml"))
    sentence = refusal(leuko("count", disc_folder, *count_options))
    assert "unknown setting um_per_pixel; did you mean um_per_px?" in sentence


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--camera", "sim"),
        ("session", "list"),
        ("session", "slim", "1", "--yes"),
        ("calibrate", "show"),
        ("calibrate", "undo", "--yes"),
        ("calibrate", "all", "--camera", "sim", "--yes"),
        ("bundle", "list"),
        ("bundle", "rollback"),
    ],
)
def test_a_state_folder_that_is_a_file_is_told_as_such(
    leuko: Leuko, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    run = leuko(*arguments)
    assert not run.stdout
    assert refusal(run) == (
        f"leuko: the environment (LEUKO_*) sets state_dir to '{tmp_path}/state', which is a file "
        "and no folder; give a folder, or a place where one can be made"
    )


def test_who_says_where_the_service_listens_needs_no_state_folder(
    leuko: Leuko, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    run = leuko("session", "status", "--socket", tmp_path / "control.sock")
    assert "control.sock" in refusal(run)
    assert "state_dir" not in run.stderr


@pytest.mark.parametrize("place", ["/proc/leuko", "/dev/null/leuko"])
def test_an_output_folder_that_cannot_be_written_is_refused(
    leuko: Leuko, disc_folder: Path, tiny_bundle: Path, place: str
) -> None:
    options = ("--out", place, "--bundle", tiny_bundle, "--um-per-px", "0.2")
    sentence = refusal(leuko("count", disc_folder, *options))
    assert f"cannot write results to {place}" in sentence


@pytest.mark.parametrize("room", [50, 1500, 100_000])
def test_a_disk_that_fills_up_leaves_no_result(
    disc_folder: Path, out_dir: Path, count_options: tuple[object, ...], room: int
) -> None:
    out_dir.mkdir()
    (out_dir / "differential.json").write_text("of an earlier slide")
    arguments = ("count", disc_folder, *count_options, "--overlay", "--masks")
    sentence = refusal(python("-c", LIMITED, room, *arguments))
    assert f"cannot write results to {out_dir}: File too large; make room there" in sentence
    assert list(out_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("count", "x"), "Missing option '--out'"),
        (("count", "x", "--out", "y", "--um-per-px", "wide"), "'wide' is neither auto nor"),
        (("count", "x", "--out", "y", "--um-per-px", "nan"), "'nan' is neither auto nor"),
        (("count", "x", "--out", "y", "--um-per-px", "12"), "from 0.02 to 1 µm\n"),
        (("count", "x", "--out", "y", "--um-per-px", "0,065"), "; write a decimal point: 0.065"),
        (("count", "x", "--out", "y", "--hologram"), "No such option"),
        (("count", "--out", "y"), "Missing argument"),
        (("hologram",), "No such command"),
        (("count", "x", "--out", "y", "--backend", "tpu"), "'tpu' is not a backend; choose one of"),
        (("run", "--camera", "simm"), "'simm' is not a camera's driver; choose one of opencv, "),
        (("run", "--display", "tv"), "'tv' is not a display's driver; choose one of none, "),
        (("session", "list", "--limit", "0"), "'--limit': 0 is too small; give 1 or more\n"),
        (("session", "list", "--limit", "1001"), "1001 is too large; give 1000 or less\n"),
        (("snap", "x", "--fields", "few"), "'few' is no whole number; give one, such as 20\n"),
        (("session", "show", "TEST-1"), "'TEST-1' is no number of a session; leuko session list"),
        (("session", "export", "0"), "'0' is no number of a session; leuko session list names"),
        (("calibrate", "review", "x"), "'x' is no number of a session; leuko session list"),
        (("session", "tally"), "Error: Missing argument 'smudge'."),
        (("session", "tally", "blast"), "Error: 'blast' is not tallied by eye; only smudge cel"),
    ],
)
def test_a_command_that_makes_no_sense_exits_with_two(
    leuko: Leuko, arguments: tuple[str, ...], words: str
) -> None:
    run = leuko(*arguments)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_a_bundle_is_verified_on_this_device(leuko: Leuko, tiny_bundle: Path) -> None:
    assert "is not signed; sign it" in refusal(leuko("bundle", "verify", tiny_bundle))
    run = leuko("bundle", "verify", tiny_bundle, "--allow-unsigned")
    assert run.returncode == 0, run.stderr
    for model in ("locator", "outliner", "classifier"):
        assert re.search(rf"{model} +ok: largest difference \d LSB", run.stdout)


def test_a_bundle_of_an_unknown_name_is_told_from_the_installed_ones(
    leuko: Leuko, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path))
    assert refusal(leuko("bundle", "verify", "hospitl")) == (
        "leuko: there is no bundle hospitl; give its path, or choose one of built-in"
    )
    assert leuko("bundle", "list").stdout == "built-in  (active)\n"


@pytest.mark.parametrize(
    ("camera", "source", "words"),
    [
        ("replay", "{}/gone", "there is nothing to replay at {}/gone; name a folder"),
        ("replay", "", "there is nothing to replay at an empty source; name a folder"),
        ("replay", "{}/empty", "no images in {}/empty"),
        ("sim", "fields:{}/empty", "no images in {}/empty"),
        ("sim", "fields:{}/gone", "there is no folder {}/gone"),
        ("sim", "foo", "the simulated camera has no source 'foo'; give smear, smear:SEED"),
        ("sim", "smear:nix", "'smear:nix' is no smear; give whole numbers"),
    ],
)
def test_a_camera_that_has_nothing_to_show_is_refused_before_anything_is_opened(
    leuko: Leuko, tmp_path: Path, tiny_bundle: Path, *, camera: str, source: str, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    options = ("--camera", camera, "--camera-source", source.format(tmp_path))
    places = ("--state-dir", tmp_path / "state", "--socket", tmp_path / "socket")
    line = refusal(leuko("run", *options, *places, "--bundle", tiny_bundle))
    assert line.startswith(f"leuko: {words.format(tmp_path)}")
    assert not (tmp_path / "state").exists()


def test_a_bundle_is_shown(leuko: Leuko, tiny_bundle: Path) -> None:
    run = leuko("bundle", "show", tiny_bundle)
    assert run.returncode == 0
    assert "leuko-tiny 1" in run.stdout
    assert "Apache-2.0" in run.stdout
    assert "own cells" not in run.stdout
    shipped = leuko("bundle", "show")
    own = load_bundle(default_bundle_path()).manifest.classifier.own_cells
    assert own is not None
    least = own.unclassified_below
    assert f"each other from 20 leukocytes on, unclassified below {least}" in shipped.stdout


def test_a_bug_shows_where_it_is() -> None:
    code = (
        "import leuko.cli\n"
        "@leuko.cli.app.command()\n"
        "def broken() -> None:\n    raise LookupError('a bug')\n"
        "leuko.cli.main(['broken'])\n"
    )
    run = python("-c", code)
    assert run.returncode == 1
    assert "Traceback" in run.stderr
