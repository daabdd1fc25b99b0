"""Camera drivers by name: entry points, imported only when chosen."""

from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, cast

from leuko.cameras._base import Camera, CameraOptions
from leuko.errors import SettingsError

_GROUP = "leuko.cameras"

WITHOUT_HARDWARE = frozenset({"replay", "sim"})
"""Drivers whose pictures are read or drawn: no cable brings what they lack."""


class _WithoutHardware(Protocol):
    """A driver whose source is there or is not, whatever is plugged in."""

    @staticmethod
    def refuse_source(options: CameraOptions) -> None:
        """Refuse a source that is missing or unknown; reads no picture."""


def list_cameras() -> tuple[str, ...]:
    """Return the names of the installed camera drivers, sorted."""
    return tuple(sorted({entry.name for entry in entry_points(group=_GROUP)}))


def load_camera(driver: str, options: CameraOptions) -> Camera:
    """Import a driver and open its camera.

    Args:
        driver: an installed driver's name, or ``module:Class`` for one that is not registered.
        options: how to open it.

    Raises:
        SettingsError: there is no such driver, or it cannot be imported.
        CameraError: the camera is missing, in use, or not what the options ask for.
    """
    return cast("type[Camera]", _imported(driver)).opened(options)


def refuse_source(driver: str, options: CameraOptions) -> None:
    """Refuse what a driver without hardware can see to show nothing, before it is opened.

    Other cameras may be plugged in later: they are waited for.

    Args:
        driver: as for `load_camera`.
        options: as for `load_camera`.

    Raises:
        CameraError: there is nothing to show.
    """
    if driver in WITHOUT_HARDWARE:
        cast("type[_WithoutHardware]", _imported(driver)).refuse_source(options)


def find_driver(driver: str) -> EntryPoint:
    """Return where a driver is to be imported from, without importing it.

    Raises:
        SettingsError: there is no driver of that name.
    """
    if ":" in driver:
        return EntryPoint(name=driver, value=driver, group=_GROUP)
    for entry in entry_points(group=_GROUP, name=driver):
        return entry
    raise SettingsError(
        f"there is no camera driver {driver!r}; choose one of {', '.join(list_cameras())}"
    )


def _imported(driver: str) -> object:
    entry = find_driver(driver)
    try:
        return cast("object", entry.load())
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"camera driver {driver} cannot be imported: {error}; install it or choose another"
        ) from error
