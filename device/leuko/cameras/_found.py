"""What a driver found when it opened its camera, for those who open it again."""

from dataclasses import dataclass, field, replace
from typing import Protocol, Self, runtime_checkable

from leuko.cameras._base import Camera, CameraOptions
from leuko.cameras._controls import ControlRanges, Locks


@dataclass(frozen=True, slots=True)
class Found:
    """How a camera was really opened.

    Attributes:
        width: columns of every picture.
        height: rows of every picture.
        locks: what its controls are locked at, as far as that can be known.
        ranges: what they may be set to while it is open.
        is_recording: whether the pictures were taken earlier and kept in files. A codec may have
            removed the noise that tells two exposures apart, so equal pictures are no fault.
    """

    width: int
    height: int
    locks: Locks = field(default_factory=Locks)
    ranges: ControlRanges = field(default_factory=ControlRanges)
    is_recording: bool = False

    @classmethod
    def as_asked(cls, options: CameraOptions) -> Self:
        """Return what the options ask for, as a driver that says nothing is taken to give it."""
        return cls(options.width, options.height, options.locks)

    def asked_again(self, options: CameraOptions) -> CameraOptions:
        """Return the options that open the camera with the same exposure and colours."""
        return replace(options, locks=self.locks.over(options.locks))


@runtime_checkable
class Reporting(Protocol):
    """A camera that says how it was opened."""

    @property
    def found(self) -> Found:
        """How the camera was really opened; until it is closed only its locks change."""


def found_by(camera: Camera, options: CameraOptions) -> Found:
    """Return how a camera was opened, or what was asked where its driver does not say."""
    return camera.found if isinstance(camera, Reporting) else Found.as_asked(options)
