"""The running service: whether one answers where ``leuko session`` would ask it."""

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
    if not path.exists():
        return sound(part, f"none listens at {path}")
    try:
        status = ControlClient(path).status()
    except LeukoError as error:
        text, _, remedy = str(error).partition("; ")
        return doubtful(part, text, remedy)
    return sound(part, f"{status.state} at {path}")
