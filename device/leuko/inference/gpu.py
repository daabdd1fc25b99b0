"""The GPU through LiteRT's CompiledModel, which speaks to it over Vulkan.

To be used in a process of its own: its library may end the process, and so may the GPU's driver.
"""

import contextlib
import importlib
import platform
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leuko.errors import AcceleratorError, EngineError, Refusal
from leuko.inference._base import Model, ModelFacade
from leuko.inference._interpreter import (
    RUNTIME_ERRORS,
    InterpreterModel,
    first_line,
    translated,
)
from leuko.inference._quiet import Heard, stderr_kept

CPU_INFO = Path("/proc/cpuinfo")
"""Where the kernel tells of the processor's features."""
RENDER_NODES = Path("/dev/dri")
"""Where the kernel puts GPUs."""

_RUNTIME = "ai_edge_litert"
_ADAPTER = re.compile(r"Selected adapter: (.+?), arch=")
_VULKAN_ERROR = re.compile(r"vk\w+ failed with VK_\w+|Vulkan \w+ required[^\n]*")
"""What LiteRT writes to stderr; its exception names only a line of its source."""


class GPUEngine:
    """Runs models on the GPU, all operators of them or none."""

    def __init__(self, *, cpu_info: Path = CPU_INFO, machine: str = "") -> None:
        """Load LiteRT's accelerator, if this processor survives that.

        Args:
            cpu_info: the kernel's description of the processor.
            machine: its kind, as ``uname -m`` says it; empty for this machine's.

        Raises:
            AcceleratorError: the processor lacks what the accelerator needs, or LiteRT has none.
        """
        refuse_without_lse(cpu_info, machine or platform.machine())
        try:
            self._compiled = importlib.import_module(f"{_RUNTIME}.compiled_model")
            self._interpreter = importlib.import_module(f"{_RUNTIME}.interpreter")
        except ImportError as error:
            sentence = f"LiteRT's GPU accelerator is missing ({error}); install ai-edge-litert"
            raise AcceleratorError(sentence, Refusal.NO_LIBRARY) from error
        with stderr_kept():
            self._environment = self._compiled.Environment.create()
        self._adapter = ""

    @property
    def name(self) -> str:
        """The package in use, and the GPU once a model is loaded."""
        return f"{_RUNTIME} (GPU, {self._adapter or 'WebGPU'})"

    def load(self, content: bytes) -> Model:
        """Return the model ready to run.

        Raises:
            AcceleratorError: there is no GPU, or it cannot run all of this model.
            EngineError: the content is no TFLite model.
        """
        with translated("load the model"):
            interpreter = self._interpreter.Interpreter(model_content=content)
        described = InterpreterModel(interpreter)
        with stderr_kept() as heard, _translated_loading(heard):
            model = self._compiled.CompiledModel.from_buffer(
                content,
                hardware_accel=self._compiled.HardwareAccelerator.GPU,
                environment=self._environment,
            )
            loaded = _GPUModel(model, described)
        if found := _ADAPTER.search(heard.said.decode(errors="replace")):
            self._adapter = found[1]
        if not model.is_fully_accelerated():
            sentence = "the GPU cannot run all of the model; choose another backend"
            raise AcceleratorError(sentence, Refusal.FAILED)
        return loaded


class _GPUModel(ModelFacade):
    def __init__(self, compiled: Any, described: InterpreterModel) -> None:  # ruff: ignore[any-type] - LiteRT has no types
        super().__init__(described)
        self._compiled = compiled
        signature, names = next(iter(compiled.get_signature_list().items()))
        details = compiled.get_output_tensor_details(signature)
        given = [details[name]["name"] for name in names["outputs"]]
        # A signature may list the outputs in another order than the model does.
        self._order = [given.index(name) for name in described.output_names]
        self._inputs = compiled.create_input_buffers(0)
        self._outputs = compiled.create_output_buffers(0)
        self._hushed: contextlib.AbstractContextManager[object] = stderr_kept()

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        if image.shape != self.input_shape[1:]:
            # What is too small would be read beyond its end.
            msg = f"could not run the model: it takes {self.input_shape[1:]}, not {image.shape}"
            raise EngineError(msg)
        # LiteRT announces itself once more when it first fills a buffer.
        hushed, self._hushed = self._hushed, contextlib.nullcontext()
        with hushed, _translated_running():
            self._inputs[0].write(image)
            self._compiled.run_by_index(0, self._inputs, self._outputs)
            return tuple(
                self._outputs[index].read(int(np.prod(shape)), np.uint8).reshape(shape)
                for index, shape in zip(self._order, self.output_shapes, strict=True)
            )


def refuse_without_lse(cpu_info: Path = CPU_INFO, machine: str = "") -> None:
    """Refuse a processor on which the accelerator's library ends the process.

    On arm64 the library is compiled for LSE atomics, which a Cortex-A72 (Raspberry Pi 4) lacks:
    loading it there is a SIGILL ("compiled with lse enabled").

    Args:
        cpu_info: the kernel's description of the processor.
        machine: its kind, as ``uname -m`` says it; empty for this machine's.

    Raises:
        AcceleratorError: it is an arm64 processor that is not known to have them.
    """
    if (machine or platform.machine()) != "aarch64" or "atomics" in _features(cpu_info):
        return
    sentence = (
        "LiteRT's GPU accelerator would crash on this processor, which has no LSE atomics; "
        "use another backend"
    )
    raise AcceleratorError(sentence, Refusal.WRONG_PROCESSOR)


def refuse_without_render_node(nodes: Path = RENDER_NODES) -> None:
    """Refuse a machine whose kernel knows no GPU: what Vulkan has there is software.

    Args:
        nodes: where the kernel puts GPUs.

    Raises:
        AcceleratorError: there is none.
    """
    if not any(nodes.glob("renderD*")):
        sentence = f"the kernel shows no GPU ({nodes}/renderD*); use another backend"
        raise AcceleratorError(sentence, Refusal.NO_DEVICE)


def _features(cpu_info: Path) -> set[str]:
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    told = (line.partition(":")[2] for line in lines if line.startswith("Features"))
    return set(next(told, "").split())


@contextlib.contextmanager
def _translated_loading(heard: Heard) -> Generator[None]:
    try:
        yield
    except RUNTIME_ERRORS as error:
        said = heard.said.decode(errors="replace")
        if "No adapters found" in said:
            why = _VULKAN_ERROR.search(said)
            sentence = (
                f"LiteRT finds no GPU through Vulkan ({why[0] if why else 'no adapters found'}); "
                "install mesa-vulkan-drivers, or use another backend"
            )
            raise AcceleratorError(sentence, Refusal.NO_DEVICE) from error
        sentence = f"the GPU does not take the model ({first_line(error)}); use another backend"
        raise AcceleratorError(sentence, Refusal.FAILED) from error


@contextlib.contextmanager
def _translated_running() -> Generator[None]:
    try:
        yield
    except RUNTIME_ERRORS as error:
        sentence = f"the GPU could not run the model ({first_line(error)}); use another backend"
        raise AcceleratorError(sentence, Refusal.FAILED) from error
