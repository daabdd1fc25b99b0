"""The accelerators that leuko knows, and how it gets at each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from leuko.backends._verdict import Backend
from leuko.bundle import ModelBundle
from leuko.errors import AcceleratorError, Refusal
from leuko.inference import PATIENCE, USB_DEVICES, Engine, Patience, find_coral
from leuko.inference.edgetpu import LIBRARY, EdgeTPUEngine
from leuko.inference.gpu import (
    CPU_INFO,
    RENDER_NODES,
    GPUEngine,
    refuse_without_lse,
    refuse_without_render_node,
)


def _nowhere() -> None:
    """Have no address: built in, and never plugged in anew."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One kind of accelerator.

    Attributes:
        backend: which backend it is.
        label: what a person calls it.
        make: makes its engine in a process of its own; picklable.
        look: refuses at once, without a process, what cannot be there; asked only when nobody
            named the accelerator, for it knows less than the library.
        fitted: gives the bundle as it runs there, its files those for the accelerator.
        remedy: what to do when it hangs or crashes.
        patience: how long to wait for it.
        is_plugged_in: whether it is only there because somebody wants it to be used.
        address: where it is at this moment, another one each time that it is plugged in; None
            while it is not there.
    """

    backend: Backend
    label: str
    make: Callable[[], Engine]
    look: Callable[[], None]
    fitted: Callable[[ModelBundle], ModelBundle]
    remedy: str
    patience: Patience = PATIENCE
    is_plugged_in: bool = False
    address: Callable[[], Path | None] = _nowhere


def edge_tpu(*, library: str = LIBRARY, usb: Path = USB_DEVICES) -> Accelerator:
    """Return the Coral Edge TPU.

    Args:
        library: the delegate's library.
        usb: the kernel's folder of USB devices.
    """
    return Accelerator(
        Backend.EDGETPU,
        "Edge TPU",
        make=partial(EdgeTPUEngine, library=library, usb=usb),
        look=partial(_refuse_without_stick, usb),
        fitted=compiled_bundle,
        remedy="plug it in again, and check that libedgetpu was built for this runtime",
        is_plugged_in=True,
        address=partial(_node_of_stick, usb),
    )


def gpu(*, cpu_info: Path = CPU_INFO, render_nodes: Path = RENDER_NODES) -> Accelerator:
    """Return the GPU.

    Args:
        cpu_info: the kernel's description of the processor.
        render_nodes: where the kernel puts GPUs.
    """
    return Accelerator(
        Backend.GPU,
        "GPU",
        make=partial(GPUEngine, cpu_info=cpu_info),
        look=partial(_refuse_gpu, cpu_info, render_nodes),
        fitted=_as_it_is,
        remedy="update its driver and restart leuko, or choose another backend",
    )


def compiled_bundle(bundle: ModelBundle) -> ModelBundle:
    """Return a bundle in which the models are their twins for the Edge TPU.

    Raises:
        AcceleratorError: it has none.
    """
    manifest = bundle.manifest
    if manifest.edgetpu is None:
        sentence = (
            f"bundle {bundle.label} has no models compiled for the Edge TPU; compile them with "
            "leuko-convert compile-edgetpu --bundle-out or get another bundle"
        )
        raise AcceleratorError(sentence, Refusal.NO_MODELS)
    models = manifest.segmenter.locator, manifest.segmenter.outliner, manifest.classifier.model
    pairs = zip(models, manifest.edgetpu.names, strict=True)
    twins = {model: bundle.files[twin] for model, twin in pairs}
    return replace(bundle, files={**bundle.files, **twins})


def _as_it_is(bundle: ModelBundle) -> ModelBundle:
    return bundle


def _node_of_stick(usb: Path) -> Path | None:
    stick = find_coral(usb)
    return stick.node if stick else None


def _refuse_without_stick(usb: Path) -> None:
    if find_coral(usb) is None:
        raise AcceleratorError("no Coral Edge TPU is plugged in", Refusal.NO_DEVICE)


def _refuse_gpu(cpu_info: Path, render_nodes: Path) -> None:
    refuse_without_lse(cpu_info)
    refuse_without_render_node(render_nodes)
