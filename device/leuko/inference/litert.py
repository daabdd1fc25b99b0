"""LiteRT's Interpreter on the CPU, in whichever package of it is installed."""

import contextlib
import importlib
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leuko.errors import EngineError
from leuko.inference._base import Model, Quantisation
from leuko.inference._quiet import without_chatter

RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite",
)
"""Where an Interpreter may be found, best first.

tflite-runtime has no wheel for Python 3.12 and later, and TensorFlow is far too large for a Pi,
but a machine that has one of them already can use it.
"""


class LiteRTEngine:
    """Runs models on the CPU, with XNNPACK's int8 kernels where the runtime has them."""

    def __init__(self, *, threads: int = 1, runtimes: tuple[str, ...] = RUNTIMES) -> None:
        """Find the runtime.

        Args:
            threads: CPU threads for each model.
            runtimes: modules to try, in this order.

        Raises:
            EngineError: none of them can be imported.
        """
        self._runtime, self._module = _first_importable(runtimes)
        self._threads = threads

    @property
    def name(self) -> str:
        """The package in use, and the number of threads."""
        return f"{self._runtime.split('.')[0]} (CPU, {self._threads} thread)"

    def load(self, content: bytes) -> Model:
        """Return the model ready to run.

        Raises:
            EngineError: the content is no TFLite model that this runtime can run.
        """
        with _translated("load the model"), without_chatter():
            interpreter = self._module.Interpreter(model_content=content, num_threads=self._threads)
            interpreter.allocate_tensors()
        return _LiteRTModel(interpreter)


class _LiteRTModel:
    def __init__(self, interpreter: Any) -> None:  # ruff: ignore[any-type] - the runtimes have no types
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]
        self._outputs = interpreter.get_output_details()
        types = {detail["dtype"] for detail in (self._input, *self._outputs)}
        if types != {np.uint8}:
            msg = "the model's inputs and outputs are not all uint8; quantise it to full int8"
            raise EngineError(msg)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(int(side) for side in self._input["shape"])

    @property
    def output_shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(int(side) for side in detail["shape"]) for detail in self._outputs)

    @property
    def output_quantisations(self) -> tuple[Quantisation, ...]:
        pairs = (detail["quantization"] for detail in self._outputs)
        return tuple(Quantisation(float(scale), int(zero)) for scale, zero in pairs)

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        with _translated("run the model"):
            self._interpreter.set_tensor(self._input["index"], image[None])
            self._interpreter.invoke()
            return tuple(self._interpreter.get_tensor(out["index"]) for out in self._outputs)


def _first_importable(runtimes: tuple[str, ...]) -> tuple[str, Any]:
    reasons = []
    for runtime in runtimes:
        try:
            return runtime, importlib.import_module(runtime)
        except ImportError as error:
            reasons.append(f"{runtime}: {error}")
    msg = f"no inference runtime found ({'; '.join(reasons)}); install ai-edge-litert"
    raise EngineError(msg)


@contextlib.contextmanager
def _translated(action: str) -> Generator[None]:
    try:
        yield
    except (ValueError, RuntimeError, SystemError, TypeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        msg = f"the inference runtime could not {action}: {first}; get another bundle or runtime"
        raise EngineError(msg) from error
