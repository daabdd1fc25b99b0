"""The work of an engine's own process: make the engine, load, run, answer."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from leuko.errors import AcceleratorError, EngineError, Refusal
from leuko.inference._base import Engine, Model, Quantisation
from leuko.processes import die_with

_STDOUT = 1

MakeEngine = Callable[[], Engine]
"""Makes an engine in its own process; must be picklable."""


@dataclass(frozen=True, slots=True)
class Load:
    """Load a model: ``content``, a TFLite flatbuffer."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """Run the n-th model that was loaded, from 0, on an image."""

    model: int
    image: NDArray[np.uint8]


Request = Load | Run


@dataclass(frozen=True, slots=True)
class Opened:
    """The engine is there; its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model is ready; the engine's name, and what `Model` says of itself."""

    engine: str
    input_shape: tuple[int, ...]
    output_shapes: tuple[tuple[int, ...], ...]
    output_quantisations: tuple[Quantisation, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """A model has run."""

    outputs: tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The engine failed, and the process ends."""

    sentence: str
    refusal: Refusal


Reply = Opened | Loaded | Ran | Failed


def serve(make: MakeEngine, connection: "Connection[Reply, Request]", *, parent: int) -> None:
    """Make an engine and do what is asked of it until it fails or nobody asks any more.

    Args:
        make: makes the engine.
        connection: to the process that asks.
        parent: that process's id.
    """
    die_with(parent)
    # A library that talks must not mix with what a command prints.
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
    # Nobody is left to be answered.
    with suppress(BrokenPipeError, ConnectionResetError, EOFError):
        try:
            engine = make()
            connection.send(Opened(engine.name))
            models: list[Model] = []
            while True:
                connection.send(_answer(connection.recv(), engine, models))
        except EngineError as error:
            known = error.refusal if isinstance(error, AcceleratorError) else Refusal.FAILED
            connection.send(Failed(str(error), known))
    # Without tidying up: a driver that has failed may hang in that, too.
    os._exit(0)


def _answer(request: Request, engine: Engine, models: list[Model]) -> Reply:
    if isinstance(request, Run):
        return Ran(models[request.model].run(request.image))
    model = engine.load(request.content)
    models.append(model)
    return Loaded(engine.name, model.input_shape, model.output_shapes, model.output_quantisations)
