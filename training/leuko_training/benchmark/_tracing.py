"""An engine whose models note every call: when it began, when it ended, and what it was given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from leuko.inference import Engine, Model, ModelFacade

Clock = Callable[[], float]
"""Seconds from any beginning, never running backwards."""


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a model.

    Attributes:
        model: name of the model.
        began: reading of the clock.
        ended: reading of the clock.
        image: what the model was given.
    """

    model: str
    began: float
    ended: float
    image: NDArray[np.uint8]


@dataclass(slots=True)
class Trace:
    """All calls since the last `clear`, in order."""

    calls: list[Call] = field(default_factory=list)

    def clear(self) -> None:
        """Forget all calls."""
        self.calls.clear()


class TracedModel(ModelFacade):
    """A model that notes its calls."""

    def __init__(self, model: Model, name: str, *, trace: Trace, clock: Clock) -> None:
        """Stand in front of a model."""
        super().__init__(model)
        self._name = name
        self._trace = trace
        self._clock = clock

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        """Return the model's outputs, and note the call."""
        began = self._clock()
        outputs = self._model.run(image)
        self._trace.calls.append(Call(self._name, began, self._clock(), image))
        return outputs


class TracingEngine:
    """An engine that notes every call of every model it has loaded."""

    def __init__(
        self, engine: Engine, files: Mapping[str, bytes], *, trace: Trace, clock: Clock
    ) -> None:
        """Stand in front of an engine.

        Args:
            engine: what runs the models.
            files: content of each model by the name that its calls are to bear.
            trace: where calls are noted.
            clock: what times them.
        """
        self._engine = engine
        self._names = {content: name for name, content in files.items()}
        self._trace = trace
        self._clock = clock

    @property
    def name(self) -> str:
        """Name of the engine behind."""
        return self._engine.name

    def load(self, content: bytes) -> Model:
        """Return the model of the engine behind, noting its calls."""
        model = self._engine.load(content)
        return TracedModel(model, self._names[content], trace=self._trace, clock=self._clock)
