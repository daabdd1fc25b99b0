"""What the pipeline asks of an inference runtime."""

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
        # Widened first: uint8 minus a zero point would wrap around.
        widened = stored.astype(np.float32) - np.float32(self.zero_point)
        return widened * np.float32(self.scale)

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
