"""The Coral Edge TPU: whether a model fits it, and the compiler that maps it."""

from leuko_converter.edgetpu._caching import caching_tokens, require_together
from leuko_converter.edgetpu._check import Finding, ModelCheck, check_model
from leuko_converter.edgetpu._compiler import LEAST_MAPPED, compile_models
from leuko_converter.edgetpu._graph import Operator, Tensor, read_graph
from leuko_converter.edgetpu._log import CompiledModel, LoggedOperator, parse_log
from leuko_converter.edgetpu._memory import ON_CHIP_BYTES, MemoryNeed, memory_need
from leuko_converter.edgetpu._twins import add_twins

__all__ = [
    "LEAST_MAPPED",
    "ON_CHIP_BYTES",
    "CompiledModel",
    "Finding",
    "LoggedOperator",
    "MemoryNeed",
    "ModelCheck",
    "Operator",
    "Tensor",
    "add_twins",
    "caching_tokens",
    "check_model",
    "compile_models",
    "memory_need",
    "parse_log",
    "read_graph",
    "require_together",
]
