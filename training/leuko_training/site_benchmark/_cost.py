"""What adapting takes on the device: in a process of its own."""

import json
import os
import subprocess  # ruff: ignore[suspicious-subprocess-import] - a process of our own
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from leuko.cells import LEUKOCYTES
from leuko.errors import EngineError
from leuko_training.datasets import available_datasets, read_dataset

_SETS = ("bcisc_crops", "segmentation_wbc_1")
_EACH = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """Time and memory of one adaptation.

    Attributes:
        seconds: from the first picture's file to the adapter, cross-validation included.
        processor_s: of these, on the processor.
        peak_bytes: most memory of the process.
        cells: that were confirmed.
        cell_ms: processor time that naming one cell takes longer with it.
    """

    seconds: float
    processor_s: float
    peak_bytes: int
    cells: int
    cell_ms: float


def measure_cost(root: Path) -> Cost | None:
    """Return what adapting the shipped bundle takes; None where there is no set to take it from.

    Raises:
        EngineError: that process failed.
    """
    name = next((one for one in _SETS if one in available_datasets(root)), None)
    if name is None:
        return None
    items = read_dataset(name, root)
    with tempfile.TemporaryDirectory() as folder:
        for label in LEUKOCYTES:
            own = [item for item in items if item.label is label][:_EACH]
            (Path(folder) / label).mkdir()
            for number, item in enumerate(own):
                link = Path(folder) / label / f"{number:03}{item.image.suffix}"
                link.symlink_to(item.image.resolve())
        scale = items[0].um_per_px
        run = subprocess.run(  # ruff: ignore[subprocess-without-shell-equals-true] - our own module
            [sys.executable, "-m", "leuko_training.site_cost", folder, str(scale)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise EngineError(f"the process to adapt in failed ({last}); run it alone")
    return Cost(**json.loads(run.stdout))
