"""What a technician is shown of a running count: one value for display, terminal and socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from leuko.cells import CellClass, RGBImage
from leuko.counting import DifferentialCount


class SessionState(StrEnum):
    """Where a session stands."""

    IDLE = "idle"
    """No session: waiting for one to be started."""
    COUNTING = "counting"
    """Cells are being counted."""
    PAUSED = "paused"
    """A person has paused the count."""
    REACHED = "reached"
    """The target is reached; nothing more is counted unless the target is raised."""
    FINISHED = "finished"
    """Closed by a person; the result stands."""
    DISCARDED = "discarded"
    """Closed by a person as not to be used; kept, and marked so."""

    @property
    def is_open(self) -> bool:
        """Whether a session in this state can still change."""
        return self in {SessionState.COUNTING, SessionState.PAUSED, SessionState.REACHED}


def shown_specimen(specimen: str) -> str:
    """Return a specimen's id for people; sessions were once begun without one.

    >>> shown_specimen("")
    '(no id)'
    """
    return specimen or "(no id)"


class Guidance(StrEnum):
    """The one short instruction to the person at the microscope; the value is what is shown."""

    NONE = ""
    """All is well: move on."""
    FOCUS = "focus"
    """The picture is not sharp."""
    SLOWER = "slower"
    """The picture is smeared by motion, or the track is about to be lost."""
    TOO_DARK = "more light"
    """Underexposed."""
    TOO_BRIGHT = "less light"
    """Channels are saturated."""
    TOO_THICK = "too thick, move to the edge"
    """Red cells overlap."""
    TOO_THIN = "too thin, move inward"
    """Red cells lie far apart, or there are none: feather edge or empty glass."""
    HOLD = "hold still"
    """A cell is in view that has not been seen long enough."""
    LOST = "go back a little"
    """The place on the slide is unknown; a new stretch has begun."""
    NO_CAMERA = "check the camera"
    """No fresh picture."""
    DONE = "target reached"
    """Nothing more to count."""


class Level(StrEnum):
    """How a part of the device is."""

    OK = "ok"
    """Works."""
    WARNING = "warning"
    """Works, and somebody should look at it."""
    FAULT = "fault"
    """Does not work."""


@dataclass(frozen=True, slots=True)
class Health:
    """State of one part of the device.

    Attributes:
        level: how it is.
        text: what is to be shown, a few words; what to do, if anything.
    """

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Target:
    """When a count is complete: as many cells, or as narrow an interval.

    Attributes:
        cells: leukocytes to count; None if an interval decides.
        half_width: half width in percentage points that the widest of the five intervals may
            have; None if the number decides.
    """

    cells: int | None = 100
    half_width: float | None = None

    def is_reached(self, count: DifferentialCount) -> bool:
        """Return whether the count is complete."""
        if self.cells is not None:
            return count.n >= self.cells
        widest = max(high - low for low, high in count.interval95.values())
        return self.half_width is not None and widest <= 2 * self.half_width

    def __str__(self) -> str:
        """Return the target as it is shown: ``100`` or ``±5 %``."""
        return str(self.cells) if self.cells is not None else f"±{self.half_width:g} %"


@dataclass(frozen=True, slots=True)
class LastCell:
    """The cell counted last.

    Attributes:
        cell_class: its class; None if it is unclassified.
        probability: of that class, 0 to 1.
        picture: ``(side, side, 3)`` uint8, RGB, the cell in the middle.
    """

    cell_class: CellClass | None
    probability: float
    picture: RGBImage


@dataclass(frozen=True, slots=True)
class EstimatedWBC:
    """What a count lets one guess of the leukocytes in blood: an estimate, and never more.

    Attributes:
        per_litre: 10⁹ leukocytes a litre.
        within_percent: half width of the 95 % interval that chance alone leaves.
        detail: all that is written of it, by the names of ``differential.json``.
    """

    per_litre: float
    within_percent: float
    detail: Mapping[str, bool | float | str | None]


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """Everything that is shown, and nothing that is not yet kept on disk.

    Attributes:
        state: where the session stands.
        specimen: its specimen's id; empty without a session.
        target: when it is complete.
        count: the differential so far.
        guidance: instruction to the person.
        last_cell: the cell counted last; None before the first.
        camera: its health.
        accelerator: health of what runs the models.
        disk: health of what the sessions are kept on.
        clock: health of the wall clock.
        segment: which connected stretch of the slide is in view, from 1; 0 before the first.
        frames_per_s: pictures analysed a second, lately.
        captured_s: when the newest picture in this count was taken, in seconds of
            ``time.monotonic()``; 0 before the first.
        notice: one line that a person must see, such as a recovery; empty if there is none.
        stain: what is to be said of the stain; empty while it is as calibrated.
        bench: how keypad, buttons and display are, by name, those that are set.
        estimated_wbc: leukocytes in blood, as the count lets one guess them by now; None while it
            does not, and without a calibrated factor.
    """

    state: SessionState
    specimen: str
    target: Target
    count: DifferentialCount
    guidance: Guidance
    last_cell: LastCell | None
    camera: Health
    accelerator: Health
    disk: Health
    clock: Health
    segment: int = 0
    frames_per_s: float = 0.0
    captured_s: float = 0.0
    notice: str = ""
    stain: str = ""
    bench: Mapping[str, Health] = field(default_factory=dict)
    estimated_wbc: EstimatedWBC | None = None
