"""Writes what the GPU makes of the shipped bundle: its golden outputs, one picture's cells, bench.

usage: gpu_report.py REPORT      the GPU is what Vulkan finds, see check_gpu.sh
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from leuko.backends import gpu
from leuko.bench import bench_backends
from leuko.bundle import ModelBundle, default_bundle_path, load_bundle
from leuko.cells import Cell
from leuko.inference import Engine, EngineProcess, LiteRTEngine, Patience
from leuko.inference.gpu import GPUEngine
from leuko.pipeline import FieldAnalyser
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.verification import GoldenReport, replay_golden

UM_PER_PX = 0.15
PATIENT = Patience(opening_s=300.0, run_s=300.0)
"""Software beside other work takes long for what a GPU does at once."""
INTRODUCTION = """# The GPU's path, in software

Written by `make check-gpu`: LiteRT's CompiledModel over Vulkan, on SwiftShader in place of a GPU.
Times of it say nothing of a GPU and are left out.

"""


def golden(report: GoldenReport) -> Iterator[str]:
    yield "| model | golden inputs | farthest output, steps of uint8 | the bundle allows |"
    yield "| --- | ---: | ---: | ---: |"
    for one in report.differences:
        yield f"| {one.model} | {one.images} | {one.largest_lsb} | {one.tolerance_lsb} |"


def cells(bundle: ModelBundle, engine: Engine) -> tuple[Cell, ...]:
    """Return what is found in a simulated field of three leukocytes.

    None lies at the field's edge, where one pixel of its outline decides whether it is whole.
    """
    smear = SimulatedSmear(SmearSpec(seed=7, width_um=144, height_um=108, leukocytes=3))
    rgb = smear.render(0, 0, width_px=960, height_px=720, um_per_px=UM_PER_PX)
    return FieldAnalyser(bundle, engine).analyse(rgb, um_per_px=UM_PER_PX)


def named(found: tuple[Cell, ...]) -> list[str]:
    return sorted(f"{one.cell_class}: {one.status}" for one in found)


def measured(bundle: ModelBundle) -> list[str]:
    """Return the stages that ``leuko bench`` measures on the GPU, were it as patient."""
    accelerator = replace(gpu(), patience=PATIENT)
    bench = bench_backends(
        bundle, threads=1, accelerators=[accelerator], runs=1, is_cpu_wanted=False
    )
    return [stage.stage for one in bench for stage in one.stages]


def main() -> int:
    bundle = load_bundle(default_bundle_path())
    with EngineProcess(GPUEngine, label="GPU", patience=PATIENT) as engine:
        report = replay_golden(bundle, engine)
        there, here = named(cells(bundle, engine)), named(cells(bundle, LiteRTEngine()))
    stages = measured(bundle)
    told = "the same cells" if there == here else f"**other cells**: {there}, not {here}"
    table = "\n".join(golden(report))
    text = (
        f"{INTRODUCTION}Bundle `{bundle.label}`, by {report.engine}.\n\n{table}\n\n"
        "Of a simulated field of three leukocytes it makes\n"
        f"{told} as the processor ({', '.join(here)}).\n"
        f"`leuko bench` measures {', '.join(stages) or '**nothing**'} on it.\n"
    )
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
    return 0 if report.is_ok and there == here and stages else 1


if __name__ == "__main__":
    sys.exit(main())
