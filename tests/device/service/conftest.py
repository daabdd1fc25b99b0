"""The service in this process: the shipped models, a simulated smear, a store of its own."""

import queue
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from leuko.backends import BackedAnalyser
from leuko.bundle import default_bundle_path, load_bundle
from leuko.calibration import Circumstances, Origin, StainPart
from leuko.cameras import CameraOptions, Frame
from leuko.clock import Moment
from leuko.control import CommandQueue
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko.service import KEYFRAMES_NAME, STORE_NAME, LiveService, Notifier, Parts, make_counter
from leuko.sim.camera import SimCamera
from leuko.status import Health, Level, Target
from leuko.store import SessionSpec, Store

UM_PER_PX = 0.2
SMEAR = "smear:24:40"
"""Three leukocytes lie in its first view, which is counted in the third frame."""


class Reel:
    """A `FrameSource` with frames that were taken before; None stands for a lost camera."""

    name = "reel"

    def __init__(self) -> None:
        self.health = Health(Level.OK, "reel")
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._ends = False

    @property
    def has_ended(self) -> bool:
        return self._ends and self._frames.empty()

    def feed(self, frames: Iterable[Frame | None]) -> None:
        for frame in frames:
            self._frames.put(frame)

    def end(self) -> None:
        """Come to an end after the frames that were fed."""
        self._ends = True

    def read(self, timeout_s: float) -> Frame | None:
        try:
            frame = self._frames.get(timeout=timeout_s)
        except queue.Empty:
            return None
        is_lost = frame is None
        self.health = Health(Level.FAULT, "no pictures") if is_lost else Health(Level.OK, "reel")
        return frame


@pytest.fixture
def stain(purple_stain: Callable[[Origin], StainPart]) -> StainPart:
    """A stain that neither pale cells nor those of the simulated smear have."""
    moment = Moment("boot", 1.0, datetime(2026, 11, 20, tzinfo=UTC), clock_is_set=True)
    circumstances = Circumstances("Ada", moment, "tiny 1", "b" * 64, "sim")
    return purple_stain(circumstances.origin([], shape=(360, 480)))


@pytest.fixture(scope="session")
def analyser() -> FieldAnalyser:
    """The shipped models; every leukocyte is named, however unsure, so that none is left out.

    It knows no laboratory: tests share it, and what one shows must not change another's names.
    """
    bundle = load_bundle(default_bundle_path())
    manifest = bundle.manifest
    classifier = manifest.classifier.model_copy(
        update={"unclassified_below": 0.0, "evens_laboratory": False}
    )
    named = manifest.model_copy(update={"classifier": classifier})
    return FieldAnalyser(replace(bundle, manifest=named), LiteRTEngine(threads=1))


@pytest.fixture(scope="session")
def frames() -> list[Frame]:
    """What a hand shows of the smear in its first seconds: rests, strokes, five leukocytes."""
    options = CameraOptions(SMEAR, 480, 360, frames_per_s=0, um_per_px=UM_PER_PX)
    camera = SimCamera.opened(options)
    taken = [camera.read() for _ in range(72)]
    camera.close()
    return [frame for frame in taken if frame]


@pytest.fixture
def reel() -> Reel:
    return Reel()


@pytest.fixture
def store(tmp_path: Path) -> Generator[Store]:
    with Store.opened(tmp_path / STORE_NAME) as store:
        yield store


@pytest.fixture
def make_parts(analyser: FieldAnalyser, reel: Reel) -> Callable[..., Parts]:
    """Puts parts together around a store."""

    def made(store: Store, *, um_per_px: float | None = UM_PER_PX) -> Parts:
        return Parts(
            camera=reel,
            store=store,
            make_counter=partial(make_counter, analyser, store.path.with_name(KEYFRAMES_NAME)),
            commands=CommandQueue(answer_s=30),
            display=None,
            notifier=Notifier(),
            backend=BackedAnalyser(analyser, cpu_name="processor"),
            bench_notice=str,
            spec=SessionSpec("", target=Target(100), bundle="leuko-default"),
            um_per_px=um_per_px,
        )

    return made


@pytest.fixture
def parts(make_parts: Callable[..., Parts], store: Store) -> Parts:
    return make_parts(store)


@pytest.fixture
def service(parts: Parts) -> LiveService:
    return LiveService(parts)


@pytest.fixture
def feed(reel: Reel) -> Callable[[Iterable[Frame | None]], None]:
    """Puts frames on the reel."""
    return reel.feed
