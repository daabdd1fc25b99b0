"""Panels through luma, on a bus that writes down what it is sent."""

import gc
import importlib
import inspect
import sys
import tracemalloc
from types import ModuleType

import luma.core.error
import pytest
from luma.core.device import dummy

from leuko.displays import DisplayOptions, draw
from leuko.displays.panel import LumaDisplay
from leuko.errors import DisplayError
from leuko.status import LiveStatus

# luma.oled 3.16 still reads pictures in a way that Pillow 14 will no longer have.
pytestmark = pytest.mark.filterwarnings(r"ignore:Image\.Image\.getdata is:DeprecationWarning")


class Bus:
    """Takes the place of luma's serial interface."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.commands: list[int] = []
        self.sent = bytearray()
        self.is_open = True
        self.failure = failure

    def command(self, *values: int) -> None:
        self.commands += values

    def data(self, values: list[int]) -> None:
        if self.failure:
            raise self.failure
        self.sent += bytes(values)

    def cleanup(self) -> None:
        self.is_open = False


COLOUR = [
    ("st7735", 160, 128),
    ("st7789", 240, 240),
    ("ili9341", 320, 240),
    ("ili9486", 320, 480),
    ("ili9488", 480, 320),
]
MONO = [("ssd1306", 128, 64), ("sh1106", 128, 64), ("ssd1309", 128, 64)]


@pytest.mark.parametrize(("model", "width", "height"), [*COLOUR, *MONO])
def test_a_panel_gets_a_whole_picture_of_its_size(
    status: LiveStatus, model: str, width: int, height: int
) -> None:
    bus = Bus()
    display = LumaDisplay.on(bus, DisplayOptions(model=model, width=width, height=height))
    bus.sent.clear()
    display.show(status)
    bits = 1 if (model, width, height) in MONO else 16
    assert len(bus.sent) >= width * height * bits // 8 // 2
    assert len(set(bus.sent)) > 2


@pytest.mark.parametrize("model", ["ssd1306", "ili9341"])
def test_a_panel_is_darkened_and_its_bus_given_back(status: LiveStatus, model: str) -> None:
    bus = Bus()
    display = LumaDisplay.on(bus, DisplayOptions(model=model))
    display.show(status)
    bus.sent.clear()
    display.close()
    # Black, but for the corners of the windows that are written to.
    assert sum(map(bool, bus.sent)) < len(bus.sent) / 20
    assert not bus.is_open


@pytest.mark.parametrize("mode", ["1", "RGB"])
def test_the_picture_is_the_one_that_is_drawn(status: LiveStatus, mode: str) -> None:
    panel = dummy(320, 240, mode=mode)
    LumaDisplay(panel, Bus(), "dummy").show(status)
    assert panel.image == draw(status, (320, 240), is_mono=mode == "1")


def test_a_panel_on_its_side_is_drawn_on_in_its_other_shape(status: LiveStatus) -> None:
    panel = dummy(240, 320, rotate=1)
    LumaDisplay(panel, Bus(), "dummy").show(status)
    upright = draw(status, (320, 240), is_mono=False)
    assert panel.image == upright.rotate(-90, expand=True)


def test_every_error_of_luma_is_ours(status: LiveStatus) -> None:
    errors = [
        kind
        for _, kind in inspect.getmembers(luma.core.error, inspect.isclass)
        if issubclass(kind, Exception)
    ]
    assert len(errors) > 4
    for kind in [*errors, OSError, RuntimeError]:
        bus = Bus()
        display = LumaDisplay.on(bus, DisplayOptions(model="ssd1306"))
        bus.failure = kind("as it happens")
        with pytest.raises(DisplayError, match=r"ssd1306 on spi:0\.0 .*as it happens.*wiring"):
            display.show(status)
        display.close()


def test_a_panel_that_is_gone_is_let_go_of_in_silence() -> None:
    bus = Bus()
    display = LumaDisplay.on(bus, DisplayOptions(model="ssd1306"))
    bus.failure = OSError("gone")
    display.close()
    assert not bus.is_open


def test_trying_in_vain_for_days_fills_no_memory() -> None:
    def try_in_vain(times: int) -> int:
        for _ in range(times):
            bus = Bus(OSError("nobody answers"))
            with pytest.raises(DisplayError, match="nobody answers"):
                LumaDisplay.on(bus, DisplayOptions(model="ssd1306"))
            assert not bus.is_open
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = try_in_vain(5)
        assert try_in_vain(15) - before < 15 * 4000
    finally:
        tracemalloc.stop()


def test_an_unknown_panel_is_told_with_those_there_are() -> None:
    with pytest.raises(DisplayError, match=r"no panel 'ili9999'; .*ili9341.*ssd1306.*st7789"):
        LumaDisplay.on(Bus(), DisplayOptions(model="ili9999"))


def test_a_size_that_the_panel_cannot_have_is_refused() -> None:
    with pytest.raises(DisplayError, match=r"ssd1306 on spi:0\.0 cannot be used"):
        LumaDisplay.on(Bus(), DisplayOptions(model="ssd1306", width=100, height=100))


@pytest.mark.parametrize(
    "device",
    ["spi", "spi:0", "i2c:1", "i2c:1:60", "/dev/spidev0.0", "spi:0.0,pin=3", "spi:0.0,dc="],
)
def test_wiring_that_is_misspelt_is_told_with_what_is_right(device: str) -> None:
    with pytest.raises(DisplayError, match=r"names no bus; write spi:0\.0 or i2c:1:0x3c.*,dc=25"):
        LumaDisplay.opened(DisplayOptions(device=device, model="ssd1306"))


def test_wiring_of_the_panel_reaches_luma() -> None:
    told = []
    for device in ("spi:0.0", "spi:0.0,dc=25,rst=27,mhz=32,x=2,y=1", "spi:0.0,bgr=1"):
        bus = Bus()
        LumaDisplay.on(bus, DisplayOptions(device=device, model="st7735")).close()
        told.append((bytes(bus.commands), bytes(bus.sent)))
    plain, moved, swapped = told
    # The offsets go into the window's corners, the order of colours into the panel's set-up.
    assert plain != moved
    assert plain != swapped


def test_a_missing_library_is_told_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("luma.lcd.device", "luma.oled.device", "luma.core.interface.serial"):
        importlib.import_module(name)
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DisplayError, match="install leuko with the extra pi"):
        LumaDisplay.on(Bus(), DisplayOptions(model="ssd1306"))
    with pytest.raises(DisplayError, match=r"needs the library .*serial; install leuko with"):
        LumaDisplay.opened(DisplayOptions(device="i2c:1:0x3c", model="ssd1306"))


def test_a_missing_library_without_a_name_is_told_in_its_own_words(status: LiveStatus) -> None:
    bus = Bus()
    display = LumaDisplay.on(bus, DisplayOptions(model="ssd1306"))
    bus.failure = ImportError("no GPIO")
    words = r"needs a library that is not there \(no GPIO\); install leuko with the extra pi$"
    with pytest.raises(DisplayError, match=words):
        display.show(status)


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("x86_64", "every SPI panel does; .* on aarch64 alone, and this machine is x86_64: choose"),
        ("aarch64", "every SPI panel does; install leuko with the extra pi, which brings it"),
    ],
)
def test_a_machine_without_the_library_of_the_pi_is_told_the_truth(
    monkeypatch: pytest.MonkeyPatch, machine: str, words: str
) -> None:
    monkeypatch.setitem(sys.modules, "RPi", None)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(DisplayError, match=rf"Raspberry Pi's GPIO library, RPi\.GPIO, as {words}"):
        LumaDisplay.opened(DisplayOptions(model="ili9341"))


def test_the_library_of_the_bus_comes_from_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    gpio = ModuleType("RPi.GPIO")
    vars(gpio).update(BCM=11, OUT=0, LOW=0, HIGH=1)
    vars(gpio).update(dict.fromkeys(("setmode", "setup", "output", "cleanup"), lambda *_: None))
    package = ModuleType("RPi")
    vars(package)["GPIO"] = gpio
    for name, module in {"RPi": package, "RPi.GPIO": gpio, "spidev": None}.items():
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(DisplayError, match=r"library spidev; .* apt install python3-spidev"):
        LumaDisplay.opened(DisplayOptions(model="ili9341"))
