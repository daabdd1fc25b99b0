"""Running models: one small protocol, and the runtimes that fulfil it."""

from leuko.inference._base import Engine, Model, Quantisation, run_all
from leuko.inference.litert import LiteRTEngine

__all__ = ["Engine", "LiteRTEngine", "Model", "Quantisation", "run_all"]
