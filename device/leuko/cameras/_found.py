"""What a driver found when it opened its camera, for those who open it again."""

from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

from leuko.cameras._base import Camera, CameraOptions


@dataclass(frozen=True, slots=True)
class Found:
    """How a camera was really opened.

    Attributes:
        width: columns of every picture.
        height: rows of every picture.
        exposure_us: exposure time it is locked at; None if it has none that can be known.
        gains: red and blue gain it is locked at; None if it has none that can be known.
        is_recording: whether the pictures were taken earlier and kept in files. A codec may have
            removed the noise that tells two exposures apart, so equal pictures are no fault.
    """

    width: int
    height: int
    exposure_us: int | None = None
    gains: tuple[float, float] | None = None
    is_recording: bool = False

    @classmethod
    def as_asked(cls, options: CameraOptions) -> Self:
        """Return what the options ask for, as a driver that says nothing is taken to give it."""
        return cls(options.width, options.height, options.exposure_us, options.gains)

    def asked_again(self, options: CameraOptions) -> CameraOptions:
        """Return the options that open the camera with the same exposure and colours."""
        exposure_us = options.exposure_us if self.exposure_us is None else self.exposure_us
        gains = options.gains if self.gains is None else self.gains
        return replace(options, exposure_us=exposure_us, gains=gains)


@runtime_checkable
class Reporting(Protocol):
    """A camera that says how it was opened."""

    @property
    def found(self) -> Found:
        """How the camera was really opened; the same until it is closed."""


def found_by(camera: Camera, options: CameraOptions) -> Found:
    """Return how a camera was opened, or what was asked where its driver does not say."""
    return camera.found if isinstance(camera, Reporting) else Found.as_asked(options)
