"""What a display can show: a running count, or what a person is asked beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from leuko.cells import CellClass, RGBImage
from leuko.status import LiveStatus


@dataclass(frozen=True, slots=True)
class CalibrationStep:
    """What a person is shown while the device is calibrated.

    Attributes:
        title: what is calibrated, such as ``even light``.
        number: which step of how many, such as ``step 1 of 2``.
        instruction: what the person should do, or is asked.
        answers: what can be pressed; empty while nothing is asked.
        figures: what is measured, a line each, the most needed first.
        picture: ``(height, width, 3)`` uint8, RGB, what the camera sees; None before the first.
        refusal: why nothing came of it, a sentence; empty if something did.
        is_urgent: whether the instruction is to put something right first.
        is_about_picture: whether a person is asked what the picture shows.
    """

    title: str
    number: str
    instruction: str
    answers: str = ""
    figures: tuple[str, ...] = ()
    picture: RGBImage | None = None
    refusal: str = ""
    is_urgent: bool = False
    is_about_picture: bool = False


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One value of a trend.

    Attributes:
        value: of one check.
        has_failed: whether the check failed because of it.
    """

    value: float
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """Values of one kind, the oldest first.

    Attributes:
        title: what they are called.
        points: the values.
        mean: of the first ones; None while there are too few.
        sd: standard deviation of the first ones.
    """

    title: str
    points: tuple[TrendPoint, ...]
    mean: float | None = None
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Trends over the days, with how the last check went.

    Attributes:
        title: which check, and its outcome.
        trends: one for each kind of value.
        has_failed: whether the last check failed.
        answers: what can be pressed; empty while nothing is asked.
    """

    title: str
    trends: tuple[Trend, ...]
    has_failed: bool = False
    answers: str = ""


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """A cell whose class a person is asked for; each class is a key, by its place from 1.

    Attributes:
        picture: ``(side, side, 3)`` uint8, RGB, the cell in the middle.
        number: which of the cells to be confirmed it is, from 1.
        of: how many there are to be confirmed.
        proposed: what it is if the person agrees.
        remark: who proposes that and how surely, a word or two.
        confirmed: cells confirmed so far, by class.
        wanted: how many of a class of the differential are enough.
        answers: what can be pressed beside the classes.
    """

    picture: RGBImage
    number: int
    of: int
    proposed: CellClass
    remark: str
    confirmed: Mapping[CellClass, int]
    wanted: int
    answers: str

    @property
    def progress(self) -> str:
        """How far the person is, as it is shown."""
        return f"{self.number} of {self.of}"


Shown = LiveStatus | CalibrationStep | TrendChart | ReviewStep
"""What a display can show."""
