"""Running models: one small protocol, and the runtimes that fulfil it.

The processor's engine runs where it is called; an accelerator's runs in an `EngineProcess`.
"""

from leuko.inference._base import Engine, Model, ModelFacade, Quantisation, run_all
from leuko.inference._coral import USB_DEVICES, Coral, find_coral
from leuko.inference._process import PATIENCE, EngineProcess, Patience
from leuko.inference.litert import LiteRTEngine

__all__ = [
    "PATIENCE",
    "USB_DEVICES",
    "Coral",
    "Engine",
    "EngineProcess",
    "LiteRTEngine",
    "Model",
    "ModelFacade",
    "Patience",
    "Quantisation",
    "find_coral",
    "run_all",
]
