"""Time and memory of an adaptation on the device: run as a process of its own.

``python -m leuko_training.site_cost FOLDER UM_PER_PX`` adapts the shipped bundle to a folder of
confirmed cells on one thread and prints a JSON object: seconds, those on the processor, the peak
in bytes, the cells, and what a cell takes longer. It imports nothing that the device would not,
but for the peak's measure.
"""

import json
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from leuko.bundle import default_bundle_path, load_bundle
from leuko.calibration import (
    FILES,
    Circumstances,
    cells_of_folder,
    measure_site,
)
from leuko.clock import Moment
from leuko.errors import CalibrationError
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko.vision.traits import cell_traits
from leuko_training.peak_memory import peak_bytes

_REPEATS = 50
_MOMENT = Moment("benchmark", 0.0, datetime(2026, 1, 1, tzinfo=UTC), clock_is_set=False)


def main() -> None:
    """Adapt to the cells of a folder, and print what it took."""
    cv2.setNumThreads(1)
    begun, on_processor = time.perf_counter(), time.process_time()
    bundle = load_bundle(default_bundle_path())
    analyser = FieldAnalyser(bundle, LiteRTEngine(threads=1))
    cells = list(cells_of_folder(Path(sys.argv[1]), um_per_px=float(sys.argv[2])))
    circumstances = Circumstances("benchmark", _MOMENT, bundle.label, bundle.sha256, FILES)
    # The shipped bundle may know the set already: finding that out takes as long.
    with suppress(CalibrationError):
        measure_site(
            cells,
            circumstances,
            analyser=analyser,
            class_weights=bundle.manifest.classifier.class_weights,
        )
    taken = {
        "seconds": time.perf_counter() - begun,
        "processor_s": time.process_time() - on_processor,
        "peak_bytes": peak_bytes(),
        "cells": len(cells),
        "cell_ms": _cell_ms(),
    }
    sys.stdout.write(f"{json.dumps(taken)}\n")


def _cell_ms() -> float:
    rng = np.random.default_rng(1)
    crop = rng.integers(60, 235, (128, 128, 3)).astype(np.uint8)
    mask = np.zeros((128, 128), np.bool_)
    mask[24:104, 24:104] = True
    times = []
    for _ in range(_REPEATS):
        begun = time.process_time()
        cell_traits(crop, mask)
        times.append(time.process_time() - begun)
    return 1000 * float(np.median(times))


if __name__ == "__main__":
    main()
