"""A simulated accelerator that fails in the ways real ones do.

It runs models on the processor and gives their very outputs, until its fault comes. What it does
then is real: it hangs, or ends the process that it runs in.
"""

import os
import signal
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leuko.errors import AcceleratorError, Refusal
from leuko.inference import LiteRTEngine, Model, ModelFacade

_FOR_EVER_S = 3600.0
_SLOW_S = 0.05
_DEVIATION = 100


class Fault(StrEnum):
    """What becomes of a simulated accelerator."""

    NONE = "none"
    """Nothing."""
    HANG = "hang"
    """It never answers again, as a stick whose cable is loose."""
    FREEZE = "freeze"
    """Its process is stopped, as one that waits inside the kernel."""
    SEGFAULT = "segfault"
    """Its library reads where it may not, as one built for another runtime."""
    ILLEGAL = "illegal instruction"
    """Its library needs another processor, as LiteRT's for the GPU on a Raspberry Pi 4."""
    VANISH = "vanish"
    """Its driver reports that it is gone, as a stick that is pulled out."""
    DEVIATE = "deviate"
    """Its outputs are wrong."""
    SLOW = "slow"
    """It takes its time."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """When a simulated accelerator fails.

    Attributes:
        fault: how.
        after_runs: model runs that succeed first; -1 to fail when it is opened.
        openings: folder in which each opening leaves a file, by which later ones know how many
            came before them; None if all openings are alike.
        faulty_openings: how many openings fail; later ones are sound.
    """

    fault: Fault = Fault.NONE
    after_runs: int = 0
    openings: Path | None = None
    faulty_openings: int = 1


class SimAccelerator:
    """Fulfils `leuko.inference.Engine`; to be run in an `leuko.inference.EngineProcess`."""

    name = "simulated accelerator"

    def __init__(self, plan: FaultPlan = FaultPlan()) -> None:
        """Be opened; a plan may end this process here already.

        Args:
            plan: what is to go wrong.

        Raises:
            AcceleratorError: it is planned to be missing.
        """
        self._engine = LiteRTEngine()
        self._fault = plan.fault if _is_faulty(plan) else Fault.NONE
        self._runs_left = plan.after_runs
        if self._runs_left < 0:
            self.fail()

    def load(self, content: bytes) -> Model:
        """Return the model ready to run.

        Raises:
            EngineError: the content is no TFLite model.
        """
        return _SimModel(self, self._engine.load(content))

    def count_run(self) -> None:
        """Count a run, and let the fault come when its time has come.

        Raises:
            AcceleratorError: the accelerator is gone.
        """
        if self._runs_left <= 0:
            self.fail()
        self._runs_left -= 1

    def fail(self) -> None:
        """Let the fault come.

        Raises:
            AcceleratorError: the accelerator is gone.
        """
        match self._fault:
            case Fault.HANG:
                time.sleep(_FOR_EVER_S)
            case Fault.SLOW:
                time.sleep(_SLOW_S)
            case Fault.FREEZE:
                os.kill(os.getpid(), signal.SIGSTOP)
            case Fault.SEGFAULT:
                os.kill(os.getpid(), signal.SIGSEGV)
            case Fault.ILLEGAL:
                os.kill(os.getpid(), signal.SIGILL)
            case Fault.VANISH:
                sentence = "the simulated accelerator is gone; plug it in again"
                raise AcceleratorError(sentence, Refusal.NO_DEVICE)

    def seen(self, output: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return an output as this accelerator gives it."""
        is_wrong = self._fault is Fault.DEVIATE and self._runs_left < 0
        return output + np.uint8(_DEVIATION) if is_wrong else output


class _SimModel(ModelFacade):
    def __init__(self, accelerator: SimAccelerator, model: Model) -> None:
        super().__init__(model)
        self._accelerator = accelerator

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
        outputs = self._model.run(image)
        self._accelerator.count_run()
        return tuple(self._accelerator.seen(output) for output in outputs)


def _is_faulty(plan: FaultPlan) -> bool:
    if plan.openings is None:
        return True
    opening = len(list(plan.openings.iterdir()))
    (plan.openings / f"{opening} {os.getpid()}").touch()
    return opening < plan.faulty_openings
