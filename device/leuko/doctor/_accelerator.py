"""The Coral stick: whether it is there, and what keeps it from being used."""

from pathlib import Path

from leuko.backends import edge_tpu
from leuko.doctor._finding import Finding, broken, doubtful, sound
from leuko.errors import AcceleratorError
from leuko.inference import PATIENCE, USB_DEVICES, EngineProcess, Patience, find_coral
from leuko.inference.edgetpu import LIBRARY

_SLOW_MBIT = 480


def examine_accelerator(
    usb: Path = USB_DEVICES, library: str = LIBRARY, *, patience: Patience = PATIENCE
) -> Finding:
    """Open a stick that is plugged in as the count would, and tell apart what keeps it from that.

    Args:
        usb: the kernel's folder of USB devices.
        library: the driver's file name.
        patience: how long to wait for it.
    """
    part = "accelerator"
    if find_coral(usb) is None:
        return sound(part, "no Edge TPU is plugged in")
    coral = edge_tpu(library=library, usb=usb)
    try:
        EngineProcess(coral.make, label=coral.label, remedy=coral.remedy, patience=patience).close()
    except AcceleratorError as error:
        return broken(part, str(error))
    stick = find_coral(usb)
    if stick is None:
        return broken(part, "the Edge TPU left while it was opened", "look at its plug and supply")
    if stick.speed_mbit <= _SLOW_MBIT:
        return doubtful(part, "Edge TPU on a slow port", "plug it into a blue USB 3 port")
    return sound(part, f"Edge TPU, {stick.state}")
