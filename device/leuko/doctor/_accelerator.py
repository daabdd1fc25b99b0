"""The Coral stick: whether it is there, and what keeps it from being used."""

import ctypes
import os
from pathlib import Path

from leuko.doctor._finding import Finding, broken, doubtful, sound

_USB = Path("/sys/bus/usb/devices")
_LIBRARY = "libedgetpu.so.1"

_IDS = {("1a6e", "089a"): "not yet started", ("18d1", "9302"): "started"}
"""The stick's ids before and after its firmware is loaded (google-coral/edgetpu issue 536)."""
_SLOW_MBIT = 480


def examine_accelerator(usb: Path = _USB, library: str = _LIBRARY) -> Finding:
    """Tell apart no stick, no driver, no permission and a slow port.

    Args:
        usb: the kernel's folder of USB devices.
        library: the driver's file name.
    """
    part = "accelerator"
    stick = next((path for path in sorted(usb.glob("*")) if _ids(path) in _IDS), None)
    if stick is None:
        return sound(part, "no Edge TPU; the processor runs the models")
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return broken(part, f"Edge TPU without driver: {error}", "install libedgetpu")
    node = _node(stick)
    if not os.access(node, os.R_OK | os.W_OK):
        return broken(
            part,
            f"Edge TPU at {node} may not be used by this user",
            "install the udev rule and join the group plugdev",
        )
    if _number(stick / "speed") <= _SLOW_MBIT:
        return doubtful(part, "Edge TPU on a slow port", "plug it into a blue USB 3 port")
    return sound(part, f"Edge TPU, {_IDS[_ids(stick)]}")


def _ids(device: Path) -> tuple[str, str]:
    return _read(device / "idVendor"), _read(device / "idProduct")


def _node(device: Path) -> Path:
    bus, number = _number(device / "busnum"), _number(device / "devnum")
    return Path(f"/dev/bus/usb/{bus:03d}/{number:03d}")


def _number(path: Path) -> int:
    try:
        return int(_read(path))
    except ValueError:
        return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
