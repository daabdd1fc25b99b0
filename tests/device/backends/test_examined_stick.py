"""What the doctor says of a Coral stick, whatever its library does to the process it is in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from leuko.doctor import Finding, examine_accelerator
from leuko.inference import Patience
from leuko.status import Level


def stick(folder: Path, *, vendor: str = "1a6e", product: str = "089a", speed: str = "") -> Path:
    device = folder / "2-1"
    device.mkdir()
    values = {"idVendor": vendor, "idProduct": product, "busnum": "250", "devnum": "9"}
    for name, value in {**values, "speed": speed or "5000"}.items():
        (device / name).write_text(f"{value}\n", encoding="ascii")
    return folder


def fault(usb: Path, library: str) -> str:
    finding = examine_accelerator(usb, library, patience=Patience(opening_s=60.0))
    assert finding.health.level is Level.FAULT
    return finding.health.text


def at_load(statement: str) -> str:
    """A sound delegate in C, in a library that does something as soon as it is loaded."""
    return f"return &idle; }} __attribute__((constructor)) static void at_load(void) {{ {statement}"


def test_without_a_stick_the_processor_does_the_work(tmp_path: Path) -> None:
    finding = examine_accelerator(stick(tmp_path, vendor="1d6b", product="0003"))
    assert finding.health.level is Level.OK
    assert "no Edge TPU" in finding.health.text


def test_what_the_library_lacks_is_told_as_it_is_when_counting(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    usb = stick(tmp_path)
    assert fault(usb, "libnot.so") == "libnot.so is not installed; install libedgetpu1-std"
    assert "libc.so.6 has no delegate in it" in fault(usb, "libc.so.6")
    needy = libedgetpu("return NULL;", "libusb-1.0.so.0.none")
    assert fault(usb, needy).endswith("which is not installed; install libusb-1.0-0")


def test_a_stick_that_may_not_be_used_is_told_even_if_its_numbers_cannot_be_read(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    usb, library = stick(tmp_path, speed="unknown"), libedgetpu("return NULL;")
    for number in (b"9\n", b"n/a\n", b"\xff\n"):
        (usb / "2-1" / "devnum").write_bytes(number)
        assert "may not be used by this user; install the udev rule" in fault(usb, library)
    (usb / "2-1" / "idVendor").write_bytes(b"\xff\n")
    assert "no Edge TPU" in examine_accelerator(usb).health.text


def test_a_stick_that_opens_is_sound_unless_its_port_is_slow(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    library = libedgetpu("return &idle;")

    def examined(speed: str) -> Finding:
        (tmp_path / "2-1" / "speed").write_text(speed, encoding="ascii")
        return examine_accelerator(tmp_path, library, patience=Patience(opening_s=60.0))

    stick(tmp_path)
    assert examined("5000").health.level is Level.OK
    assert examined("480").health.text == "Edge TPU on a slow port"


def test_a_library_that_crashes_at_its_loading_ends_no_doctor(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    library = libedgetpu(at_load("extern int raise(int); raise(4);"))
    assert "Edge TPU ended its process (SIGILL); plug it in" in fault(stick(tmp_path), library)


@pytest.mark.timeout(120)
def test_a_library_that_hangs_at_its_loading_is_given_up(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    library = libedgetpu(at_load("for (;;) pause();"))
    finding = examine_accelerator(stick(tmp_path), library, patience=Patience(opening_s=1.0))
    assert "Edge TPU does not answer within 1 s" in finding.health.text
