"""Time and memory of a flat field on the device: run as a process of its own.

``python -m leuko_training.calibration_cost FOLDER`` measures the light of a folder's pictures on
one thread and prints a JSON object: seconds, those on the processor, the peak in bytes, and
milliseconds on the processor for one frame to be corrected. It imports nothing that the device
would not, but for the peak's measure.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from leuko.calibration import FILES, Circumstances, measure_light, shots_of_folder
from leuko.clock import Moment
from leuko.vision.flat_field import FlatField, FlatFieldCorrection
from leuko_training.peak_memory import peak_bytes

LIVE = (960, 1280)
"""Height and width of the frames that are corrected."""

_REPEATS = 30
_MOMENT = Moment("benchmark", 0.0, datetime(2026, 1, 1, tzinfo=UTC), clock_is_set=False)


def main() -> None:
    """Measure the light of the pictures in a folder, and print what it took."""
    cv2.setNumThreads(1)
    circumstances = Circumstances("benchmark", _MOMENT, "none", "0" * 64, FILES)
    begun, on_processor = time.perf_counter(), time.process_time()
    found = measure_light(shots_of_folder(Path(sys.argv[1])), circumstances)
    taken = {
        "seconds": time.perf_counter() - begun,
        "processor_s": time.process_time() - on_processor,
        "peak_bytes": peak_bytes(),
        "pictures": len(found.part.origin.frames),
        "frame_ms": _frame_ms(),
    }
    sys.stdout.write(f"{json.dumps(taken)}\n")


def _frame_ms() -> float:
    correction = FlatFieldCorrection(FlatField(np.full((192, 256, 3), 1.2, np.float32), LIVE))
    frame = np.full((*LIVE, 3), 200, np.uint8)
    times = []
    for _ in range(_REPEATS):
        begun = time.process_time()
        correction.corrected(frame)
        times.append(time.process_time() - begun)
    return 1000 * float(np.median(times))


if __name__ == "__main__":
    main()
