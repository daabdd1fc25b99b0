"""Heat, supply and memory of the machine, as its kernel and firmware tell them."""

import shutil
import subprocess  # ruff: ignore[suspicious-subprocess-import] - one program, by its path
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

THERMAL_ZONES = Path("/sys/class/thermal")
"""The kernel's folder of thermal zones."""
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
"""The firmware's register of a Raspberry Pi, in hexadecimal."""
MODEL = Path("/proc/device-tree/model")
"""What a board without a BIOS is called; it ends in a zero byte."""
VCGENCMD = "vcgencmd"
"""The program that asks the firmware where the kernel does not show the register."""

_BITS = ("under-voltage", "clock capped", "throttled", "soft temperature limit")
"""Of ``get_throttled``, from 0 for now and from 16 for since the start (Raspberry Pi
documentation, ``vcgencmd``)."""
_SINCE_START = 16
_ASK_S = 5.0


@dataclass(frozen=True, slots=True)
class Throttling:
    """What the firmware says of supply and speed.

    Attributes:
        now: what limits the machine at this moment.
        since_start: what has limited it since it was started.
    """

    now: tuple[str, ...]
    since_start: tuple[str, ...]


def read_temperature_c(zones: Path = THERMAL_ZONES) -> float | None:
    """Return what the hottest sensor shows, in °C; None without one that can be read.

    Args:
        zones: the kernel's folder of thermal zones.
    """
    values = [read_number(path) for path in sorted(zones.glob("thermal_zone*/temp"))]
    readings = [value for value in values if value is not None]
    return max(readings) / 1000 if readings else None


def read_throttling(register: Path = THROTTLED, program: str = VCGENCMD) -> Throttling | None:
    """Return what limits the machine; None where neither kernel nor firmware can be asked.

    Args:
        register: the firmware's register.
        program: asked where there is no register.
    """
    bits = read_number(register, base=16) if register.exists() else _asked(program)
    if bits is None:
        return None
    return Throttling(
        now=tuple(word for bit, word in enumerate(_BITS) if bits >> bit & 1),
        since_start=tuple(word for bit, word in enumerate(_BITS, _SINCE_START) if bits >> bit & 1),
    )


def is_raspberry_pi(model: Path = MODEL) -> bool:
    """Return whether the machine calls itself a Raspberry Pi.

    Args:
        model: the kernel's name of the board.
    """
    try:
        return model.read_bytes().startswith(b"Raspberry Pi")
    except OSError:
        return False


def read_peak_memory_mb(process_id: int | str = "self") -> float | None:
    """Return the most memory that a process has held, in MB; None if it has ended.

    Args:
        process_id: of the process; "self" for this one, since `forget_peak_memory`.
    """
    try:
        lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    held = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return next((int(kilobytes) * 1024 / 1e6 for kilobytes in held), None)


def forget_peak_memory() -> None:
    """Let this process's peak begin at what it holds now, where the kernel can do that."""
    # 5 is for the peak alone (proc_pid_clear_refs(5)).
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def read_number(path: Path, *, base: int = 10) -> int | None:
    """Return the number in a file; None if there is none.

    Args:
        path: of the kernel, usually.
        base: of the digits.
    """
    try:
        return int(path.read_text(encoding="ascii"), base)
    except (OSError, ValueError):
        return None


def _asked(program: str) -> int | None:
    found = shutil.which(program)
    if found is None:
        return None
    try:
        run = subprocess.run(  # ruff: ignore[subprocess-without-shell-equals-true] - its own path
            [found, "get_throttled"], capture_output=True, text=True, check=True, timeout=_ASK_S
        )
        return int(run.stdout.strip().removeprefix("throttled="), 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
