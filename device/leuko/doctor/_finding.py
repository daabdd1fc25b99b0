"""What an examination of one part of the device found."""

from dataclasses import dataclass

from leuko.status import Health, Level


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part of the device is.

    Attributes:
        part: what was looked at.
        health: how it is, in words.
        remedy: what to do about it; empty where there is nothing to do.
    """

    part: str
    health: Health
    remedy: str = ""


def sound(part: str, text: str) -> Finding:
    """Return that a part works."""
    return Finding(part, Health(Level.OK, text))


def doubtful(part: str, text: str, remedy: str) -> Finding:
    """Return that a part works and needs a look."""
    return Finding(part, Health(Level.WARNING, text), remedy)


def told(part: str, health: Health, remedy: str = "") -> Finding:
    """Return what the running service says of a part; the remedy is for one that needs a look."""
    return Finding(part, health, "" if health.level is Level.OK else remedy)


def broken(part: str, text: str, remedy: str = "") -> Finding:
    """Return that a part does not work; an error's sentence has its remedy in it."""
    return Finding(part, Health(Level.FAULT, text), remedy)
