"""Small panels on SPI or I²C, through luma.lcd and luma.oled.

Wiring is told in the option ``device``: ``spi:BUS.CHIP`` or ``i2c:BUS:ADDRESS``, and after it,
divided by commas, what differs from luma's defaults, such as ``spi:0.0,dc=25,rst=27,light=18``.
"""

import contextlib
import importlib
import platform
import re
from collections.abc import Generator, Mapping
from typing import Any, Protocol, Self

from PIL import Image

from leuko.displays._base import DisplayOptions
from leuko.displays._drawing import draw
from leuko.errors import DisplayError
from leuko.shown import Shown

_DEFAULT_DEVICE = "spi:0.0"
_ADDRESS = re.compile(
    r"(?:spi:(?P<spi>\d+)\.(?P<chip>\d+)|i2c:(?P<i2c>\d+):(?P<address>0x[0-9a-fA-F]+))"
    r"(?P<wiring>(?:,[a-z_]+=\d+)*)"
)
_LIBRARIES = ("luma.lcd.device", "luma.oled.device")
_SERIAL_WIRING = {"dc": "gpio_DC", "rst": "gpio_RST"}
_PANEL_WIRING = {
    "light": "gpio_LIGHT",
    "light_low": "active_low",
    "bgr": "bgr",
    "inverse": "inverse",
    "x": "h_offset",
    "y": "v_offset",
}
_MHZ = "mhz"
_GPIO = "RPi"
"""The package that RPi.GPIO is in."""
_SPI = "spidev"
_PI_MACHINE = "aarch64"
"""Where the extra pi brings it."""


class Bus(Protocol):
    """What is used of a serial interface of luma."""

    def cleanup(self) -> None:
        """Let go of bus and pins."""


class Panel(Protocol):
    """What is used of a device of luma."""

    size: tuple[int, int]
    mode: str

    def display(self, image: Image.Image) -> None:
        """Send a picture of the panel's size and mode."""

    def cleanup(self) -> None:
        """Clear the panel, and let go of its bus."""


class LumaDisplay:
    """A panel that luma drives."""

    def __init__(self, panel: Panel, bus: Bus, name: str) -> None:
        self.name = name
        self._panel = panel
        self._bus = bus
        self._is_open = True

    @classmethod
    def opened(cls, options: DisplayOptions) -> Self:
        """Open bus and panel; the option ``model`` names the panel's controller.

        Raises:
            DisplayError: a library, the bus or the panel is missing, or the wiring is misspelt.
        """
        address, wiring = _parsed(options.device or _DEFAULT_DEVICE)
        with _translated(_name(options)):
            bus = _open_bus(address, wiring)
        return cls.on(bus, options)

    @classmethod
    def on(cls, bus: Bus, options: DisplayOptions) -> Self:
        """Open the panel on a bus that is open already, and is closed if that fails.

        Args:
            bus: a serial interface of luma, or anything with its methods.
            options: as for `opened`.

        Raises:
            DisplayError: the panel is unknown, silent, or does not have the size wanted.
        """
        try:
            driver, given = _driver(options)
            with _translated(_name(options)):
                return cls(_made(driver, bus, given), bus, _name(options))
        except DisplayError:
            with contextlib.suppress(*_failures()):
                bus.cleanup()
            raise

    def show(self, shown: Shown) -> None:
        """Draw and send a picture.

        Raises:
            DisplayError: the panel does not take it.
        """
        with _translated(self.name):
            is_mono = self._panel.mode == "1"
            self._panel.display(draw(shown, self._panel.size, is_mono=is_mono))

    def close(self) -> None:
        """Darken the panel and let go of it."""
        if not self._is_open:
            return
        self._is_open = False
        # A panel that is gone fails before it comes to its bus.
        for let_go in (self._panel.cleanup, self._bus.cleanup):
            with contextlib.suppress(*_failures()):
                let_go()
        _forget(self._panel)


def _name(options: DisplayOptions) -> str:
    return f"{options.model or 'panel'} on {options.device or _DEFAULT_DEVICE}"


def _parsed(device: str) -> tuple[Mapping[str, str], Mapping[str, int]]:
    match = _ADDRESS.fullmatch(device)
    known = {*_SERIAL_WIRING, *_PANEL_WIRING, _MHZ}
    pairs = [pair.split("=") for pair in match["wiring"].split(",")[1:]] if match else []
    if not match or any(key not in known for key, _ in pairs):
        raise DisplayError(
            f"{device!r} names no bus; write spi:0.0 or i2c:1:0x3c, and after it, with commas, "
            f"any of {', '.join(sorted(known))}, such as ,dc=25"
        )
    return match.groupdict(), {key: int(value) for key, value in pairs}


