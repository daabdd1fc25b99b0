"""Peak memory of the device package alone: run as a process of its own, which does nothing else.

``python -m leuko_training.peak_memory BUNDLE FIELD.npy UM_PER_PX`` analyses one field on one
thread and prints the peak in bytes. It imports nothing that the device would not.
"""

import resource
import sys
from pathlib import Path

import cv2
import numpy as np

from leuko.bundle import load_bundle
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser

_STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Return the most memory that this process has had resident."""
    # Linux carries ru_maxrss over from the process that started this one, so a large parent
    # would be measured instead; VmHWM begins anew (getrusage(2), proc_pid_status(5)).
    if _STATUS.exists():
        lines = _STATUS.read_text(encoding="ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Analyse the field twice, since buffers may be made on first use, and print the peak."""
    bundle, field, um_per_px = sys.argv[1:]
    cv2.setNumThreads(1)
    analyser = FieldAnalyser(load_bundle(Path(bundle)), LiteRTEngine(threads=1))
    rgb = np.load(field)
    for _ in range(2):
        analyser.analyse(rgb, um_per_px=float(um_per_px))
    sys.stdout.write(f"{peak_bytes()}\n")


if __name__ == "__main__":
    main()
