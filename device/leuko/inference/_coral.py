"""Coral sticks as the kernel sees them, told without their library."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

USB_DEVICES = Path("/sys/bus/usb/devices")
"""The kernel's folder of USB devices."""

IDS: Mapping[tuple[str, str], str] = {
    ("1a6e", "089a"): "not yet started",
    ("18d1", "9302"): "started",
}
"""The stick's ids before and after its firmware is loaded (google-coral/edgetpu issue 536)."""


@dataclass(frozen=True, slots=True)
class Coral:
    """A Coral USB Accelerator that is plugged in.

    Attributes:
        node: its device file.
        state: whether its firmware is loaded, in words.
        speed_mbit: of its port, in Mbit/s; 0 where it cannot be read.
    """

    node: Path
    state: str
    speed_mbit: int

    @property
    def is_permitted(self) -> bool:
        """Whether this user may use it."""
        return os.access(self.node, os.R_OK | os.W_OK)


def find_coral(usb: Path = USB_DEVICES) -> Coral | None:
    """Return the first stick that is plugged in; None without one.

    Args:
        usb: the kernel's folder of USB devices.
    """
    for device in sorted(usb.glob("*")):
        state = IDS.get((_read(device / "idVendor"), _read(device / "idProduct")))
        if state:
            bus, number = _number(device / "busnum"), _number(device / "devnum")
            node = Path(f"/dev/bus/usb/{bus:03d}/{number:03d}")
            return Coral(node, state, _number(device / "speed"))
    return None


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
