"""Heat, power, clock and processor of the machine, as its kernel tells them."""

from pathlib import Path

from leuko.clock import now
from leuko.doctor._finding import Finding, broken, doubtful, sound

_ZONES = Path("/sys/class/thermal")
_THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")

_WARM_C, _HOT_C = 70.0, 80.0
"""A Raspberry Pi slows down from 80 °C."""
_POSSIBLE_C = (-40.0, 125.0)
"""What a sensor of a running machine can show; anything else is a fault of the sensor."""

_NOW = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE_START = {
    16: "under-voltage",
    17: "clock capped",
    18: "throttled",
    19: "soft temperature limit",
}
"""Bits of ``get_throttled`` (Raspberry Pi documentation, ``vcgencmd``)."""


def examine_temperature(zones: Path = _ZONES) -> Finding:
    """Look at the processor's temperature.

    Args:
        zones: the kernel's folder of thermal zones.
    """
    part = "temperature"
    paths = sorted(zones.glob("thermal_zone*/temp"))
    readings = [value for path in paths if (value := _number(path)) is not None]
    if not readings:
        return doubtful(part, "no sensor", "watch the heat yourself: this machine does not tell it")
    celsius = max(readings) / 1000
    if not _POSSIBLE_C[0] <= celsius <= _POSSIBLE_C[1]:
        return broken(part, f"{celsius:.1f} °C is impossible", "the sensor is faulty; ignore it")
    if celsius >= _HOT_C:
        return broken(part, f"{celsius:.0f} °C", "the machine slows down; cool it")
    if celsius >= _WARM_C:
        return doubtful(part, f"{celsius:.0f} °C", "give it air before it slows down")
    return sound(part, f"{celsius:.0f} °C")


def examine_power(throttled: Path = _THROTTLED) -> Finding:
    """Look at what a Raspberry Pi says of its supply and its speed.

    Args:
        throttled: the firmware's register, in hexadecimal.
    """
    part = "power"
    if not throttled.exists():
        return sound(part, "no register: not a Raspberry Pi")
    bits = _number(throttled, base=16)
    if bits is None:
        return doubtful(part, "the register cannot be read", "look at the supply yourself")
    at_present = [word for bit, word in _NOW.items() if bits >> bit & 1]
    earlier = [word for bit, word in _SINCE_START.items() if bits >> bit & 1]
    if at_present:
        return broken(part, f"{', '.join(at_present)} now", "use the official supply, and cool it")
    if earlier:
        return doubtful(part, f"{', '.join(earlier)} since the start", "use a stronger supply")
    return sound(part, "no under-voltage, no throttling")


def examine_clock() -> Finding:
    """Look at whether the wall clock can be believed."""
    moment = now()
    shown = f"{moment.wall:%Y-%m-%d %H:%M} UTC"
    if moment.clock_is_set:
        return sound("clock", shown)
    return doubtful(
        "clock", f"not set ({shown})", "set it, or add a clock battery; sessions are marked so"
    )


def _number(path: Path, *, base: int = 10) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"), base)
    except (OSError, ValueError):
        return None
