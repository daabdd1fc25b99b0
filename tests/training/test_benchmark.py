import json
from pathlib import Path

import numpy as np
import pytest

from leuko.bundle import load_bundle
from leuko.errors import EngineError
from leuko_training.benchmark import (
    STAGES,
    Benchmark,
    Call,
    Field,
    Machine,
    benchmark_and_report,
    measure_peak,
    real_field,
    run_benchmark,
    simulated_field,
    stage_times,
    write_benchmark,
)

TINY_BUNDLE = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
MACHINE = Machine(processor="abacus", cores=1, python="3.11.0", load=0.5)
NO_IMAGE = np.zeros((1, 1, 3), np.uint8)


def field(name: str = "noise") -> Field:
    pixels = np.random.default_rng(0).integers(90, 240, (120, 160, 3)).astype(np.uint8)
    return Field(name, pixels, 0.5)


@pytest.fixture(scope="module")
def timed() -> Benchmark:
    return run_benchmark(load_bundle(TINY_BUNDLE), field(), repeats=3)


def test_the_time_of_a_field_divides_into_stages_without_a_gap() -> None:
    calls = [
        Call("locator", 1.0, 3.0, NO_IMAGE),
        Call("locator", 3.5, 5.0, NO_IMAGE),
        Call("outliner", 5.25, 6.0, NO_IMAGE),
        Call("classifier", 7.0, 7.5, NO_IMAGE),
    ]
    stages = stage_times(calls, 0.0, 8.0)
    assert tuple(stages) == STAGES
    assert list(stages.values()) == [1000, 3500, 750, 750, 1000, 500, 500]


def test_a_field_without_cells_has_stages_too() -> None:
    assert sum(stage_times([], 2.0, 2.5).values()) == 500


def test_a_field_takes_longer_than_its_models_alone(timed: Benchmark) -> None:
    assert len(timed.repeats) == 3
    assert timed.calls["locator"] == 4
    assert timed.cpu_ratio > 1
    for repeat in timed.repeats:
        assert sum(repeat.stages_ms.values()) == pytest.approx(repeat.field_cpu_ms)


def test_peak_memory_is_that_of_the_device_and_not_of_this_process(timed: Benchmark) -> None:
    ballast = np.ones(300_000_000, np.uint8)
    peak = measure_peak(timed.bundle, field())
    assert 20e6 < peak < ballast.nbytes


def test_a_failed_measurement_of_memory_is_told_in_one_sentence(
    timed: Benchmark,
) -> None:
    with pytest.raises(EngineError, match="measure memory"):
        measure_peak(timed.bundle, Field("grey", np.zeros((2, 2), np.uint8), 0.5))


def test_the_report_puts_the_figure_beside_its_target(timed: Benchmark, tmp_path: Path) -> None:
    write_benchmark([timed], MACHINE, tmp_path / "results")
    text = (tmp_path / "results" / "benchmark.md").read_text(encoding="utf-8")
    record = json.loads((tmp_path / "results" / "benchmark.json").read_text(encoding="utf-8"))
    assert "| time, median | ≤ 60 ms |" in text
    assert "abacus" in text
    assert record["fields"][0]["stages_ms"].keys() == set(STAGES)
    assert (tmp_path / "results" / "benchmark-stages.png").stat().st_size > 0


def test_every_field_is_in_the_report_and_the_first_has_the_targets(tmp_path: Path) -> None:
    fields = [field("first"), field("second")]
    benchmark_and_report(TINY_BUNDLE, tmp_path, tmp_path / "results", fields=fields, repeats=1)
    text = (tmp_path / "results" / "benchmark.md").read_text(encoding="utf-8")
    assert "Against the targets: 160 × 120 px, first" in text
    assert "| second |" in text


def test_a_simulated_field_shows_a_leukocyte_and_is_always_the_same() -> None:
    first, second = (simulated_field(um_per_px=0.25, width_px=80, height_px=60) for _ in range(2))
    assert first.rgb.shape == (60, 80, 3)
    assert np.array_equal(first.rgb, second.rgb)
    assert first.rgb[20:40, 30:50].mean() < first.rgb.mean()


def test_the_real_field_is_held_out_and_as_large_as_the_targets_say(datasets: Path) -> None:
    found = real_field(datasets)
    assert found
    assert found.rgb.shape == (1536, 2048, 3)
    assert found.name.startswith("bcisc/original-images/")
