"""Heat, power, clock and processor of the machine, as its kernel tells them."""

from pathlib import Path

from leuko.clock import now
from leuko.doctor._finding import Finding, broken, doubtful, sound
from leuko.machine import (
    MODEL,
    THERMAL_ZONES,
    THROTTLED,
    VCGENCMD,
    is_raspberry_pi,
    read_temperature_c,
    read_throttling,
)

_WARM_C, _HOT_C = 70.0, 80.0
"""A Raspberry Pi slows down from 80 °C."""
_POSSIBLE_C = (-40.0, 125.0)
"""What a sensor of a running machine can show; anything else is a fault of the sensor."""


def examine_temperature(zones: Path = THERMAL_ZONES) -> Finding:
    """Look at the processor's temperature.

    Args:
        zones: the kernel's folder of thermal zones.
    """
    part = "temperature"
    celsius = read_temperature_c(zones)
    if celsius is None:
        return doubtful(part, "no sensor", "watch the heat yourself: this machine does not tell it")
    if not _POSSIBLE_C[0] <= celsius <= _POSSIBLE_C[1]:
        return broken(part, f"{celsius:.1f} °C is impossible", "the sensor is faulty; ignore it")
    if celsius >= _HOT_C:
        return broken(part, f"{celsius:.0f} °C", "the machine slows down; cool it")
    if celsius >= _WARM_C:
        return doubtful(part, f"{celsius:.0f} °C", "give it air before it slows down")
    return sound(part, f"{celsius:.0f} °C")


def examine_power(
    throttled: Path = THROTTLED, *, program: str = VCGENCMD, model: Path = MODEL
) -> Finding:
    """Look at what a Raspberry Pi says of its supply and its speed.

    Args:
        throttled: the firmware's register, in hexadecimal.
        program: asks the firmware where there is no register.
        model: the kernel's name of the board.
    """
    part = "power"
    throttling = read_throttling(throttled, program)
    if throttling is None and throttled.exists():
        return doubtful(part, "the register cannot be read", "look at the supply yourself")
    if throttling is None and is_raspberry_pi(model):
        # Only the group video may ask (/dev/vcio).
        remedy = (
            f"install {program}, and ask as a user of the group video: sudo -u leuko leuko doctor"
        )
        return doubtful(part, "the firmware does not say", remedy)
    if throttling is None:
        return sound(part, "no register: not a Raspberry Pi")
    if throttling.now:
        remedy = "use the official supply, and cool it"
        return broken(part, f"{', '.join(throttling.now)} now", remedy)
    if throttling.since_start:
        text = f"{', '.join(throttling.since_start)} since the start"
        return doubtful(part, text, "use a stronger supply")
    return sound(part, "no under-voltage, no throttling")


def examine_clock() -> Finding:
    """Look at whether the wall clock can be believed."""
    moment = now()
    shown = f"{moment.wall:%Y-%m-%d %H:%M} UTC"
    if moment.clock_is_set:
        return sound("clock", shown)
    # Set by hand alone, it is wrong again after the next power cut, and nobody could tell.
    remedy = (
        "let the network set it (timedatectl set-ntp true), or give the machine a clock with a "
        "battery, set the time and keep it there (hwclock --systohc); sessions are marked so"
    )
    return doubtful("clock", f"nothing vouches for {shown}", remedy)
