"""``leuko calibrate site``, where lymphocytes are called what the bundle calls neutrophils."""

import csv
import json
import os
import pty
import shutil
import threading
import zipfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import cv2
import numpy as np
import pytest
from PIL import Image

from leuko.calibration import (
    CalibrationHistory,
    adapter_for,
    load_calibration,
    summary_for,
)
from leuko.cells import CellClass, CellStatus, RGBImage
from leuko.doctor import examine_calibration
from leuko.errors import CalibrationError
from leuko.service import STORE_NAME
from leuko.settings import Settings
from leuko.status import Level
from leuko.store import CellRecord, SessionSpec, Store

UM_PER_PX = 0.2
EACH = 8
PAIR = (CellClass.NEUTROPHIL, CellClass.LYMPHOCYTE)
SWAPPED = dict(zip(PAIR, reversed(PAIR), strict=True))


Leuko = Callable[..., CompletedProcess[str]]
Hand = Callable[[Path, list[int]], AbstractContextManager[None]]
ENTER = 28


@pytest.fixture
def leuko(
    leuko: Leuko,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_bundle: Path,
) -> Leuko:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("LEUKO_UM_PER_PX", str(UM_PER_PX))
    return leuko


@pytest.fixture(scope="session")
def discs(disc_field: RGBImage) -> dict[CellClass, list[RGBImage]]:
    """Pictures of single discs, each moved and noisy in its own way."""
    rng = np.random.default_rng(4)
    found: dict[CellClass, list[RGBImage]] = {}
    for index, name in enumerate(PAIR):
        for _ in range(EACH):
            x, y = 70 + 130 * index + rng.integers(-4, 5), 100 + rng.integers(-4, 5)
            cut = disc_field[y - 60 : y + 60, x - 60 : x + 60].astype(float)
            noisy = np.clip(cut + rng.normal(0, 3, cut.shape), 0, 255).astype(np.uint8)
            found.setdefault(name, []).append(noisy)
    return found


@pytest.fixture
def sorted_discs(discs: dict[CellClass, list[RGBImage]], tmp_path: Path) -> Path:
    """Their folders, as a person would sort them to whom the two names are swapped."""
    for name, pictures in discs.items():
        folder = tmp_path / "cells" / SWAPPED[name]
        folder.mkdir(parents=True)
        for number, rgb in enumerate(pictures):
            Image.fromarray(rgb).save(folder / f"{number}.png")
    return tmp_path / "cells"


def counted(leuko: Leuko, field: Path, *options: object) -> dict[str, int]:
    out = field.parent / f"out{len(options)}"
    run = leuko("count", field, "--out", out, *options)
    assert run.returncode == 0, run.stderr
    told = json.loads((out / "differential.json").read_text("utf-8"))
    with (out / "cells.csv").open(encoding="utf-8") as table:
        names = [row["cell_class"] for row in csv.DictReader(table)]
    assert "calibration" in told or not options
    return {name: names.count(name) for name in CellClass}


def test_an_adaptation_is_kept_and_changes_what_a_count_calls_a_cell(
    leuko: Leuko, sorted_discs: Path, disc_field: RGBImage, tmp_path: Path
) -> None:
    run = leuko("calibrate", "site", sorted_discs, "--yes", "--json", "--by", "Ada")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    site = told["site"]
    assert (told["kept"], site["cells"], site["right_before"]) == (1, 2 * EACH, 0)
    assert site["right_after"] == 2 * EACH
    assert site["lacking"] == ["monocyte", "eosinophil", "basophil"]
    field = tmp_path / "fields" / "discs.png"
    field.parent.mkdir()
    # One neutrophil more than lymphocytes: the one that the border cuts.
    Image.fromarray(disc_field).save(field)
    before = counted(leuko, field)
    after = counted(leuko, field, "--calibration", tmp_path / "state")
    assert before["neutrophil"] == after["lymphocyte"] == 2
    assert before["lymphocyte"] == after["neutrophil"] == 1
    untouched = set(CellClass) - set(PAIR)
    assert {name: before[name] for name in untouched} == {n: after[n] for n in untouched}


