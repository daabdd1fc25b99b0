"""Leukocytes a litre: only ever an estimate, with what chance leaves of it."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from leuko.calibration import (
    Circumstances,
    Shot,
    WBCFactorPart,
    estimated_wbc,
    measure_wbc_factor,
)
from leuko.cells import Box, Cell, CellClass, CellRegion, CellStatus, RGBImage
from leuko.cli import main
from leuko.counting import DifferentialCount, Entry
from leuko.errors import CalibrationError
from leuko.sim import SimulatedSmear, SmearSpec

Shots = Callable[[Iterable[RGBImage]], Iterator[Shot]]

FIELD = np.zeros((192, 256, 3), np.uint8)
BASOPHILS = DifferentialCount.from_entries([Entry(CellClass.BASOPHIL, CellStatus.COUNTED)] * 50)


def cell(status: CellStatus) -> Cell:
    region = CellRegion(Box(0, 0, 2, 2), np.ones((2, 2), np.bool_), 80.0, cut_by_border=False)
    share = tuple(float(name is CellClass.NEUTROPHIL) for name in CellClass)
    return Cell(region, CellClass.NEUTROPHIL, share, 50.0, status, "")


FOUND = (cell(CellStatus.COUNTED),) * 3 + (cell(CellStatus.UNCLASSIFIED), cell(CellStatus.EXCLUDED))


def test_the_factor_makes_the_known_count_of_the_cells_that_were_seen(
    shots: Shots, circumstances: Circumstances
) -> None:
    part = measure_wbc_factor(
        shots([FIELD] * 16), circumstances, find=lambda _: FOUND, known=6.4, um_per_px=0.2
    )
    assert (part.cells, part.fields, part.per_cell) == (64, 16, 1.6)
    assert part.within_percent == pytest.approx(24.5)
    guess = estimated_wbc(part, BASOPHILS, fields=10, scales=[0.2], bundle_sha256="b" * 64)
    assert guess.sentence.startswith(
        "about 8.0 × 10⁹ leukocytes a litre, a mere estimate: 50 in 10 fields"
    )
    assert "±37 % by chance alone" in guess.sentence
    assert guess.detail["is_estimate"]
    assert (guess.detail["per_litre_1e9"], guess.detail["fields"]) == (8.0, 10)


@pytest.fixture
def factor(shots: Shots, circumstances: Circumstances) -> WBCFactorPart:
    return measure_wbc_factor(
        shots([FIELD] * 16), circumstances, find=lambda _: FOUND, known=6.4, um_per_px=0.2
    )


@pytest.mark.parametrize(
    ("cells", "fields", "bundle", "reason"),
    [
        (50, 9.4, "b", "9.4 fields are too few, 10 are needed"),
        (50, None, "b", "the count was interrupted"),
        (50, 20.0, "c", "measured with the bundle leuko-default 1; run leuko calibrate wbc-factor"),
        (0, 20.0, "b", "fewer than 30 leukocytes were counted (0)"),
        (29, 20.0, "b", "fewer than 30 leukocytes were counted (29)"),
    ],
)
def test_where_it_would_mislead_there_is_no_estimate_but_a_reason(
    *, factor: WBCFactorPart, cells: int, fields: float | None, bundle: str, reason: str
) -> None:
    count = DifferentialCount.from_entries([Entry(CellClass.BASOPHIL, CellStatus.COUNTED)] * cells)
    guess = estimated_wbc(factor, count, fields=fields, scales=[0.2], bundle_sha256=bundle * 64)
    assert guess.per_litre is None
    assert guess.detail["per_litre_1e9"] is None
    assert guess.sentence.startswith("no estimate of the leukocytes a litre: ")
    assert reason in guess.sentence


@pytest.mark.parametrize("scales", [[0.196], [0.2, 0.205], []])
def test_fields_of_the_factors_scale_give_an_estimate(
    factor: WBCFactorPart, scales: list[float]
) -> None:
    guess = estimated_wbc(factor, BASOPHILS, fields=10, scales=scales, bundle_sha256="b" * 64)
    assert guess.per_litre == pytest.approx(8)


@pytest.mark.parametrize("scales", [[0.1], [0.2, 0.1, 0.2]])
def test_fields_of_another_objective_than_the_factors_give_no_estimate(
    factor: WBCFactorPart, scales: list[float]
) -> None:
    guess = estimated_wbc(factor, BASOPHILS, fields=10, scales=scales, bundle_sha256="b" * 64)
    assert guess.per_litre is None
    assert "the fields have 0.1 µm per pixel and the factor was measured at 0.2" in guess.sentence


def test_a_factor_of_an_older_record_that_tells_no_scale_gives_no_estimate(
    factor: WBCFactorPart,
) -> None:
    older = WBCFactorPart.model_validate(factor.model_dump(exclude={"um_per_px"}))
    guess = estimated_wbc(older, BASOPHILS, fields=10, scales=[0.2], bundle_sha256="b" * 64)
    assert guess.per_litre is None
    assert "the factor does not say at what scale it holds; run leuko" in guess.sentence


def test_immature_granulocytes_are_leukocytes_of_the_total(factor: WBCFactorPart) -> None:
    immature = Entry(CellClass.IMMATURE_GRANULOCYTE, CellStatus.EXCLUDED)
    erythroblast = Entry(CellClass.ERYTHROBLAST, CellStatus.EXCLUDED)
    count = DifferentialCount.from_entries([immature, erythroblast] * 40)
    guess = estimated_wbc(factor, count, fields=20, scales=[0.2], bundle_sha256="b" * 64)
    assert guess.cells == 40


def test_a_count_prints_and_writes_the_estimate_of_its_fields(
    *,
    paired_fields: tuple[RGBImage, ...],
    tiny_bundle: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for number, rgb in enumerate(paired_fields):
        Image.fromarray(rgb).save(tmp_path / f"{number:02}.png")
    fields = sorted(tmp_path.glob("*.png"))
    blurred = Image.fromarray(paired_fields[0]).filter(ImageFilter.GaussianBlur(4))
    blurred.save(tmp_path / "blurred.png")
    Image.fromarray(paired_fields[3]).save(tmp_path / "copy.tif")
    options = ("--state-dir", tmp_path / "state", "--bundle", tiny_bundle)
    measured = ("wbc-factor", "--known", 8, "--from", tmp_path, "--yes", *options)
    out = tmp_path / "out"
    counted = (
        "count",
        *fields,
        tmp_path / "blurred.png",
        "--out",
        out,
        "--calibration",
        tmp_path / "state",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEUKO_UM_PER_PX", "0.2")
        for arguments in (("calibrate", *measured), (*counted, "--bundle", tiny_bundle)):
            with pytest.raises(SystemExit) as left:
                main([*map(str, arguments)])
            assert not left.value.code
    printed = capfd.readouterr()
    assert "left out blurred.png: focus" in printed.err
    same = "it is the same picture as 03.png; its cells count once"
    assert f"left out copy.tif: {same}" in printed.err
    assert "48 leukocytes in 12 fields" in printed.out
    assert "about 8.0 × 10⁹ leukocytes a litre, a mere estimate: 48 in" in printed.out
    written = json.loads((out / "differential.json").read_text(encoding="utf-8"))
    assert written["estimated_wbc"]["per_litre_1e9"] == pytest.approx(8)
    assert written["estimated_wbc"]["fields"] == 12
    assert len(written["images"]) == 13, "the blurred one is in the count all the same"
    with pytest.raises(SystemExit):
        main([*map(str, counted), "--bundle", str(tiny_bundle), "--um-per-px", "0.25"])
    assert "have 0.25 µm per pixel and the factor was measured at 0.2;" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("fields", "words"), [(7, "28 leukocytes in 7"), (9, "36 leukocytes in 9")]
)
def test_a_few_cells_or_fields_make_no_factor(
    shots: Shots, circumstances: Circumstances, fields: int, words: str
) -> None:
    with pytest.raises(CalibrationError, match=words):
        measure_wbc_factor(
            shots([FIELD] * fields), circumstances, find=lambda _: FOUND, known=6.4, um_per_px=0.2
        )


def test_with_the_camera_every_field_on_which_the_view_rests_is_searched_once(
    *,
    tiny_bundle: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slide = tmp_path / "slide"
    slide.mkdir()
    smear = SimulatedSmear(SmearSpec(seed=4, width_um=220, height_um=90, leukocytes=4))
    for number, left in enumerate((5, 5, 110, 110, 110)):
        field = smear.render(left, 5, width_px=400, height_px=300, um_per_px=0.25)
        Image.fromarray(field).save(slide / f"{number}.png")
    monkeypatch.setenv("LEUKO_UM_PER_PX", "0.25")
    monkeypatch.setenv("LEUKO_FRAMES_PER_S", "0")
    camera = ("--camera", "replay", "--camera-source", slide, "--state-dir", tmp_path / "state")
    measured = ("calibrate", "wbc-factor", "--known", 8, "--yes", "--bundle", tiny_bundle)
    with pytest.raises(SystemExit):
        main([*map(str, (*measured, *camera))])
    assert "leukocytes in 2 fields are too few" in capfd.readouterr().err
