"""What runs the models: the processor, or an accelerator that has passed its trial.

An accelerator is opened in a process of its own, has to give the bundle's golden outputs, and
under ``auto`` to be faster than the processor. When it hangs, crashes or is pulled out, the field
is analysed again on the processor, and the accelerator is tried again later.
"""

from leuko.backends._accelerators import Accelerator, compiled_bundle, edge_tpu, gpu
from leuko.backends._analyser import ACCELERATORS, BackedAnalyser, open_backend
from leuko.backends._search import AcceleratorSearch, Pauses
from leuko.backends._speed import cpu_engine, look_ms, run_ms, run_times_ms
from leuko.backends._trial import Taken, try_accelerator
from leuko.backends._verdict import Backend, Event, Verdict

__all__ = [
    "ACCELERATORS",
    "Accelerator",
    "AcceleratorSearch",
    "BackedAnalyser",
    "Backend",
    "Event",
    "Pauses",
    "Taken",
    "Verdict",
    "compiled_bundle",
    "cpu_engine",
    "edge_tpu",
    "gpu",
    "look_ms",
    "open_backend",
    "run_ms",
    "run_times_ms",
    "try_accelerator",
]
