"""Cameras: one protocol, a driver a kind, and a process that keeps a hanging one at bay."""

from leuko.cameras._base import Camera, CameraOptions, Frame
from leuko.cameras._controls import Adjustable, ControlRanges, Locks, Range
from leuko.cameras._found import Found, Reporting
from leuko.cameras._loading import WITHOUT_HARDWARE, list_cameras, load_camera, refuse_source
from leuko.cameras._process import CameraProcess

__all__ = [
    "WITHOUT_HARDWARE",
    "Adjustable",
    "Camera",
    "CameraOptions",
    "CameraProcess",
    "ControlRanges",
    "Found",
    "Frame",
    "Locks",
    "Range",
    "Reporting",
    "list_cameras",
    "load_camera",
    "refuse_source",
]
