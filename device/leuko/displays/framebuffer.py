"""A screen that the kernel shows as a framebuffer: HDMI, DSI, and small panels with a driver.

Pictures are written whole, in one call: kernel drivers that emulate the framebuffer repaint
what a write has touched, and left parts of the screen black when it was written piecemeal.
"""

import contextlib
import fcntl
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leuko.displays._base import DisplayOptions
from leuko.displays._drawing import draw_turned
from leuko.errors import DisplayError
from leuko.shown import Shown

_FACTS = Path("/sys/class/graphics")
_DEFAULT_DEVICE = Path("/dev/fb0")

# linux/fb.h
_FBIOGET_VSCREENINFO, _FBIOPUT_VSCREENINFO = 0x4600, 0x4601
_SCREENINFO_BYTES = 160
_ACTIVATE_AT = 84
_FB_ACTIVATE_FORCE = 128


@dataclass(frozen=True, slots=True)
class _Geometry:
    width: int
    height: int
    bits_per_pixel: int
    stride: int
    """Bytes from one row to the next; more than a row takes where rows are padded."""


class FramebufferDisplay:
    """A framebuffer of 16 (RGB 565) or 32 bits (XRGB 8888) per pixel."""

    def __init__(self, device: Path, facts: Path, options: DisplayOptions) -> None:
        """Open the device.

        Args:
            device: the framebuffer.
            facts: folder in which the kernel tells its geometry.
            options: width and height, if less than all of it is to be drawn on, and the turn.

        Raises:
            DisplayError: it is missing, forbidden, or of a format that is not known.
        """
        self.name = f"framebuffer {device}"
        self._quarter_turns = options.rotate
        self._file: int | None = None
        with _translated(self.name):
            self._geometry = _read_geometry(facts)
            self._size = _drawn_size(self._geometry, options)
            self._file = os.open(device, os.O_RDWR | os.O_CLOEXEC)
            _light(self._file)

    @classmethod
    def opened(cls, options: DisplayOptions) -> Self:
        """Open the framebuffer that the options name, ``/dev/fb0`` if none.

        Raises:
            DisplayError: it is missing, forbidden, or of a format that is not known.
        """
        device = Path(options.device) if options.device else _DEFAULT_DEVICE
        return cls(device, _FACTS / device.name, options)

    def show(self, shown: Shown) -> None:
        """Draw and write a picture.

        Raises:
            DisplayError: the framebuffer is gone.
        """
        picture = draw_turned(shown, self._size, is_mono=False, quarter_turns=self._quarter_turns)
        self._write(_padded(_encoded(picture, self._geometry.bits_per_pixel), self._geometry))

    def close(self) -> None:
        """Paint the screen black and let go of it."""
        if self._file is None:
            return
        with contextlib.suppress(DisplayError):
            self._write(np.zeros((self._geometry.height, self._geometry.stride), np.uint8))
        os.close(self._file)
        self._file = None

    def _write(self, rows: NDArray[np.uint8]) -> None:
        with _translated(self.name):
            if self._file is None:
                raise OSError("closed")
            content, written = memoryview(rows.tobytes()), 0
            while written < len(content):
                written += os.pwrite(self._file, content[written:], written)


def _read_geometry(facts: Path) -> _Geometry:
    width, height = (int(value) for value in _fact(facts, "virtual_size").split(","))
    bits = int(_fact(facts, "bits_per_pixel"))
    if bits not in _ENCODERS:
        raise DisplayError(
            f"{facts.name} has {bits} bits per pixel; set it to 16 or 32 in the boot configuration"
        )
    stride = int(_fact(facts, "stride"))
    return _Geometry(width, height, bits, max(stride, width * bits // 8))


def _fact(facts: Path, name: str) -> str:
    return (facts / name).read_text(encoding="ascii").strip()


def _light(file: int) -> None:
    """Set the mode that the screen is said to have, else one without a text console stays dark."""
    mode = bytearray(_SCREENINFO_BYTES)
    # A driver whose mode is fixed may refuse; it is lit already.
    with contextlib.suppress(OSError):
        fcntl.ioctl(file, _FBIOGET_VSCREENINFO, mode)
        mode[_ACTIVATE_AT : _ACTIVATE_AT + 4] = _FB_ACTIVATE_FORCE.to_bytes(4, "little")
        fcntl.ioctl(file, _FBIOPUT_VSCREENINFO, mode)


def _drawn_size(geometry: _Geometry, options: DisplayOptions) -> tuple[int, int]:
    width, height = options.width or geometry.width, options.height or geometry.height
    if width > geometry.width or height > geometry.height:
        raise DisplayError(
            f"a display of {width}x{height} pixels was asked for, the framebuffer has "
            f"{geometry.width}x{geometry.height}; leave the size out of the settings"
        )
    return width, height


def _encoded(picture: Image.Image, bits_per_pixel: int) -> NDArray[np.uint8]:
    """Return the picture's rows as bytes, ``(height, bytes)`` uint8."""
    return _ENCODERS[bits_per_pixel](np.asarray(picture))


def _xrgb8888(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, _ = rgb.shape
    pixels = np.zeros((height, width, 4), np.uint8)
    # Little-endian: blue is the first byte in memory.
    pixels[..., :3] = rgb[..., ::-1]
    return pixels.reshape(height, -1)


def _rgb565(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    red, green, blue = (rgb[..., channel].astype(np.uint16) for channel in range(3))
    pixels = (red >> 3 << 11) | (green >> 2 << 5) | (blue >> 3)
    return pixels.astype("<u2").view(np.uint8)


_ENCODERS = {16: _rgb565, 32: _xrgb8888}


def _padded(rows: NDArray[np.uint8], geometry: _Geometry) -> NDArray[np.uint8]:
    whole = np.zeros((geometry.height, geometry.stride), np.uint8)
    whole[: rows.shape[0], : rows.shape[1]] = rows
    return whole


@contextlib.contextmanager
def _translated(name: str) -> Generator[None]:
    try:
        yield
    except DisplayError:
        raise
    except PermissionError as error:
        raise DisplayError(
            f"{name} is forbidden to this user; add the user to the group video"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DisplayError(
            f"{name} cannot be used ({reason}); look at the screen's cable and the boot "
            "configuration, or choose another display"
        ) from error