def _open_bus(address: Mapping[str, str | None], wiring: Mapping[str, int]) -> Bus:
    interface = importlib.import_module("luma.core.interface.serial")
    if address["i2c"] is not None:
        i2c: Bus = interface.i2c(port=int(address["i2c"]), address=address["address"])
        return i2c
    pins = {_SERIAL_WIRING[key]: value for key, value in wiring.items() if key in _SERIAL_WIRING}
    speed = {"bus_speed_hz": wiring[_MHZ] * 1_000_000} if _MHZ in wiring else {}
    port, chip = int(address["spi"] or 0), int(address["chip"] or 0)
    spi: Bus = interface.spi(port=port, device=chip, **pins, **speed)
    return spi


def _driver(options: DisplayOptions) -> tuple[Any, dict[str, Any]]:
    """Return the class that drives a panel, and what to make it with."""
    _, wiring = _parsed(options.device or _DEFAULT_DEVICE)
    library, driver = _found(options.model)
    given: dict[str, Any] = {"rotate": options.rotate}
    given |= {"width": options.width} if options.width else {}
    given |= {"height": options.height} if options.height else {}
    given |= {_PANEL_WIRING[key]: value for key, value in wiring.items() if key in _PANEL_WIRING}
    if library.startswith("luma.lcd") and "light" not in wiring:
        # luma would take pin 18 for it; many panels have their light wired to the supply.
        given["backlight"] = _leave_light
    return driver, given


def _found(model: str) -> tuple[str, Any]:
    known: list[str] = []
    for library in _LIBRARIES:
        with contextlib.suppress(ImportError):
            module = importlib.import_module(library)
            if model in module.__all__:
                return library, getattr(module, model)
            known += module.__all__
    if not known:
        raise DisplayError("panels need luma.lcd and luma.oled; install leuko with the extra pi")
    raise DisplayError(
        f"there is no panel {model!r}; set the model to one of: {', '.join(sorted(known))}"
    )


def _made(driver: Any, bus: Bus, given: Mapping[str, Any]) -> Panel:  # ruff: ignore[any-type]
    panel: Panel = driver.__new__(driver)
    try:
        driver.__init__(panel, bus, **given)
    except BaseException:
        _forget(panel)
        raise
    return panel


def _forget(panel: Panel) -> None:
    # luma holds every panel until the program ends, to clear it then: with their tables, the
    # vain tries of one day would fill the memory.
    vars(panel).clear()


def _leave_light(*_: object) -> None:
    pass


@contextlib.contextmanager
def _translated(name: str) -> Generator[None]:
    try:
        yield
    except DisplayError:
        raise
    except ImportError as error:
        raise DisplayError(f"{name} needs {_missing(error)}") from error
    except _failures() as error:
        raise DisplayError(
            f"{name} cannot be used ({error}); look at its wiring, that the bus is switched on "
            "and that this user may use it"
        ) from error


def _missing(error: ImportError) -> str:
    """Return what is to be said of a library that is not there, with what to do."""
    if not (library := error.name or ""):
        # Only the import system gives a name; a library that looks for another itself gives none.
        return f"a library that is not there ({error}); install leuko with the extra pi"
    if library == _SPI:
        # No index has a built one, so the extra does not name it.
        return "the library spidev; install the system's: apt install python3-spidev"
    if library.partition(".")[0] != _GPIO:
        return f"the library {library}; install leuko with the extra pi"
    needed = "a Raspberry Pi's GPIO library, RPi.GPIO, as every SPI panel does"
    if (machine := platform.machine()) == _PI_MACHINE:
        return f"{needed}; install leuko with the extra pi, which brings it"
    return (
        f"{needed}; leuko's extra pi brings it on {_PI_MACHINE} alone, and this machine is "
        f"{machine}: choose another display"
    )


def _failures() -> tuple[type[Exception], ...]:
    # luma checks its arguments with assertions; RPi.GPIO raises RuntimeError off the Pi.
    common = (OSError, RuntimeError, ValueError, TypeError, AssertionError)
    try:
        return (importlib.import_module("luma.core.error").Error, *common)
    except ImportError:
        return common
