"""What can be set of a camera's exposure and colours, and what it is locked at."""

from dataclasses import dataclass, fields, replace
from typing import NamedTuple, Protocol, Self, runtime_checkable


@dataclass(frozen=True, slots=True)
class Locks:
    """What a camera's controls are locked at; None leaves one as the camera finds it.

    Attributes:
        exposure_us: exposure time in µs.
        analogue_gain: gain before the picture is digitised, as the driver counts it; a factor
            where its range is known.
        gains: red and blue gain, factors.
        white_balance_k: colour temperature in kelvin that is shown as white, where a camera has
            that in place of gains.
    """

    exposure_us: int | None = None
    analogue_gain: float | None = None
    gains: tuple[float, float] | None = None
    white_balance_k: int | None = None

    def over(self, other: Self) -> Self:
        """Return these, and the other's where these leave a control open.

        >>> Locks(exposure_us=900).over(Locks(exposure_us=20, analogue_gain=1.5))
        Locks(exposure_us=900, analogue_gain=1.5, gains=None, white_balance_k=None)
        """
        named = {name: getattr(self, name) for name in self.names}
        return replace(other, **named)

    @property
    def names(self) -> frozenset[str]:
        """The controls that are locked."""
        return frozenset(one.name for one in fields(self) if getattr(self, one.name) is not None)


class Range(NamedTuple):
    """What a control may be set to."""

    least: float
    most: float

    def nearest(self, value: float) -> float:
        """Return the value that can be set and is nearest."""
        return min(max(value, self.least), self.most)


@dataclass(frozen=True, slots=True)
class ControlRanges:
    """What a camera's controls may be set to; None where it has no such control.

    Attributes:
        exposure_us: exposure time in µs, no longer than its pictures follow each other.
        analogue_gain: gain before the picture is digitised, a factor.
        gains: red and blue gain, factors.
        white_balance_k: colour temperature in kelvin.
    """

    exposure_us: Range | None = None
    analogue_gain: Range | None = None
    gains: Range | None = None
    white_balance_k: Range | None = None


@runtime_checkable
class Adjustable(Protocol):
    """A camera whose controls can be set while it is open."""

    def lock(self, locks: Locks) -> None:
        """Set the controls that are given; every picture read afterwards shows them.

        Raises:
            CameraError: it has no such control, or does not take the value.
        """
