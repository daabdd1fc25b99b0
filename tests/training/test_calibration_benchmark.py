"""What the calibration benchmark measures, and that it says where a target is missed."""

from pathlib import Path

import numpy as np
import pytest

from leuko.bundle import default_bundle_path, load_bundle
from leuko.errors import OutputError
from leuko_training.benchmark import Machine
from leuko_training.calibration_benchmark import (
    CalibrationBench,
    Draw,
    Extent,
    Light,
    RedCellRow,
    Score,
    bench_and_report,
    bench_light,
    bench_rulers,
    module_light,
    write_bench,
)


def test_a_rendered_micrometer_is_read_within_its_target() -> None:
    row = next(bench_rulers(Extent(rulers=1)))
    assert 0 < row.worst_percent <= row.target_percent


def test_without_the_set_there_is_no_light_to_measure(tmp_path: Path) -> None:
    assert bench_light(load_bundle(default_bundle_path()), tmp_path, Extent()) is None


def test_the_simulated_module_has_pink_corners_and_a_green_centre() -> None:
    red, green, _ = np.moveaxis(module_light(60, 80), 2, 0)
    assert (green / red)[0, 0] < (green / red)[30, 36]
    assert green.min() > 0.25


def test_parts_that_are_not_measured_stay_as_they_were(tmp_path: Path) -> None:
    bundle = load_bundle(default_bundle_path())
    light = Light((Draw(0, 60, 0.025, 0.004),), (), {"as it is": Score(0.96, 9, 10, 0)})
    machine = Machine("none", 2, "3.11", 0.0)
    write_bench(CalibrationBench(bundle, light, (), (), None, machine), tmp_path)
    bench = bench_and_report(
        None, tmp_path, tmp_path, extent=Extent(rulers=1, smears=1), parts=("cost",)
    )
    assert bench.light == light
    with pytest.raises(OutputError, match="no earlier results; measure all parts"):
        bench_and_report(None, tmp_path, tmp_path / "empty", parts=("cost",))


def test_the_report_says_what_falls_short(tmp_path: Path) -> None:
    scores = {"as it is": Score(0.96, 9, 10, 0), "corrected": Score(0.94, 9, 10, 0)}
    bench = CalibrationBench(
        bundle=load_bundle(default_bundle_path()),
        light=Light((Draw(0, 60, 0.025, 0.004),), (Draw(0, 60, 0.02, 0.005),), scores),
        rulers=(),
        red_cells=(RedCellRow("bccd", 40, 2, 4.4, 4, None),),
        cost=None,
        machine=Machine("none", 2, "3.11", 0.0),
    )
    write_bench(bench, tmp_path)
    lines = (tmp_path / "calibration.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    marks = {row[0]: row[-1] for row in rows}
    assert marks["as it was"] == "pass"
    assert marks["pink corners, green centre"] == "**short**"
    assert marks["corrected"] == "**short**"
    assert rows[-1][:6] == ["bccd", "40", "2", "4.40 %", "≤ 4 %", "**short**"]