def test_what_is_measured_afterwards_names_cells_as_adapted(
    leuko: Leuko, sorted_discs: Path, paired_fields: tuple[RGBImage, ...], tmp_path: Path
) -> None:
    (tmp_path / "fields").mkdir()
    for number, rgb in enumerate(paired_fields[:10]):
        Image.fromarray(rgb).save(tmp_path / "fields" / f"{number:02}.png")

    def measured_stain() -> dict[str, list[float]]:
        run = leuko("calibrate", "stain", "--from", tmp_path / "fields", "--cells", 40, "--json")
        assert run.returncode == 0, run.stderr
        return dict(json.loads(run.stdout)["stain"])

    before = measured_stain()
    assert leuko("calibrate", "site", sorted_discs, "--yes").returncode == 0
    after = measured_stain()
    assert before["neutrophils"] != before["lymphocytes"]
    assert after["neutrophils"] == before["lymphocytes"]
    assert after["lymphocytes"] == before["neutrophils"]


def test_people_are_told_what_it_is_worth_and_what_stays(
    leuko: Leuko, sorted_discs: Path, tmp_path: Path
) -> None:
    said = leuko("calibrate", "site", sorted_discs, "--yes").stdout
    assert "of 16 confirmed cells, named right before: 0 (0 %; 95 %: 0 to 21)" in said
    assert "adapted: 16 (100 %; 95 %: 79 to 100)" in said
    assert "too few confirmed cells of: monocyte, eosinophil, basophil" in said
    assert "of 16 confirmed cells" in leuko("calibrate", "show").stdout
    exported = leuko("calibrate", "export", tmp_path / "lab.zip")
    assert exported.returncode == 0
    leuko("calibrate", "undo", "--yes")
    history = CalibrationHistory(tmp_path / "state" / "calibration")
    undone = history.current()
    assert undone is not None
    assert undone.adapter is None
    assert leuko("calibrate", "import", tmp_path / "lab.zip", "--yes").returncode == 0
    back, first = history.current(), load_calibration(tmp_path / "lab.zip")
    assert back is not None
    assert back.adapter is not None
    assert first.adapter is not None
    np.testing.assert_array_equal(back.adapter.means, first.adapter.means)


def test_it_is_left_aside_with_another_bundle_and_bound_to_no_size_of_pictures(
    leuko: Leuko, sorted_discs: Path, tmp_path: Path
) -> None:
    leuko("calibrate", "site", sorted_discs, "--yes")
    kept = load_calibration(tmp_path / "state")
    assert kept.record.site is not None
    assert adapter_for(kept, kept.record.site.origin.bundle_sha256) == (kept.adapter, "")
    adapter, why = adapter_for(kept, "0" * 64)
    assert adapter is None
    assert "not used with another; run leuko calibrate site again" in why
    assert adapter_for(None, "0" * 64) == (None, "")
    assert not kept.record.framed
    assert summary_for(kept, kept.record.site.origin.bundle_sha256) == kept.summary
    assert set(summary_for(kept, "0" * 64)) == {"number", "sha256"}


