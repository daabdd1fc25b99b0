"""Boots the machine of check_v4l2.sh, repeats what it says, and looks at its screens.

usage: machine.py KERNEL INITRD DISK FOLDER      the photographs are kept in FOLDER
"""

import argparse
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tests.hardware.v4l2.shown import shown

from leuko.displays import draw

LONGEST_S = 1200
REPAINT_S = 10.0
"""The kernel repaints after the write; an emulated processor takes its time."""
SETTLED_S = 2.0
"""A cursor that blinks has shown itself by then."""
CONSOLE = "vt.global_cursor_default=0 init=/opt/check/boot.sh"
"""The text console's cursor would blink over the picture."""
SCREENS = {"bochs": ("VGA", (255, 255, 255)), "cirrus": ("cirrus-vga", (248, 252, 248))}
"""QEMU's device by the kernel's module, and the bits of red, green and blue that it keeps."""


class Monitor:
    """QEMU's monitor, which photographs screens."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._ask("qmp_capabilities")

    def photograph(self, device: str, png: Path) -> NDArray[np.uint8]:
        self._ask("screendump", filename=str(png), format="png", device=device)
        return np.asarray(Image.open(png).convert("RGB"), np.uint8)

    def _ask(self, command: str, **arguments: str) -> None:
        request = json.dumps({"execute": command, "arguments": arguments})
        self._socket.sendall(request.encode())
        for line in self._lines:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])
            if "return" in answer:
                return


def judged(monitor: Monitor, request: str, folder: Path) -> str:
    """Return ``ok`` if the screen comes to show what it should, and goes on to."""
    what, module, size = request.split()
    device, kept_bits = SCREENS[module]
    wanted = expected(what, size)

    def look() -> str:
        seen = monitor.photograph(device, folder / f"{module}-{what}.png")
        return difference(seen, wanted, kept_bits)

    until = time.monotonic() + REPAINT_S
    while (said := look()) and time.monotonic() < until:
        time.sleep(0.2)
    until = time.monotonic() + SETTLED_S
    while not said and time.monotonic() < until:
        said = look()
    return said or "ok"


def expected(what: str, size: str) -> NDArray[np.uint8]:
    width, height = (int(number) for number in size.split(","))
    if what == "black":
        return np.zeros((height, width, 3), np.uint8)
    return np.asarray(draw(shown(), (width, height), is_mono=False), np.uint8)


def difference(
    seen: NDArray[np.uint8], wanted: NDArray[np.uint8], kept_bits: tuple[int, int, int]
) -> str:
    if seen.shape != wanted.shape:
        return f"has the shape {seen.shape} instead of {wanted.shape}"
    # The card fills in the bits that are missing.
    is_wrong = np.any((seen ^ wanted) & np.array(kept_bits, np.uint8), axis=2)
    if not is_wrong.any():
        return ""
    rows, columns = np.nonzero(is_wrong)
    return (
        f"{len(rows)} of {is_wrong.size} pixels differ, in rows {rows.min()} to {rows.max()} and "
        f"columns {columns.min()} to {columns.max()}"
    )


def qemu(options: argparse.Namespace, monitor: Path) -> list[str]:
    return [
        *("qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "2048"),
        *("-kernel", str(options.kernel), "-initrd", str(options.initrd)),
        *("-append", "root=/dev/vda rw console=ttyS0 quiet " + CONSOLE),
        *("-drive", f"file={options.disk},format=raw,if=virtio"),
        *("-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-device", "VGA,id=VGA", "-device", "cirrus-vga,id=cirrus-vga"),
        *("-qmp", f"unix:{monitor},server=on,wait=off"),
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("kernel", "initrd", "disk", "folder"):
        parser.add_argument(name, type=Path)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    path = options.folder / "monitor"
    is_well = False
    with subprocess.Popen(
        qemu(options, path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as machine:
        killer = threading.Timer(LONGEST_S, machine.kill)
        killer.start()
        monitor = None
        for line in machine.stdout or ():
            sys.stdout.write(line.replace("\r", ""))
            sys.stdout.flush()
            is_well |= line.strip() == "all is well"
            if line.startswith("look: ") and machine.stdin:
                monitor = monitor or Monitor(path)
                answer = judged(monitor, line.removeprefix("look: "), options.folder)
                machine.stdin.write(f"{answer}\n")
                machine.stdin.flush()
        killer.cancel()
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
