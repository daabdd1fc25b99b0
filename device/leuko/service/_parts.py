"""What the service is put together from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from leuko.backends import BackedAnalyser
from leuko.calibration import StainPart, WBCFactorPart
from leuko.cameras import Frame
from leuko.control import CommandQueue
from leuko.displays import DisplayThread
from leuko.live import LiveCounter
from leuko.service._ground_file import GroundFile
from leuko.service._notify import Notifier
from leuko.service._session import OpenSession
from leuko.status import Health
from leuko.store import SessionSpec, Store

MakeCounter = Callable[[float, OpenSession | None], LiveCounter]
"""Makes a counter for a scale in µm per pixel, which goes on from a session's cells."""


def _refuse_none() -> None:
    """Wait for any camera."""


class FrameSource(Protocol):
    """What the service asks of the camera: `leuko.cameras.CameraProcess`."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def health(self) -> Health:
        """How it is at this moment."""

    @property
    def has_ended(self) -> bool:
        """Whether there will be no more frames."""

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame not read before; None if none came in time."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is put together from; it closes none of them.

    Attributes:
        camera: gives the frames.
        store: keeps the sessions.
        make_counter: makes what counts.
        commands: what is asked from outside.
        display: shows the status; None without a display.
        notifier: tells systemd.
        backend: runs the models; the counter's analyser.
        bench_notice: one line from keypad and buttons.
        spec: what sessions are begun with, but for specimen, operator, target and scale.
        um_per_px: scale of the frames; None to find it from the red cells.
        bundle_notice: what a person must know of the bundle, and of an adaptation that was made
            for another; empty if there is nothing.
        bench_health: how keypad, buttons and display are, by name, those that are set.
        stain: the calibrated stain; None if it was not measured.
        wbc_factor: from leukocytes in a field to those in blood; None if it was not measured.
        lockout: why no session may begin, a sentence; empty if one may.
        ground: keeps what was searched while a session rests or the service is restarted; None
            forgets it.
        refuse_camera: raises `CameraError` where it is no use to wait for the first frame.
    """

    camera: FrameSource
    store: Store
    make_counter: MakeCounter
    commands: CommandQueue
    display: DisplayThread | None
    notifier: Notifier
    backend: BackedAnalyser
    bench_notice: Callable[[], str]
    spec: SessionSpec
    um_per_px: float | None
    bundle_notice: str = ""
    bench_health: Callable[[], Mapping[str, Health]] = dict
    stain: StainPart | None = None
    wbc_factor: WBCFactorPart | None = None
    lockout: Callable[[], str] = str
    ground: GroundFile | None = None
    refuse_camera: Callable[[], None] = _refuse_none