def test_results_bench_and_doctor_say_that_it_was_left_aside(
    *,
    leuko: Leuko,
    sorted_discs: Path,
    disc_field: RGBImage,
    tmp_path: Path,
    tiny_bundle: Path,
) -> None:
    leuko("calibrate", "site", sorted_discs, "--yes")
    other = shutil.copytree(tiny_bundle, tmp_path / "other")
    manifest = other / "manifest.toml"
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    Image.fromarray(disc_field).save(tmp_path / "field.png")
    run = leuko(
        "count",
        tmp_path / "field.png",
        "--out",
        tmp_path / "out",
        "--bundle",
        other,
        "--calibration",
        tmp_path / "state",
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("is not used with another; run leuko calibrate site again") == 1
    told = json.loads((tmp_path / "out" / "differential.json").read_text("utf-8"))
    assert told["calibration"]["number"] == 1
    assert "site" not in told["calibration"]
    run = leuko("bench", "--bundle", other, "--backend", "cpu", "--runs", 1, "--threads", 1)
    assert run.stderr.count("is not used with another; run leuko calibrate site again") == 1
    finding = examine_calibration(Settings(state_dir=tmp_path / "state", bundle=other))
    assert finding.health.level is Level.WARNING
    assert "is not used with another" in finding.health.text


@pytest.mark.parametrize(("given", "said"), [(0.1, "0.1 µm per pixel"), (0.4, "0.4 µm per pixel")])
def test_cells_half_or_twice_as_wide_as_leukocytes_are_refused_with_the_scale_that_would_fit(
    leuko: Leuko, sorted_discs: Path, given: float, said: str
) -> None:
    run = leuko("calibrate", "site", sorted_discs, "--um-per-px", given, "--yes")
    assert run.returncode == 1
    assert f"at {said} the confirmed cells are " in run.stderr
    assert "would fit: give --um-per-px 0.2" in run.stderr
    assert leuko("calibrate", "show").stdout == "this device is not calibrated\n"


def test_classes_whose_names_seem_exchanged_are_named_before_they_are_kept(
    leuko: Leuko, sorted_discs: Path
) -> None:
    doubt = "to the bundle most neutrophils are lymphocytes and most lymphocytes neutrophils; check"
    assert doubt in leuko("calibrate", "site", sorted_discs, "--json").stderr
    # One of another name among them is no exchange.
    shutil.move(sorted_discs / "lymphocyte", sorted_discs / "monocyte")
    run = leuko("calibrate", "site", sorted_discs, "--json")
    assert run.returncode == 0, run.stderr
    assert not run.stderr


def test_an_adaptation_that_does_not_help_is_refused(
    leuko: Leuko, discs: dict[CellClass, list[RGBImage]], tmp_path: Path
) -> None:
    for name, pictures in discs.items():
        (tmp_path / "right" / name).mkdir(parents=True)
        for number, rgb in enumerate(pictures[:5]):
            Image.fromarray(rgb).save(tmp_path / "right" / name / f"{number}.png")
    run = leuko("calibrate", "site", tmp_path / "right", "--yes")
    assert run.returncode == 1
    assert "adapting does not help: of 10 confirmed cells 10 are named right" in run.stderr
    assert leuko("calibrate", "show").stdout == "this device is not calibrated\n"


def test_cells_of_a_session_are_confirmed_by_a_table(
    leuko: Leuko, discs: dict[CellClass, list[RGBImage]], tmp_path: Path
) -> None:
    pictures = [(name, rgb) for name in PAIR for rgb in discs[name]]
    (tmp_path / "state").mkdir()
    with Store.opened(tmp_path / "state" / STORE_NAME) as store:
        session = store.start_session(SessionSpec(specimen="1"))
        store.save_cells(session.id, [_cell(n, rgb) for n, (_, rgb) in enumerate(pictures, 1)])
    table = tmp_path / "labels.csv"
    rows = [f"{n},{SWAPPED[name].upper()}" for n, (name, _) in enumerate(pictures, 1)]
    table.write_text("\n".join(["number,class", *rows, "99,"]), "utf-8")
    run = leuko("calibrate", "site", "--session", session.id, "--labels", table, "--yes", "--json")
    assert run.returncode == 0, run.stderr
    site = json.loads(run.stdout)["site"]
    assert (site["right_before"], site["right_after"]) == (0, 2 * EACH)
    assert site["origin"]["frames"][0]["name"] == f"session {session.id}, cell 1"
    table.write_text("number,class\n99,neutrophil", "utf-8")
    missing = leuko("calibrate", "site", "--session", session.id, "--labels", table)
    assert missing.returncode == 1
    assert f"session {session.id} has no cell 99" in missing.stderr
    rows = [f"{n},neutrophil" for n in range(1, len(pictures) + 1)]
    table.write_text("\n".join(["number,class", *rows]), "utf-8")
    unread = leuko("calibrate", "site", "--session", session.id, "--labels", table, "--yes")
    assert unread.returncode == 1
    assert "has the class that Leuko gave it itself; correct wrong classes" in unread.stderr


def _cell(number: int, rgb: RGBImage) -> CellRecord:
    _, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    likely = tuple(float(name is CellClass.NEUTROPHIL) for name in CellClass)
    usual = CellRecord(
        0, 1, 0.0, 0.0, CellStatus.COUNTED, CellClass.NEUTROPHIL, likely, 3, 90.0, 50.0
    )
    return replace(usual, number=number, picture=png.tobytes())


def test_a_changed_or_missing_file_beside_the_record_is_refused(
    leuko: Leuko, sorted_discs: Path, tmp_path: Path
) -> None:
    leuko("calibrate", "site", sorted_discs, "--yes")
    kept = tmp_path / "state" / "calibration" / "calibration-000001.zip"
    with zipfile.ZipFile(kept) as archive:
        record, numbers = archive.read("calibration.json"), archive.read("site.f32")
    for content in (numbers[:-4] + b"\0\0\0\0", numbers[:-8], b""):
        with zipfile.ZipFile(tmp_path / "odd.zip", "w") as odd:
            odd.writestr("calibration.json", record)
            odd.writestr("site.f32", content)
        with pytest.raises(CalibrationError, match=r"site\.f32 is not the one"):
            load_calibration(tmp_path / "odd.zip")
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as odd:
        odd.writestr("calibration.json", record)
    with pytest.raises(CalibrationError, match="do not belong together"):
        load_calibration(tmp_path / "odd.zip")


def test_a_person_is_asked_at_the_bench_whether_an_adaptation_is_kept(
    *,
    leuko: Leuko,
    sorted_discs: Path,
    hand: Hand,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_KEYPAD", str(tmp_path / "keypad"))
    monkeypatch.setenv("LEUKO_DISPLAY", "png")
    monkeypatch.setenv("LEUKO_DISPLAY_DEVICE", str(tmp_path / "shown"))
    with hand(tmp_path / "keypad", [ENTER]):
        run = leuko("calibrate", "site", sorted_discs)
    assert run.stdout.splitlines()[-1] == (
        "calibration 1 is kept; the service counts with it from its next start on, "
        "leuko count with --calibration"
    )
    assert run.returncode == 0
    assert (tmp_path / "shown" / "display.png").exists()


@contextmanager
def reading(monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """Reads the display, and says no once it asks; yields what stood on it then."""
    display, behind = pty.openpty()
    terminal, hand = os.pipe()
    asked: list[str] = []

    def read() -> None:
        text = ""
        while "keep it?" not in text and not text.endswith("\0"):
            text += os.read(display, 65536).decode(errors="replace")
        asked.append(text.split("\x1b[H")[-1])
        os.write(hand, b"n\n")

    monkeypatch.setenv("LEUKO_DISPLAY", "terminal")
    monkeypatch.setenv("LEUKO_DISPLAY_DEVICE", os.ttyname(behind))
    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(terminal) as typed:
        monkeypatch.setattr("sys.stdin", typed)
        yield asked
    os.write(behind, b"\0")
    reader.join()
    for descriptor in (display, behind, hand):
        os.close(descriptor)


def test_names_that_seem_exchanged_are_doubted_on_the_display_that_asks(
    leuko: Leuko, sorted_discs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(monkeypatch) as asked:
        leuko("calibrate", "site", sorted_discs)
    assert "names exchanged?" in asked[0]
    shutil.move(sorted_discs / "lymphocyte", sorted_discs / "monocyte")
    with reading(monkeypatch) as asked:
        leuko("calibrate", "site", sorted_discs)
    assert "cells, right:" in asked[0]
    assert "names exchanged?" not in asked[0]


def test_a_no_keeps_no_adaptation_and_says_so(
    leuko: Leuko, sorted_discs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "answers").write_text("n\n", encoding="utf-8")
    with (tmp_path / "answers").open(encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        run = leuko("calibrate", "site", sorted_discs)
    assert (run.returncode, run.stdout.splitlines()[-1]) == (1, "this calibration is not kept")
    assert leuko("calibrate", "show").stdout == "this device is not calibrated\n"


def test_copies_of_a_cell_are_learnt_once_and_not_at_all_when_they_are_of_two_classes(
    leuko: Leuko, sorted_discs: Path
) -> None:
    shutil.copy(sorted_discs / "neutrophil" / "3.png", sorted_discs / "neutrophil" / "copy.png")
    shutil.copy(sorted_discs / "neutrophil" / "5.png", sorted_discs / "lymphocyte" / "other.png")
    run = leuko("calibrate", "site", sorted_discs, "--json")
    assert run.returncode == 0, run.stderr
    site = json.loads(run.stdout)["site"]
    assert site["cells"] == 2 * EACH - 1
    assert "neutrophil/5.png" not in [frame["name"] for frame in site["origin"]["frames"]]
    first, second = sorted(line for line in run.stderr.splitlines() if "left out" in line)
    assert "lymphocyte/other.png: it is the same picture as neutrophil/5.png" in first
    assert "their classes differ, so neither is learnt" in first
    assert "neutrophil/copy.png: it is the same picture as neutrophil/3.png; it is learnt" in second


def test_neither_a_folder_nor_one_without_classes_is_adapted_to(
    leuko: Leuko, tmp_path: Path
) -> None:
    assert leuko("calibrate", "site").returncode == 2
    (tmp_path / "empty").mkdir()
    run = leuko("calibrate", "site", tmp_path / "empty")
    assert (run.returncode, "no folders named as classes" in run.stderr) == (1, True)
