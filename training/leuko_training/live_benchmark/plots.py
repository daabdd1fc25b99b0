"""The plot of the live benchmark."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from leuko_training.live_benchmark.course import NOTED_EVERY
from leuko_training.live_benchmark.results import Growth
from leuko_training.live_benchmark.targets import MEMORY_MB

_DPI = 110
_BLUE, _ORANGE = "#3b6ea8", "#d1651c"


def plot_course(growth: Growth, picture: Path) -> None:
    """Draw cost of a frame and memory over the long course, as PNG.

    Args:
        growth: with the course.
        picture: the PNG to write.

    Raises:
        OSError: it cannot be written.
    """
    figure = Figure(figsize=(9, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    cost = growth.course.cpu_ms_by(NOTED_EVERY)
    above.plot(NOTED_EVERY * (np.arange(len(cost)) + 0.5), cost, color=_BLUE, linewidth=1)
    above.set_ylabel("ms on the processor\na frame")
    above.set_ylim(0)
    memory = growth.course.resident_mb
    below.plot(NOTED_EVERY * np.arange(len(memory)), memory, color=_BLUE, label="resident")
    below.axhline(MEMORY_MB, color=_ORANGE, label="most")
    below.set_ylabel("MB")
    below.set_ylim(0)
    below.set_xlabel("frame")
    below.legend(frameon=False)
    for axes in (above, below):
        axes.grid(alpha=0.3)
    figure.suptitle(f"{growth.course.frames} frames in a session of {growth.cells_before} cells")
    figure.savefig(picture, dpi=_DPI, metadata={"Software": None})
