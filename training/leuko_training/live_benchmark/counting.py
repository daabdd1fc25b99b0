"""Are the cells of a hand-moved slide counted, each once? Against the simulation's truth."""

import time
from collections.abc import Callable
from statistics import median

from leuko.bundle import ModelBundle
from leuko.cameras import CameraOptions
from leuko.cells import Cell, RGBImage
from leuko.inference import LiteRTEngine
from leuko.live import LiveCounter
from leuko.pipeline import FieldAnalyser, Wanted
from leuko.sim.camera import Scene, SimCamera
from leuko.tracking import CellLedger, Located, SlideTracker
from leuko_training.live_benchmark.account import Account, CountingResult


class TimedTracker(SlideTracker):
    """A tracker that notes what finding a frame's place takes.

    Attributes:
        took_s: processor time of each frame.
    """

    def __init__(self, *, um_per_px: float) -> None:
        """Begin with an unknown slide.

        Args:
            um_per_px: scale of the frames.
        """
        super().__init__(um_per_px=um_per_px)
        self.took_s: list[float] = []

    def locate(self, rgb: RGBImage) -> Located:
        """See `SlideTracker.locate`."""
        began_s = time.thread_time()
        located = super().locate(rgb)
        self.took_s.append(time.thread_time() - began_s)
        return located


class WatchedAnalyser(FieldAnalyser):
    """An analyser that keeps what it found last, to be looked at.

    Attributes:
        found: cells of the frame that was searched last.
    """

    def __init__(self, bundle: ModelBundle) -> None:
        """Load the bundle's models on one thread."""
        super().__init__(bundle, LiteRTEngine(threads=1))
        self.found: tuple[Cell, ...] = ()

    def analyse(
        self,
        rgb: RGBImage,
        *,
        um_per_px: float,
        wanted: Wanted = lambda _row, _column: True,
    ) -> tuple[Cell, ...]:
        """See `FieldAnalyser.analyse`."""
        self.found = super().analyse(rgb, um_per_px=um_per_px, wanted=wanted)
        return self.found


def count_slide(
    options: CameraOptions,
    analyser: WatchedAnalyser,
    *,
    most_frames: int | None = None,
    tick: Callable[[int, int], None],
) -> CountingResult:
    """Count a simulated slide frame by frame, as fast as it goes.

    Args:
        options: of the simulated camera; its pace must be 0.
        analyser: finds and names the cells.
        most_frames: where to stop on a long path; None for its end.
        tick: told the frame and the number of frames, for a progress bar.
    """
    scene = Scene.set_up(options)
    camera = SimCamera(scene, seed=options.seed)
    um_per_px = options.um_per_px
    tracker = TimedTracker(um_per_px=um_per_px)
    ledger = CellLedger(um_per_px=um_per_px, decide=analyser.decide)
    counter = LiveCounter(analyser, ledger, tracker, um_per_px=um_per_px)
    account = Account(scene)
    last = min(len(scene.hand), most_frames or len(scene.hand))
    while (frame := camera.read()) is not None and frame.number < last:
        update = counter.see(frame.rgb, is_counting=True)
        account.note(frame.number, update, analyser.found)
        tick(frame.number + 1, last)
    camera.close()
    registration_ms = 1000 * median(tracker.took_s)
    return account.result(seed=options.seed, frames=range(last), registration_ms=registration_ms)
