"""What the live count asks of a display."""

from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

from leuko.shown import Shown


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """How a display is to be opened.

    Attributes:
        device: which one: a framebuffer, a bus address, a terminal or a folder, as the driver
            understands it.
        model: name of the panel's controller, such as ``ili9341``; empty where the driver knows.
        width: columns, before it is turned; 0 asks the driver.
        height: rows, before it is turned; 0 asks the driver.
        rotate: quarter turns clockwise, 0 to 3.
    """

    device: str = ""
    model: str = ""
    width: int = 0
    height: int = 0
    rotate: int = 0


class Display(Protocol):
    """Something that a running count can be read from; used from one thread.

    A driver for pixels draws with `leuko.displays.draw`; others say the same in their own way.
    """

    @classmethod
    def opened(cls, options: DisplayOptions) -> Self:
        """Open the display.

        Raises:
            DisplayError: it is missing, or not what the options ask for.
        """

    @property
    def name(self) -> str:
        """What a person calls it: the kind and the device, for the log."""

    def show(self, shown: Shown) -> None:
        """Show how the count or a calibration stands, in place of what was shown before.

        Raises:
            DisplayError: the display is gone; the caller closes it and opens it again later.
        """

    def close(self) -> None:
        """Let go of the display; later calls do nothing.

        A screen is cleared, so that nobody takes an old count for a running one. A display that
        is gone is let go of in silence.
        """


@runtime_checkable
class RecordingDisplay(Display, Protocol):
    """A display whose pictures outlive it, so that one only drawn to try it must leave none."""

    def try_out(self, shown: Shown) -> None:
        """Do what `show` does, and leave behind all that was there before and nothing else.

        Raises:
            DisplayError: as `show` does.
        """
