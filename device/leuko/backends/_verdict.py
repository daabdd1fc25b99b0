"""What a backend was found to be, as data: for the doctor, the display and the session's log."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from leuko.errors import Refusal

_DEFECTS = frozenset({Refusal.HUNG, Refusal.CRASHED, Refusal.DEVIATES})


class Backend(StrEnum):
    """What runs the models."""

    AUTO = "auto"
    """The first accelerator that is sound and faster than the processor, else the processor."""
    EDGETPU = "edgetpu"
    """A Coral Edge TPU."""
    GPU = "gpu"
    """The GPU, over Vulkan."""
    CPU = "cpu"
    """The processor."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a backend runs the models, and why.

    Attributes:
        backend: which one; never `Backend.AUTO`.
        text: why, in one sentence.
        refusal: why not; None if it runs them.
        look_ms: time of one run of each of the three models on it, in ms; None if not measured.
        cpu_look_ms: the same on the processor.
        largest_lsb: largest difference from the golden outputs, in steps of uint8.
    """

    backend: Backend
    text: str
    refusal: Refusal | None = None
    look_ms: float | None = None
    cpu_look_ms: float | None = None
    largest_lsb: int | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the backend runs the models."""
        return self.refusal is None

    @property
    def is_defect(self) -> bool:
        """Whether it does not run them as only an accelerator can that is there."""
        return self.refusal in _DEFECTS

    def detail(self) -> dict[str, object]:
        """Return what is known, as a log holds it."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an accelerator.

    Attributes:
        kind: ``accelerator taken``, ``accelerator refused`` or ``accelerator lost``.
        verdict: the accelerator, and why.
    """

    kind: str
    verdict: Verdict
