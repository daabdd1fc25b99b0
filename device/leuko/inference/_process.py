"""An engine in a process of its own, which may hang or crash there."""

import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from leuko.errors import AcceleratorError, EngineError, Refusal
from leuko.inference._base import Quantisation
from leuko.inference._child import (
    Failed,
    Load,
    Loaded,
    MakeEngine,
    Opened,
    Ran,
    Reply,
    Request,
    serve,
)
from leuko.inference._child import Run as RunModel
from leuko.processes import SPAWN, exit_text, send, starting

_OPENING_S = 30.0
"""A Coral loads its firmware first, a GPU compiles its shaders."""
_RUN_S = 2.0
"""The slowest run measured, the largest tile on a Pi 4's processor, takes a tenth of it."""
_FAREWELL_S = 1.0

T = TypeVar("T", Opened, Loaded, Ran)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an engine before it counts as hung.

    Attributes:
        opening_s: for the engine itself, for loading a model, and for a run while it settles in.
        run_s: for a run after that.
    """

    opening_s: float = _OPENING_S
    run_s: float = _RUN_S


PATIENCE = Patience()
"""For real accelerators."""


class EngineProcess:
    """Runs another engine in a process of its own; fulfils `Engine`.

    Whatever goes wrong there ends that process and becomes an `AcceleratorError`, the same one
    for every later call. A model that was loaded once is not loaded again.

    Made in a thread that lives as long as it is needed, for the process ends with that thread;
    used by one thread at a time.
    """

    def __init__(
        self,
        make: MakeEngine,
        *,
        label: str,
        remedy: str = "choose another backend",
        patience: Patience = PATIENCE,
    ) -> None:
        """Start the process and wait for its engine.

        Args:
            make: makes the engine; a picklable function that is called in the process.
            label: what a person calls the accelerator.
            remedy: what to do when it hangs or crashes.
            patience: how long to wait for it.

        Raises:
            AcceleratorError: the engine cannot be made, hangs, or crashes.
        """
        self._label = label
        self._remedy = remedy
        self._patience = patience
        self._within_s = patience.opening_s
        self._models: dict[bytes, _RemoteModel] = {}
        self._lost: AcceleratorError | None = None
        self._connection, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(
            target=serve,
            args=(make, theirs),
            kwargs={"parent": os.getpid()},
            name="leuko-engine",
            daemon=True,
        )
        try:
            with starting():
                self._process.start()
        except OSError as error:
            sentence = f"{label} gets no process ({error.strerror}); end other programs"
            raise AcceleratorError(sentence, Refusal.FAILED) from error
        finally:
            theirs.close()
        # At exit multiprocessing waits for its children, and a hung one heeds no SIGTERM.
        self._kill = util.Finalize(self, _kill, (self._process, self._connection), exitpriority=1)
        _limit_transfers(self._connection, self._within_s)
        self._name = self._reply(Opened, patience.opening_s).name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """What runs in the process."""
        return self._name

    @property
    def process_id(self) -> int:
        """Id of the process, by which its memory can be read."""
        return self._process.pid or 0

    def load(self, content: bytes) -> "_RemoteModel":
        """Return the model ready to run, the same one for the same content.

        Raises:
            AcceleratorError: the engine cannot run this model, hangs, or crashes.
        """
        if content not in self._models:
            loaded = self._ask(Load(content), Loaded, self._patience.opening_s)
            self._name = loaded.engine
            self._models[content] = _RemoteModel(self, len(self._models), loaded)
        return self._models[content]

    def has_settled_in(self) -> None:
        """Expect each run to be quick from now on: first runs load weights and compile shaders."""
        self._within_s = self._patience.run_s
        _limit_transfers(self._connection, self._within_s)

    def run(self, model: int, image: NDArray[np.uint8]) -> Ran:
        """Run a model that was loaded.

        Raises:
            AcceleratorError: the engine failed, hangs, or crashed.
        """
        return self._ask(RunModel(model, image), Ran, self._within_s)

    def close(self) -> None:
        """End the process; later calls do nothing."""
        if not self._kill.still_active():
            return
        self._kill()
        self._process.join(_FAREWELL_S)

    def _ask(self, request: Request, kind: type[T], within_s: float) -> T:
        if self._lost:
            raise self._lost
        try:
            send(self._connection, request)
        except BlockingIOError:
            raise self._hung(self._within_s) from None
        except OSError:
            raise self._crashed() from None
        return self._reply(kind, within_s)

    def _reply(self, kind: type[T], within_s: float) -> T:
        try:
            if not wait([self._connection], within_s):
                raise self._hung(within_s)
            reply: Reply = self._connection.recv()
        except BlockingIOError:
            raise self._hung(self._within_s) from None
        except (EOFError, OSError):
            raise self._crashed() from None
        if isinstance(reply, Failed):
            raise self._given_up(reply.sentence, reply.refusal)
        if not isinstance(reply, kind):
            raise self._given_up(f"{self._label} answers what it was not asked", Refusal.FAILED)
        return reply

    def _hung(self, after_s: float) -> AcceleratorError:
        sentence = f"{self._label} does not answer within {after_s:g} s; {self._remedy}"
        return self._given_up(sentence, Refusal.HUNG)

    def _crashed(self) -> AcceleratorError:
        self._process.join(_FAREWELL_S)
        ended = exit_text(self._process) or "its connection was closed"
        sentence = f"{self._label} ended its process ({ended}); {self._remedy}"
        return self._given_up(sentence, Refusal.CRASHED)

    def _given_up(self, sentence: str, refusal: Refusal) -> AcceleratorError:
        self._lost = AcceleratorError(sentence, refusal)
        self.close()
        return self._lost


class _RemoteModel:
    def __init__(self, engine: EngineProcess, number: int, loaded: Loaded) -> None:
        self._engine = engine
        self._number = number
        self._loaded = loaded

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._loaded.input_shape

    @property
    def output_shapes(self) -> tuple[tuple[int, ...], ...]:
        return self._loaded.output_shapes

    @property
    def output_quantisations(self) -> tuple[Quantisation, ...]:
        return self._loaded.output_quantisations

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        if image.shape != self.input_shape[1:]:
            # The accelerator is not to blame, and stays.
            msg = f"could not run the model: it takes {self.input_shape[1:]}, not {image.shape}"
            raise EngineError(msg)
        return self._engine.run(self._number, image).outputs


def _limit_transfers(connection: "Connection[Request, Reply]", limit_s: float) -> None:
    """Make a transfer to or from a process that is stopped fail instead of wait for ever."""
    limit = struct.pack("ll", int(limit_s), int(limit_s % 1 * 1e6))
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as ours:
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, option, limit)


def _kill(process: SpawnProcess, connection: "Connection[Request, Reply]") -> None:
    process.kill()
    connection.close()
