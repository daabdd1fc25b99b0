"""The running service: whether one answers where ``leuko session`` would ask it."""

from pathlib import Path

from leuko.control import ControlClient
from leuko.doctor._finding import Finding, doubtful, sound
from leuko.errors import LeukoError
from leuko.settings import Settings


def examine_service(settings: Settings) -> Finding:
    """Ask the service for its status.

    Args:
        settings: where it listens.
    """
    part, path = "service", settings.control_socket
    if _is_absent(path):
        return sound(part, f"none listens at {path}")
    try:
        status = ControlClient(path).status()
    except LeukoError as error:
        text, _, remedy = str(error).partition("; ")
        return doubtful(part, text, remedy)
    return sound(part, f"{status.state} at {path}")


def _is_absent(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:
        # A folder that may not be entered: asking the service says so, and what to do.
        return False
