"""``leuko bench``: what it measures, and what it says of a backend that it cannot measure."""

import json
from pathlib import Path

import numpy as np
import pytest

from leuko.backends import Accelerator, Backend, edge_tpu
from leuko.bench import bench_backends
from leuko.bundle import load_bundle
from leuko.cli import main
from leuko.inference import Patience
from leuko.machine import Throttling, forget_peak_memory, read_peak_memory_mb, read_throttling
from leuko.sim.accelerator import SimAccelerator

STAGES = ["locator", "outliner", "classifier", "field"]


def simulated() -> Accelerator:
    return Accelerator(
        Backend.EDGETPU,
        "simulated accelerator",
        make=SimAccelerator,
        look=lambda: None,
        fitted=lambda bundle: bundle,
        remedy="plug it in again",
        patience=Patience(60.0, 20.0),
    )


def test_every_backend_is_measured_stage_by_stage_or_named_with_its_reason(
    tiny_bundle: Path,
) -> None:
    accelerators = [simulated(), edge_tpu(library="libedgetpu.so.none")]
    cpu, sound, absent = bench_backends(
        load_bundle(tiny_bundle), threads=1, accelerators=accelerators, runs=3
    )
    for measured in (cpu, sound):
        assert [stage.stage for stage in measured.stages] == STAGES
        assert all(0 < stage.median_ms <= stage.p95_ms for stage in measured.stages)
        assert measured.fields_per_s == pytest.approx(1e3 / measured.stages[-1].median_ms)
    # The accelerator's process holds memory beside ours, whose peak begins anew with each backend.
    ours_mb = read_peak_memory_mb()
    assert cpu.peak_mb is not None
    assert sound.peak_mb is not None
    assert ours_mb is not None
    assert sound.peak_mb > ours_mb
    assert (absent.stages, absent.peak_mb) == ((), None)
    assert absent.text.startswith("libedgetpu.so.none is not installed")


def test_the_same_is_printed_for_people_and_for_scripts(
    tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["bench", "--bundle", str(tiny_bundle), "--backend", "cpu", "--runs", "2"]
    for extra in ([], ["--json"]):
        with pytest.raises(SystemExit) as exited:
            main([*options, *extra])
        assert exited.value.code in {0, None}
        said = capsys.readouterr().out
        assert all(stage in said for stage in STAGES)
    backends = json.loads(said)["backends"]
    assert [one["backend"] for one in backends] == ["cpu"]
    assert set(backends[0]["before"]) == {"temperature_c", "throttling"}


def test_a_backend_that_is_absent_is_told_once_and_without_a_table(
    tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        main(["bench", "--bundle", str(tiny_bundle), "--backend", "edgetpu", "--runs", "2"])
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("leuko: ")
    assert "Edge TPU" in said.err or "libedgetpu" in said.err
    assert said.err.count("\n") == 1


def test_without_a_register_the_firmwares_program_tells_of_throttling(tmp_path: Path) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text("#!/bin/sh\necho throttled=0x50005\n", encoding="utf-8")
    program.chmod(0o755)
    found = read_throttling(tmp_path / "none", str(program))
    both = ("under-voltage", "throttled")
    assert found == Throttling(now=both, since_start=both)
    assert read_throttling(tmp_path / "none", str(tmp_path / "none")) is None
    program.write_text("#!/bin/sh\necho VCHI initialization failed\n", encoding="utf-8")
    assert read_throttling(tmp_path / "none", str(program)) is None


def test_the_most_memory_that_was_held_is_told_until_it_is_forgotten() -> None:
    forget_peak_memory()
    before_mb = read_peak_memory_mb()
    np.ones(100_000_000, np.uint8)
    held_mb = read_peak_memory_mb()
    forget_peak_memory()
    after_mb = read_peak_memory_mb()
    assert before_mb is not None
    assert held_mb is not None
    assert after_mb is not None
    assert held_mb > before_mb + 90
    assert after_mb < held_mb - 90


def test_the_memory_of_a_process_that_has_ended_is_unknown() -> None:
    assert read_peak_memory_mb(2**22 + 1) is None
