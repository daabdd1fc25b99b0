"""Measuring what a calibration is worth: even light, the size of a pixel, time and memory."""

from collections.abc import Collection
from pathlib import Path

import cv2

from leuko.bundle import default_bundle_path, load_bundle
from leuko.errors import SettingsError
from leuko_training.benchmark import this_machine
from leuko_training.calibration_benchmark._cost import measure_cost
from leuko_training.calibration_benchmark._kept import Kept, read_kept
from leuko_training.calibration_benchmark._light import Draw, Light, bench_light, module_light
from leuko_training.calibration_benchmark._red_cells import RedCellRow, bench_red_cells
from leuko_training.calibration_benchmark._report import CalibrationBench, write_bench
from leuko_training.calibration_benchmark._rulers import Extent, bench_rulers
from leuko_training.calibration_benchmark._segmentation import Score

__all__ = [
    "PARTS",
    "CalibrationBench",
    "Draw",
    "Extent",
    "Light",
    "RedCellRow",
    "Score",
    "bench_and_report",
    "bench_light",
    "bench_red_cells",
    "bench_rulers",
    "module_light",
    "write_bench",
]


PARTS = ("light", "scale", "cost")
"""What can be measured apart from the rest."""


def bench_and_report(
    bundle: Path | None,
    root: Path,
    results: Path,
    *,
    extent: Extent | None = None,
    parts: Collection[str] = PARTS,
) -> CalibrationBench:
    """Measure calibrations, write the results, and return them.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        root: folder of all data sets; without them only simulated rows are measured.
        results: folder that the tables go to.
        extent: how much is measured; None for everything.
        parts: what is measured; the others stay as the results have them.

    Raises:
        SettingsError: there is no such part.
        OutputError: the results have none of the others, or cannot be written.
    """
    if unknown := set(parts) - set(PARTS):
        raise SettingsError(
            f"there is no part {', '.join(sorted(unknown))}; choose of {', '.join(PARTS)}"
        )
    cv2.setNumThreads(1)
    extent = extent or Extent()
    loaded = load_bundle(bundle or default_bundle_path())
    kept = Kept() if set(parts) == set(PARTS) else read_kept(results, loaded)
    is_scaled = "scale" in parts
    bench = CalibrationBench(
        bundle=loaded,
        light=bench_light(loaded, root, extent) if "light" in parts else kept.light,
        rulers=tuple(bench_rulers(extent)) if is_scaled else kept.rulers,
        red_cells=tuple(bench_red_cells(root, extent)) if is_scaled else kept.red_cells,
        cost=measure_cost(root) if "cost" in parts else kept.cost,
        machine=this_machine(),
    )
    write_bench(bench, results)
    return bench
