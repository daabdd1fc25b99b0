"""The bytes that reach a framebuffer, on a plain file with the kernel's facts beside it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.displays import DisplayOptions, draw
from leuko.displays.framebuffer import FramebufferDisplay
from leuko.errors import DisplayError
from leuko.status import LiveStatus

WIDTH, HEIGHT = 320, 240


@pytest.fixture
def device(tmp_path: Path) -> Path:
    return tmp_path / "fb0"


def opened(device: Path, options: DisplayOptions | None = None, **facts: str) -> FramebufferDisplay:
    """A framebuffer of 32 bits per pixel, unless other facts are given."""
    told = {"virtual_size": f"{WIDTH},{HEIGHT}", "bits_per_pixel": "32", "stride": f"{4 * WIDTH}"}
    told |= facts
    folder = device.parent / "graphics"
    folder.mkdir(exist_ok=True)
    for name, value in told.items():
        (folder / name).write_text(f"{value}\n")
    height = int(told["virtual_size"].split(",")[1])
    device.write_bytes(b"\xaa" * int(told["stride"]) * height)
    return FramebufferDisplay(device, folder, options or DisplayOptions())


def expected(status: LiveStatus, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    return draw(status, size, is_mono=False)


def test_32_bits_are_blue_green_red_and_nothing(device: Path, status: LiveStatus) -> None:
    opened(device).show(status)
    assert device.read_bytes() == expected(status).tobytes("raw", "BGRX")


def test_16_bits_are_565_with_the_low_byte_first(device: Path, status: LiveStatus) -> None:
    opened(device, bits_per_pixel="16", stride=f"{2 * WIDTH}").show(status)
    pixels = np.frombuffer(device.read_bytes(), "<u2").reshape(HEIGHT, WIDTH)
    red, green, blue = (np.asarray(expected(status), int)[..., i] for i in range(3))
    assert np.array_equal(pixels, red // 8 * 2048 + green // 4 * 32 + blue // 8)


def test_rows_start_where_the_stride_says(device: Path, status: LiveStatus) -> None:
    opened(device, stride=f"{4 * WIDTH + 64}").show(status)
    rows = np.frombuffer(device.read_bytes(), np.uint8).reshape(HEIGHT, -1)
    picture = np.asarray(expected(status))
    assert np.array_equal(rows[:, : 4 * WIDTH].reshape(HEIGHT, WIDTH, 4)[..., 2::-1], picture)
    assert not rows[:, 4 * WIDTH :].any()


@pytest.mark.parametrize("rotate", [1, 3])
def test_a_screen_on_its_side_is_drawn_on_in_its_other_shape(
    device: Path, status: LiveStatus, rotate: int
) -> None:
    opened(device, DisplayOptions(rotate=rotate)).show(status)
    rows = np.frombuffer(device.read_bytes(), np.uint8).reshape(HEIGHT, WIDTH, 4)
    upright = np.asarray(expected(status, (HEIGHT, WIDTH)))
    # One quarter turn clockwise is three against the clock.
    assert np.array_equal(rows[..., 2::-1], np.rot90(upright, -rotate))


def test_a_part_of_the_screen_can_be_asked_for(device: Path, status: LiveStatus) -> None:
    opened(device, DisplayOptions(width=240, height=240)).show(status)
    rows = np.frombuffer(device.read_bytes(), np.uint8).reshape(HEIGHT, WIDTH, 4)
    assert np.array_equal(rows[:, :240, 2::-1], np.asarray(expected(status, (240, 240))))
    assert not rows[:, 240:].any()


def test_the_screen_is_black_after_closing(device: Path, status: LiveStatus) -> None:
    display = opened(device)
    display.show(status)
    display.close()
    assert not any(device.read_bytes())


def test_nothing_is_shown_after_closing(device: Path, status: LiveStatus) -> None:
    display = opened(device)
    display.close()
    with pytest.raises(DisplayError, match="cannot be used"):
        display.show(status)


def test_a_format_it_does_not_know_is_refused(device: Path) -> None:
    with pytest.raises(DisplayError, match="8 bits per pixel; set it to 16 or 32"):
        opened(device, bits_per_pixel="8")


def test_more_than_the_screen_has_is_refused(device: Path) -> None:
    with pytest.raises(DisplayError, match=r"800x480 pixels was asked for.* has 320x240"):
        opened(device, DisplayOptions(width=800, height=480))


def test_facts_that_make_no_sense_are_refused(device: Path) -> None:
    with pytest.raises(DisplayError, match="cannot be used"):
        opened(device, bits_per_pixel="many")


def test_a_screen_too_small_to_read_is_refused_when_shown(device: Path, status: LiveStatus) -> None:
    display = opened(device, virtual_size="96,64", stride="384")
    with pytest.raises(DisplayError, match="too small"):
        display.show(status)
