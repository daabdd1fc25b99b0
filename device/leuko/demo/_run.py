"""The demo from the first view to the last picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rich.console import Console

from leuko.bundle import ModelBundle
from leuko.cells import Cell, RGBImage
from leuko.demo._fields import FOLDER_NAME, Fields
from leuko.demo._gallery import Gallery
from leuko.demo._screen import Moment, print_comparison, print_line, screen
from leuko.demo._slide import HEIGHT_PX, UM_PER_PX, WIDTH_PX, SlideView, demo_smear, demo_views
from leuko.demo._tally import SlideTally
from leuko.demo._truth import Comparison, compare
from leuko.reports import FieldReport, ReportFolder
from leuko.sim import SimulatedSmear

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
    looked_at: list[SlideView] = []
    with ReportFolder(out) as report, screen(console) as show:
        run = _Run(smear, analyser, report, target=target)
        for view in demo_views(smear):
            picture = run.look_at(view)
            looked_at.append(view)
            show(run.moment(f"simulated smear {seed}, models {bundle.label}", view, picture))
            if run.tally.is_complete:
                break
        comparison = compare(run.tally, smear.cells, views=looked_at)
        run.add_sheet(comparison)
        report.finish(comparison.counted, (), bundle)
    run.fields.write(out)
    print_comparison(console, comparison)
    if comparison.counted.n < target:
        print_line(console, f"the slide ended at {comparison.counted.n} of {target} leukocytes")
    print_line(console, f"tables and pictures in {out}, unmarked ones in {out / FOLDER_NAME}")
    return comparison


class _Run:
    def __init__(
        self, smear: SimulatedSmear, analyser: Analyser, report: ReportFolder, *, target: int
    ) -> None:
        self._smear = smear
        self._analyser = analyser
        self._report = report
        self._gallery = Gallery()
        self.fields = Fields()
        self.tally = SlideTally(target)

    def look_at(self, view: SlideView) -> RGBImage:
        rgb = view.picture(self._smear)
        cells = self._analyser.analyse(rgb, um_per_px=UM_PER_PX)
        self.fields.add(view, rgb)
        new = self.tally.take(view, cells)
        for sighting in new:
            self._gallery.add(sighting, rgb)
        # A row a cell, though neighbouring views share some; the overlay shows all that it sees.
        self._report.add_field(_field(view.name, [sighting.cell for sighting in new]))
        if view.number <= _OVERLAYS:
            self._report.add_overlay(_field(view.name, cells), rgb)
        return rgb

    def moment(self, title: str, view: SlideView, picture: RGBImage) -> Moment:
        last = self.tally.sightings[-1] if self.tally.sightings else None
        return Moment(title, view.number, self.tally.count, self.tally.target, last, picture)

    def add_sheet(self, comparison: Comparison) -> None:
        self._report.add_picture("cells-by-class", self._gallery.sheet(comparison))


def _field(name: str, cells: Sequence[Cell]) -> FieldReport:
    return FieldReport(name, name, (HEIGHT_PX, WIDTH_PX), UM_PER_PX, None, tuple(cells))
