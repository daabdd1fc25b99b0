"""What the live benchmark measured."""

from dataclasses import dataclass

from leuko.bundle import ModelBundle
from leuko_training.benchmark import Machine
from leuko_training.live_benchmark.account import CountingResult
from leuko_training.live_benchmark.course import NOTED_EVERY, Course
from leuko_training.live_benchmark.durability import DurabilityTrial
from leuko_training.live_benchmark.faults import FaultTrial

_SETTLED_FRAMES = 2000
"""Frames after which everything has been loaded that the process needs."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a slide that is made of real fields.

    Attributes:
        x_um: column on the slide.
        y_um: row on the slide.
        words: image and pixel.
    """

    x_um: float
    y_um: float
    words: str


@dataclass(frozen=True, slots=True)
class RealCount:
    """A count of real fields.

    Attributes:
        title: which fields.
        is_held_out: whether no model has seen them.
        fields: how many.
        result: how the count compares with the masks.
        places: where what was missed, doubled or counted elsewhere is to be looked at.
    """

    title: str
    is_held_out: bool
    fields: int
    result: CountingResult
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Speed:
    """The service at one pace of the camera.

    Attributes:
        pace: frames a second asked of the camera; 0 leaves it to the service.
        course: what was noted.
        due: frames that the camera had to give on that way.
    """

    pace: float
    course: Course
    due: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What many cells and many frames cost.

    Attributes:
        cells_before: cells of the full session when it began.
        empty: a session without cells.
        full: the same slide in a session with them.
        course: the long course, in a session with them as well.
    """

    cells_before: int
    empty: Course
    full: Course
    course: Course

    @property
    def dearer_percent(self) -> float:
        """By how much a frame of the full session costs more, in percent."""
        return 100 * (self.full.cpu_ms() / self.empty.cpu_ms() - 1)

    @property
    def grown_mb(self) -> float:
        """By how much memory has grown since everything was loaded, in 10⁶ bytes."""
        memory = self.course.resident_mb
        return memory[-1] - memory[self.settled_frames // NOTED_EVERY]

    @property
    def settled_frames(self) -> int:
        """Frames after which everything has been loaded that the process needs."""
        return min(_SETTLED_FRAMES, NOTED_EVERY * (len(self.course.resident_mb) // 2))


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that was measured.

    Attributes:
        bundle: the models.
        command: what was typed.
        seed: source of all chance.
        size: width and height of a frame.
        real: counts of real fields; none where the set is missing.
        smears: counts of rendered smears.
        speeds: the service at each pace.
        growth: what many cells and many frames cost.
        kills: the killed processes.
        power_cuts: the shut-down file systems; None where they cannot be had.
        no_power_cut: why not; empty if they can.
        faults: the cameras that failed.
        machine: what was measured on.
    """

    bundle: ModelBundle
    command: str
    seed: int
    size: tuple[int, int]
    real: tuple[RealCount, ...]
    smears: tuple[CountingResult, ...]
    speeds: tuple[Speed, ...]
    growth: Growth
    kills: DurabilityTrial
    power_cuts: DurabilityTrial | None
    no_power_cut: str
    faults: tuple[FaultTrial, ...]
    machine: Machine
