"""What every runtime that has TensorFlow Lite's Interpreter shares."""

import contextlib
import importlib
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leuko.errors import EngineError
from leuko.inference._base import Quantisation

RUNTIME_ERRORS = (ValueError, RuntimeError, SystemError, TypeError)
"""What the runtimes raise when they cannot load or run a model."""


class InterpreterModel:
    """A model in an Interpreter that has its tensors; fulfils `Model`."""

    def __init__(self, interpreter: Any) -> None:  # ruff: ignore[any-type] - the runtimes have no types
        """Read what the model takes and gives.

        Args:
            interpreter: with its tensors allocated.

        Raises:
            EngineError: the model is not full int8 with uint8 input and outputs.
        """
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]
        self._outputs = interpreter.get_output_details()
        types = {detail["dtype"] for detail in (self._input, *self._outputs)}
        if types != {np.uint8}:
            msg = "the model's inputs and outputs are not all uint8; quantise it to full int8"
            raise EngineError(msg)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """See `Model`."""
        return tuple(int(side) for side in self._input["shape"])

    @property
    def output_shapes(self) -> tuple[tuple[int, ...], ...]:
        """See `Model`."""
        return tuple(tuple(int(side) for side in detail["shape"]) for detail in self._outputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the output tensors, in the model's own order."""
        return tuple(str(detail["name"]) for detail in self._outputs)

    @property
    def output_quantisations(self) -> tuple[Quantisation, ...]:
        """See `Model`."""
        pairs = (detail["quantization"] for detail in self._outputs)
        return tuple(Quantisation(float(scale), int(zero)) for scale, zero in pairs)

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        """See `Model`."""
        with translated("run the model"):
            self._interpreter.set_tensor(self._input["index"], image[None])
            self._interpreter.invoke()
            return tuple(self._interpreter.get_tensor(out["index"]) for out in self._outputs)


def first_importable(runtimes: tuple[str, ...]) -> tuple[str, Any]:
    """Return name and module of the first runtime that is installed.

    Raises:
        EngineError: none of them is.
    """
    reasons = []
    for runtime in runtimes:
        try:
            return runtime, importlib.import_module(runtime)
        except ImportError as error:
            reasons.append(f"{runtime}: {error}")
    msg = f"no inference runtime found ({'; '.join(reasons)}); install ai-edge-litert"
    raise EngineError(msg)


@contextlib.contextmanager
def translated(action: str) -> Generator[None]:
    """Make an `EngineError` of what a runtime raises.

    Args:
        action: what could not be done.

    Raises:
        EngineError: the runtime raised something.
    """
    try:
        yield
    except RUNTIME_ERRORS as error:
        msg = f"the inference runtime could not {action}: {first_line(error)}; {_remedy(error)}"
        raise EngineError(msg) from error


def first_line(error: Exception) -> str:
    """Return the first line of what an error says; its type if it says nothing."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _remedy(error: Exception) -> str:
    if "edgetpu-custom-op" in str(error):
        return "it is compiled for the Edge TPU, choose that backend or get another bundle"
    return "get another bundle or runtime"
