"""The demo from the first view to the last picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console

from leuko.bundle import ModelBundle
from leuko.cells import Cell, RGBImage
from leuko.demo._gallery import Gallery
from leuko.demo._screen import Moment, print_comparison, screen
from leuko.demo._slide import HEIGHT_PX, UM_PER_PX, WIDTH_PX, SlideView, demo_smear, demo_views
from leuko.demo._tally import SlideTally
from leuko.demo._truth import Comparison, compare
from leuko.reports import FieldReport, ReportFolder

_OVERLAYS = 4
"""Of how many views, from the first, the overlay is kept."""


class Analyser(Protocol):
    """What finds and names the cells of a view; `leuko.pipeline.FieldAnalyser` is one."""

    def analyse(self, rgb: RGBImage, *, um_per_px: float) -> tuple[Cell, ...]:
        """Return every leukocyte found; called once a view, in the order of the views."""


def run_demo(
    out: Path,
    *,
    analyser: Analyser,
    bundle: ModelBundle,
    seed: int,
    target: int,
    console: Console,
) -> Comparison:
    """Count a simulated smear before the reader's eyes and set the truth beside it.

    Args:
        out: folder for the results; made if need be.
        analyser: finds and names the cells.
        bundle: the analyser's models, for the record.
        seed: which smear; equal seeds give equal results.
        target: leukocytes to count, at least 1; fewer are counted if the slide ends first.
        console: where to show the run.

    Raises:
        OutputError: the results cannot be written.
        EngineError: the engine failed.
    """
    smear = demo_smear(seed, target)
    title = f"simulated smear {seed}, models {bundle.label}"
    with ReportFolder(out) as report:
        tally, gallery, looked_at = SlideTally(target), Gallery(), list[SlideView]()
        with screen(console) as show:
            for view in demo_views(smear):
                rgb = view.picture(smear)
                looked_at.append(view)
                _look(view, rgb, analyser.analyse(rgb, um_per_px=UM_PER_PX), ...)
    return compare(tally, smear.cells, views=looked_at)
