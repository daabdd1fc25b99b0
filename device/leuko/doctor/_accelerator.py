"""The Coral stick: whether it is there, and what keeps it from being used."""

import ctypes
from pathlib import Path

from leuko.doctor._finding import Finding, broken, doubtful, sound
from leuko.inference import USB_DEVICES, find_coral
from leuko.inference.edgetpu import LIBRARY

_SLOW_MBIT = 480


def examine_accelerator(usb: Path = USB_DEVICES, library: str = LIBRARY) -> Finding:
    """Tell apart no stick, no driver, no permission and a slow port.

    Args:
        usb: the kernel's folder of USB devices.
        library: the driver's file name.
    """
    part = "accelerator"
    stick = find_coral(usb)
    if stick is None:
        return sound(part, "no Edge TPU is plugged in")
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return broken(part, f"Edge TPU without driver: {error}", "install libedgetpu")
    if not stick.is_permitted:
        return broken(
            part,
            f"Edge TPU at {stick.node} may not be used by this user",
            "install the udev rule and join the group plugdev",
        )
    if stick.speed_mbit <= _SLOW_MBIT:
        return doubtful(part, "Edge TPU on a slow port", "plug it into a blue USB 3 port")
    return sound(part, f"Edge TPU, {stick.state}")
