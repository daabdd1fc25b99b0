"""Whether the whole service notices a camera that fails, survives it, and counts nothing stale."""

import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from leuko.backends import BackedAnalyser
from leuko.bundle import ModelBundle
from leuko.cameras import CameraOptions, CameraProcess, Frame
from leuko.cells import Cell, RGBImage
from leuko.control import CommandQueue
from leuko.displays import DisplayThread
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser, Wanted
from leuko.service import KEYFRAMES_NAME, STORE_NAME, LiveService, Notifier, Parts, make_counter
from leuko.status import Health, Level, LiveStatus, Target
from leuko.store import SessionSpec, Store
from leuko_training.live_benchmark.faulty_cameras import BEGAN, OPENED, FaultyCamera
from leuko_training.live_benchmark.service_parts import FileDisplay

NOTICED_S = 2.0
"""Within how long a fault must be on the display."""
STALE_S = 2.0
"""Age from which no picture may be counted."""

_PATIENCE_S = 40.0
_AFTERWARDS_S = 2.0
"""For how long it counts on after the camera is back."""


@dataclass(frozen=True, slots=True)
class FaultTrial:
    """What came of one fault.

    Attributes:
        fault: what the camera did.
        noticed_s: from the fault until the display showed it; None if it never did.
        back_s: from the fault until the display showed a camera that is well again, with a picture
            taken since; None if it never did.
        shown: what the display said of the camera.
        let_in: pictures given to the count that were spoilt by the fault, or too old.
        stale: those of them that were searched for cells, and so could be counted from.
        before: pictures given to the count before the fault.
        after: pictures given to the count after it.
    """

    fault: str
    noticed_s: float | None
    back_s: float | None
    shown: str
    let_in: int
    stale: int
    before: int
    after: int

    @property
    def is_passed(self) -> bool:
        """Whether it was noticed in time, survived, and nothing stale was counted."""
        is_noticed = self.noticed_s is not None and self.noticed_s <= NOTICED_S
        is_back = self.back_s is not None and self.after > 0
        return is_noticed and is_back and not self.stale


def try_fault(
    fault: str,
    camera: type[FaultyCamera],
    bundle: ModelBundle,
    *,
    slide: str = "smear:5:60",
    size: tuple[int, int] = (1280, 960),
    um_per_px: float = 0.1,
) -> FaultTrial:
    """Run the service on a camera that fails, until it is back or patience is over.

    Args:
        fault: in words.
        camera: what fails.
        bundle: the models.
        slide: for the simulated camera.
        size: width and height of a frame.
        um_per_px: scale of the frames.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        openings = folder / "openings"
        openings.mkdir()
        watch = _Watch(openings)
        spec = SessionSpec("fault", target=Target(cells=10**6), um_per_px=um_per_px)
        store = stack.enter_context(Store.opened(folder / STORE_NAME))
        store.start_session(spec)
        options = CameraOptions(f"{openings}:{slide}", *size, um_per_px=um_per_px)
        process = CameraProcess(f"{camera.__module__}:{camera.__qualname__}", options)
        watched = _WatchedCamera(stack.enter_context(closing(process)), watch)
        analyser = _WatchedAnalyser(bundle, watch)
        parts = Parts(
            camera=watched,
            store=store,
            make_counter=partial(make_counter, analyser, folder / KEYFRAMES_NAME),
            commands=CommandQueue(),
            display=stack.enter_context(
                DisplayThread(lambda: FileDisplay(folder, watch.note_shown))
            ),
            notifier=Notifier(),
            backend=BackedAnalyser(analyser, cpu_name="processor"),
            bench_notice=str,
            spec=spec,
            um_per_px=um_per_px,
        )
        LiveService(parts).run()
        return watch.trial(fault)


@dataclass(frozen=True, slots=True)
class _Shown:
    at_s: float
    camera: Health
    captured_s: float


@dataclass(slots=True)
class _Taken:
    at_s: float
    captured_s: float
    is_searched: bool = False


class _Watch:
    """What was shown and what was taken up, and when."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._until_s = time.monotonic() + _PATIENCE_S
        self.shown: list[_Shown] = []
        self.taken: list[_Taken] = []

    def note_shown(self, status: LiveStatus) -> None:
        """Note a status that the display has just shown."""
        self.shown.append(_Shown(time.monotonic(), status.camera, status.captured_s))

    @property
    def is_over(self) -> bool:
        """Whether the camera has been back for long enough, or patience is over."""
        now = time.monotonic()
        back = self._back()
        return now > self._until_s or (back is not None and now > back.at_s + _AFTERWARDS_S)

    def trial(self, fault: str) -> FaultTrial:
        began_s = self._moment(BEGAN)
        noticed, back, again_s = self._noticed(), self._back(), self._moment(f"{OPENED}1")
        spoilt = [
            taken
            for taken in self.taken
            if began_s <= taken.captured_s < again_s or taken.at_s - taken.captured_s > STALE_S
        ]
        return FaultTrial(
            fault=fault,
            noticed_s=noticed.at_s - began_s if noticed else None,
            back_s=back.at_s - began_s if noticed and back else None,
            shown=noticed.camera.text if noticed else "",
            let_in=len(spoilt),
            stale=sum(taken.is_searched for taken in spoilt),
            before=sum(taken.captured_s < began_s for taken in self.taken),
            after=sum(taken.captured_s >= again_s for taken in self.taken),
        )

    def _noticed(self) -> _Shown | None:
        began_s = self._moment(BEGAN)
        faults = (one for one in self.shown if one.camera.level is Level.FAULT)
        return next((one for one in faults if one.at_s >= began_s), None)

    def _back(self) -> _Shown | None:
        again_s = self._moment(f"{OPENED}1")
        sound = (one for one in self.shown if one.camera.level is not Level.FAULT)
        return next((one for one in sound if one.captured_s >= again_s), None)

    def _moment(self, name: str) -> float:
        """Return the moment that the camera wrote down; infinite if it has not."""
        mark = self._folder / name
        text = mark.read_text(encoding="ascii") if mark.exists() else ""
        return float(text or "inf")


class _WatchedAnalyser(FieldAnalyser):
    def __init__(self, bundle: ModelBundle, watch: _Watch) -> None:
        super().__init__(bundle, LiteRTEngine(threads=1))
        self._watch = watch

    def analyse(
        self,
        rgb: RGBImage,
        *,
        um_per_px: float,
        wanted: Wanted = lambda _row, _column: True,
    ) -> tuple[Cell, ...]:
        self._watch.taken[-1].is_searched = True
        return super().analyse(rgb, um_per_px=um_per_px, wanted=wanted)


class _WatchedCamera:
    def __init__(self, camera: CameraProcess, watch: _Watch) -> None:
        self._camera = camera
        self._watch = watch

    @property
    def name(self) -> str:
        return self._camera.name

    @property
    def health(self) -> Health:
        return self._camera.health

    @property
    def has_ended(self) -> bool:
        return self._watch.is_over or self._camera.has_ended

    def read(self, timeout_s: float) -> Frame | None:
        frame = self._camera.read(timeout_s)
        if frame is not None:
            self._watch.taken.append(_Taken(time.monotonic(), frame.captured_s))
        return frame
