"""What the pipeline asks of an inference runtime."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Quantisation:
    """How uint8 stands for a real number: ``real = scale * (stored - zero_point)``."""

    scale: float
    zero_point: int

    def real(self, stored: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the real values, float32, same shape."""
        # In float32: uint8 minus a zero point would wrap around.
        real = np.subtract(stored, np.float32(self.zero_point), dtype=np.float32)
        real *= np.float32(self.scale)
        return real

    def stored(self, real: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Return the nearest stored values, uint8, saturating at the ends."""
        levels = np.rint(np.asarray(real) / self.scale) + self.zero_point
        return np.asarray(np.clip(levels, 0, 255), np.uint8)


class Model(Protocol):
    """A loaded full-int8 model with one image input and one or more outputs."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input, batch first: ``(1, height, width, 3)``."""

    @property
    def output_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of every output, batch first, in the model's own order."""

    @property
    def output_quantisations(self) -> tuple[Quantisation, ...]:
        """How to read every output, in the same order."""

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        """Return all outputs for one image.

        Called once a tile or crop, never from two threads at a time. The arrays returned are
        the caller's own and stay as they are.

        Args:
            image: ``(height, width, 3)`` uint8, RGB, of the input's size.

        Raises:
            EngineError: the runtime failed.
        """


class ModelFacade:
    """In front of another model: says of itself what that one says; runs it in its own way."""

    def __init__(self, model: Model) -> None:
        """Stand in front of a model."""
        self._model = model

    @property
    def input_shape(self) -> tuple[int, ...]:
        """See `Model`."""
        return self._model.input_shape

    @property
    def output_shapes(self) -> tuple[tuple[int, ...], ...]:
        """See `Model`."""
        return self._model.output_shapes

    @property
    def output_quantisations(self) -> tuple[Quantisation, ...]:
        """See `Model`."""
        return self._model.output_quantisations


def run_all(model: Model, images: Iterable[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """Return every output of a model for several images, images first.

    Args:
        model: runs one image after the other.
        images: at least one, each ``(height, width, 3)`` uint8 of the model's input size.

    Raises:
        EngineError: the runtime failed.
    """
    runs = [model.run(image) for image in images]
    return [np.concatenate(outputs) for outputs in zip(*runs, strict=True)]


class Engine(Protocol):
    """A runtime that loads models."""

    @property
    def name(self) -> str:
        """What runs the models, for people: runtime, version and delegate."""

    def load(self, content: bytes) -> Model:
        """Return the model ready to run.

        Called once a model when a bundle is opened. Afterwards nothing needs the file.

        Args:
            content: a TFLite flatbuffer.

        Raises:
            EngineError: the runtime is missing or cannot run this model.
        """
