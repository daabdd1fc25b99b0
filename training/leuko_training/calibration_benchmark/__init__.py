"""Measuring what a calibration is worth: even light, the size of a pixel, time and memory."""

from pathlib import Path

import cv2

from leuko.bundle import default_bundle_path, load_bundle
from leuko_training.benchmark import this_machine
from leuko_training.calibration_benchmark._cost import measure_cost
from leuko_training.calibration_benchmark._light import Draw, Light, bench_light, module_light
from leuko_training.calibration_benchmark._report import CalibrationBench, write_bench
from leuko_training.calibration_benchmark._rulers import Extent, bench_rulers
from leuko_training.calibration_benchmark._segmentation import Score

__all__ = [
    "CalibrationBench",
    "Draw",
    "Extent",
    "Light",
    "Score",
    "bench_and_report",
    "bench_light",
    "bench_rulers",
    "module_light",
    "write_bench",
]


def bench_and_report(
    bundle: Path | None, root: Path, results: Path, *, extent: Extent | None = None
) -> CalibrationBench:
    """Measure calibrations, write the results, and return them.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        root: folder of all data sets; without BCISC only simulated rows are measured.
        results: folder that the tables go to.
        extent: how much is measured; None for everything.
    """
    cv2.setNumThreads(1)
    extent = extent or Extent()
    loaded = load_bundle(bundle or default_bundle_path())
    bench = CalibrationBench(
        bundle=loaded,
        light=bench_light(loaded, root, extent),
        rulers=tuple(bench_rulers(extent)),
        cost=measure_cost(root),
        machine=this_machine(),
    )
    write_bench(bench, results)
    return bench
