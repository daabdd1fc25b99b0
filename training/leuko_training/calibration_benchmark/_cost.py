"""What measuring the light of real fields takes."""

import json
import os
import subprocess  # ruff: ignore[suspicious-subprocess-import] - a process of our own
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from leuko.errors import EngineError
from leuko_training.datasets import available_datasets, read_dataset
from leuko_training.datasets.bcisc import FIELD_UM_PER_PX

_SET = "bcisc_fields"
_GIVEN = 24
"""Pictures in the folder; of those that are overexposed none is taken."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Time and memory of one flat field.

    Attributes:
        seconds: from the first picture's file to the flat field.
        processor_s: of these, on the processor.
        peak_bytes: most memory of the process.
        pictures: that were used.
        frame_ms: processor time to correct one frame of 1280 x 960 pixels.
    """

    seconds: float
    processor_s: float
    peak_bytes: int
    pictures: int
    frame_ms: float


def measure_cost(root: Path) -> Cost | None:
    """Return what a flat field takes in a process of its own; None where BCISC is missing.

    Raises:
        EngineError: that process failed.
    """
    if _SET not in available_datasets(root):
        return None
    items = [item for item in read_dataset(_SET, root) if item.um_per_px == FIELD_UM_PER_PX]
    with tempfile.TemporaryDirectory() as folder:
        for number, item in enumerate(items[:: len(items) // _GIVEN]):
            link = Path(folder) / f"{number:03}{item.image.suffix}"
            link.symlink_to(item.image.resolve())
        run = subprocess.run(  # ruff: ignore[subprocess-without-shell-equals-true] - our own module
            [sys.executable, "-m", "leuko_training.calibration_cost", folder],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise EngineError(f"the process to measure a flat field in failed ({last}); run it alone")
    return Cost(**json.loads(run.stdout))
