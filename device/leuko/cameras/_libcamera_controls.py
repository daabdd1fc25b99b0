"""Our locks in libcamera's names, and what its pictures say of them."""

from collections.abc import Mapping
from typing import cast

from leuko.cameras._base import CameraOptions
from leuko.cameras._controls import ControlRanges, Locks, Range
from leuko.cameras._libcamera import Metadata, Picamera2
from leuko.errors import CameraError

_SET_WITHIN = 0.02
"""Sensors expose by whole lines and amplify in steps; so near is what was asked for."""
_LINE_US = 100.0


def controls_of(camera: Picamera2, options: CameraOptions) -> dict[str, object]:
    """Return what the camera is started with: what is locked, and the time of a frame.

    Raises:
        CameraError: the camera has no such control.
    """
    wanted = named(options.locks)
    refuse_missing(camera, wanted)
    duration_us = _frame_duration_us(options)
    if duration_us and "FrameDurationLimits" in camera.camera_controls:
        wanted["FrameDurationLimits"] = duration_us
    return wanted


def named(locks: Locks) -> dict[str, object]:
    """Return what is locked, by libcamera's names.

    Raises:
        CameraError: a colour temperature is locked, which a Pi camera has not.
    """
    if locks.white_balance_k is not None:
        raise CameraError(
            "a Pi camera has gains in place of a colour temperature; calibrate its white balance"
        )
    values = {
        "ExposureTime": locks.exposure_us,
        "AnalogueGain": locks.analogue_gain,
        "ColourGains": locks.gains,
    }
    return {name: value for name, value in values.items() if value is not None}


def locks_in(values: Mapping[str, object]) -> Locks:
    """Return what a picture's metadata or some controls would lock; the inverse of `named`."""
    return Locks(
        exposure_us=cast("int | None", values.get("ExposureTime")),
        analogue_gain=cast("float | None", values.get("AnalogueGain")),
        gains=cast("tuple[float, float] | None", values.get("ColourGains")),
    )


def manual(camera: Picamera2) -> dict[str, object]:
    """Return the controls that switch the camera's own automatic off."""
    return {name: False for name in ("AeEnable", "AwbEnable") if name in camera.camera_controls}


def refuse_missing(camera: Picamera2, wanted: Mapping[str, object]) -> None:
    """Refuse controls that the camera has not.

    Raises:
        CameraError: names them.
    """
    if missing := sorted(wanted.keys() - camera.camera_controls.keys()):
        raise CameraError(f"the camera cannot set {', '.join(missing)}; leave it to the camera")


def ranges_of(camera: Picamera2, options: CameraOptions) -> ControlRanges:
    """Return what the controls may be set to at the wanted rate of frames."""
    exposure = _range(camera, "ExposureTime")
    if exposure and options.frames_per_s:
        exposure = Range(exposure.least, min(exposure.most, 1e6 / options.frames_per_s))
    return ControlRanges(
        exposure_us=exposure,
        analogue_gain=_range(camera, "AnalogueGain"),
        gains=_range(camera, "ColourGains"),
    )


def _range(camera: Picamera2, name: str) -> Range | None:
    """Return what a control may be set to: picamera2 tells least, most and usual value."""
    told = camera.camera_controls.get(name)
    if not isinstance(told, tuple | list) or len(told) < 2:
        return None
    least, most = told[:2]
    if not isinstance(least, int | float) or not isinstance(most, int | float) or most <= least:
        return None
    return Range(float(least), float(most))


def is_set(metadata: Metadata, name: str, value: object) -> bool:
    """Return whether a picture shows a control, as near as a sensor can set it."""
    shown = metadata.get(name)
    wanted_values = value if isinstance(value, tuple) else (value,)
    shown_values = shown if isinstance(shown, tuple | list) else (shown,)
    slack = _LINE_US if name == "ExposureTime" else 0.0
    return all(
        isinstance(is_, int | float) and abs(is_ - to_be) <= max(slack, _SET_WITHIN * to_be)
        for is_, to_be in zip(shown_values, wanted_values, strict=False)
    )


def _frame_duration_us(options: CameraOptions) -> tuple[int, int] | None:
    if not options.frames_per_s:
        return None
    duration_us = round(1e6 / options.frames_per_s)
    return duration_us, duration_us
