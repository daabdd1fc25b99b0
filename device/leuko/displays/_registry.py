"""Display drivers by their names in the settings; a driver is imported only when chosen."""

from importlib.metadata import entry_points

from leuko.displays._base import Display, DisplayOptions
from leuko.errors import SettingsError

_GROUP = "leuko.displays"


def list_displays() -> list[str]:
    """Return the names of all drivers that are installed."""
    return sorted(entry_points(group=_GROUP).names)


def load_display(driver: str, options: DisplayOptions) -> Display:
    """Return an open display.

    Args:
        driver: one of `list_displays`.
        options: how it is to be opened.

    Raises:
        SettingsError: there is no such driver, or it cannot be imported.
        DisplayError: the driver cannot open the display.
    """
    for entry in entry_points(group=_GROUP, name=driver):
        try:
            kind: type[Display] = entry.load()
        except (ImportError, AttributeError) as error:
            raise SettingsError(
                f"display driver {driver} cannot be imported: {error}; install it or choose another"
            ) from error
        return kind.opened(options)
    known = ", ".join(list_displays())
    raise SettingsError(f"there is no display driver {driver!r}; choose one of: {known}")
