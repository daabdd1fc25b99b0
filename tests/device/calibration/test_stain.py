"""This laboratory's stain: measured or refused, and a watch that says when it is another one."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from leuko.bundle import load_bundle
from leuko.calibration import Circumstances, Shot, StainPart, StainWatch, measure_stain
from leuko.cells import CellClass, RGBImage
from leuko.cli import main
from leuko.errors import CalibrationError
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.vision.tone import USUAL_TONE, Tone

Shots = Callable[[Iterable[RGBImage]], Iterator[Shot]]
Stained = Callable[..., RGBImage]

PURPLE, PALE = (90, 40, 120), (160, 130, 185)


@pytest.fixture(scope="module")
def analyser(tiny_bundle: Path) -> FieldAnalyser:
    return FieldAnalyser(load_bundle(tiny_bundle), LiteRTEngine(threads=1))


@pytest.fixture(scope="module")
def part(
    paired_fields: tuple[RGBImage, ...],
    analyser: FieldAnalyser,
    shots: Shots,
    circumstances: Circumstances,
) -> StainPart:
    found = measure_stain(
        shots(paired_fields),
        circumstances,
        find=lambda rgb, um_per_px: analyser.analyse(rgb, um_per_px=um_per_px),
        even=lambda rgb: rgb,
        um_per_px=0.2,
    )
    return found.part


def test_the_stain_is_measured_from_cells_and_fields(part: StainPart) -> None:
    assert part.background == pytest.approx((235, 235, 235), abs=3)
    assert (part.fields, part.cells) == (12, 48)
    red, green, _ = part.neutrophils
    assert green > red + 0.3
    assert part.nuclei_spread_percent < 5


def test_a_field_that_is_shown_twice_counts_once_and_a_dark_one_not_at_all(
    paired_fields: tuple[RGBImage, ...],
    analyser: FieldAnalyser,
    shots: Shots,
    circumstances: Circumstances,
) -> None:
    shown = [paired_fields[0]] * 20 + [np.full((300, 400, 3), 40, np.uint8)]
    with pytest.raises(
        CalibrationError, match=r"2 neutrophils and 2 lymphocytes in 1 field \(1 left"
    ):
        measure_stain(
            shots(shown),
            circumstances,
            find=lambda rgb, um_per_px: analyser.analyse(rgb, um_per_px=um_per_px),
            even=lambda rgb: rgb,
            um_per_px=0.2,
        )


def test_a_field_is_judged_under_even_light(
    paired_fields: tuple[RGBImage, ...],
    analyser: FieldAnalyser,
    shots: Shots,
    circumstances: Circumstances,
) -> None:
    dim = [(field * 0.3).astype(np.uint8) for field in paired_fields]

    def measured(even: Callable[[RGBImage], RGBImage]) -> tuple[str, ...]:
        return measure_stain(
            shots(dim),
            circumstances,
            find=lambda rgb, um_per_px: analyser.analyse(rgb, um_per_px=um_per_px),
            even=even,
            um_per_px=0.2,
        ).left_out

    assert not measured(lambda rgb: np.clip(rgb / 0.3, 0, 255).astype(np.uint8))
    with pytest.raises(CalibrationError, match=r"in 0 fields \(12 left out\)"):
        measured(lambda rgb: rgb)


def calibrated(part: StainPart) -> StainPart:
    """The stain of drawn cells with purple nuclei."""
    density = tuple(round(math.log10(235 / level), 3) for level in PURPLE)
    red_cells = tuple(round(math.log10(235 / level), 3) for level in (200, 140, 150))
    return part.model_copy(
        update={"neutrophils": density, "lymphocytes": density, "red_cells": red_cells}
    )


def test_a_watch_says_nothing_of_a_few_cells_then_that_the_stain_differs_and_takes_it_back(
    part: StainPart, stained: Stained
) -> None:
    watch = StainWatch(calibrated(part))
    for _ in range(7):
        watch.samples.add(CellClass.NEUTROPHIL, stained(PALE))
    assert watch.judge() is None
    assert not watch.differs
    watch.samples.add(CellClass.NEUTROPHIL, stained(PALE))
    difference = watch.judge()
    assert difference is not None
    assert watch.differs
    assert watch.detail(difference)["cells"] == 8
    for _ in range(20):
        watch.samples.add(CellClass.NEUTROPHIL, stained(PURPLE))
    watch.judge()
    assert not watch.differs


def test_a_script_measures_the_stain_and_a_count_says_that_another_one_differs(
    *,
    paired_fields: tuple[RGBImage, ...],
    tiny_bundle: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_UM_PER_PX", "0.2")
    usual = saved(paired_fields[:10], tmp_path / "usual")
    # Half of the light that the stain holds back comes through.
    faded = saved([paler(rgb) for rgb in paired_fields[:6]], tmp_path / "faded")
    measured = ("calibrate", "stain", "--from", usual, "--bundle", tiny_bundle, "--yes", "--json")
    told = json.loads(run(measured, capfd)[0])
    assert told["kept"] == 1
    assert told["stain"]["fields"] == 10
    assert told["stain"]["tone"] is None, "the tiny bundle takes nothing away"
    assert "40 neutrophils and lymphocytes" in run(("calibrate", "show"), capfd)[0]
    state = ("--bundle", tiny_bundle, "--calibration", tmp_path / "state")
    same = run(
        ("count", usual / "00.png", usual / "01.png", "--out", tmp_path / "a", *state), capfd
    )
    other = run(("count", faded, "--out", tmp_path / "b", *state), capfd)
    assert "stain differs" not in same[1]
    assert "leuko: stain differs from calibration: check the batch (" in other[1]
    summaries = [json.loads((tmp_path / name / "differential.json").read_text()) for name in "ab"]
    assert [summary["stain"]["differs"] for summary in summaries] == [False, True]


def test_how_dark_the_cells_are_is_kept_and_a_count_begins_with_it(
    *, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEUKO_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEUKO_UM_PER_PX", "0.2")
    smear = SimulatedSmear(SmearSpec(seed=3, width_um=500, height_um=200, leukocytes=70))
    pale = [
        paler(smear.render(x, y, width_px=500, height_px=500, um_per_px=0.2))
        for x in range(0, 500, 100)
        for y in (0, 100)
    ]
    fields = saved(pale, tmp_path / "pale")
    told = json.loads(run(("calibrate", "stain", "--from", fields, "--yes", "--json"), capfd)[0])
    nucleus, cytoplasm = told["stain"]["tone"]
    # Half of the light that the stain holds back comes through.
    assert nucleus < 0.75 * USUAL_TONE.nucleus
    assert cytoplasm < 0.75 * USUAL_TONE.cytoplasm
    shown = run(("calibrate", "show"), capfd)[0]
    assert f"optical density of nuclei {nucleus:.2f}, of cytoplasms {cytoplasm:.2f}" in shown
    # What was found before does not lead what is found now.
    again = json.loads(run(("calibrate", "stain", "--from", fields, "--yes", "--json"), capfd)[0])
    assert again["stain"]["tone"] == [nucleus, cytoplasm]
    count = ("count", fields / "00.png", "--out")
    run((*count, tmp_path / "without"), capfd)
    run((*count, tmp_path / "with", "--calibration", tmp_path / "state"), capfd)
    without, begun = (
        list(csv.DictReader((tmp_path / name / "cells.csv").read_text("utf-8").splitlines()))
        for name in ("without", "with")
    )
    assert [cell["x"] for cell in begun] == [cell["x"] for cell in without]
    assert [cell["probability"] for cell in begun] != [cell["probability"] for cell in without]


@pytest.mark.parametrize("tone", [(1e-200, 1e-200), (0.3, 0.3), (7.0, 0.3)])
def test_a_darkness_that_no_cells_have_is_not_read(
    part: StainPart, tone: tuple[float, float]
) -> None:
    assert part.with_tone(Tone(0.8, 0.3)).tone == (0.8, 0.3)
    with pytest.raises(ValidationError):
        part.with_tone(Tone(*tone))


def paler(rgb: RGBImage) -> RGBImage:
    return np.asarray(np.rint(235 * (rgb / 235.0).clip(0, 1) ** 0.5), np.uint8)


def saved(fields: Iterable[RGBImage], folder: Path) -> Path:
    folder.mkdir()
    for number, rgb in enumerate(fields):
        Image.fromarray(rgb).save(folder / f"{number:02}.png")
    return folder


def run(arguments: Iterable[object], capfd: pytest.CaptureFixture[str]) -> tuple[str, str]:
    with pytest.raises(SystemExit) as left:
        main(list(map(str, arguments)))
    printed = capfd.readouterr()
    assert not left.value.code, printed.err
    return printed.out, printed.err
