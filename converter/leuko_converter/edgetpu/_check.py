"""A model held against the Edge TPU's published rules, without a compiler."""

from collections.abc import Iterator
from dataclasses import dataclass

from leuko_converter.edgetpu._caching import compiled_parameters
from leuko_converter.edgetpu._graph import Operator, Tensor, read_graph
from leuko_converter.edgetpu._memory import MemoryNeed, memory_need
from leuko_converter.edgetpu._rules import HIGHEST_VERSION, PER_CHANNEL, RULES, doubts

COMPILED = "edgetpu-custom-op"
"""Name of the one operator that the compiler puts in place of all that it mapped."""

_INTEGERS = {"INT8", "UINT8"}


@dataclass(frozen=True, slots=True)
class Finding:
    """An operator that would not, or might not, run on the Edge TPU.

    Attributes:
        position: its place in the order of running, from 0.
        operator: its name.
        reason: why, as the predicate of a sentence.
    """

    position: int
    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What the rules say of a model.

    Attributes:
        operators: how many it has.
        refused: those that break a rule, with every rule they break.
        following: those that obey all rules but come after a refused one; the compiler makes
            one piece for the Edge TPU, and that ends there.
        doubtful: those that the published rules leave open.
        compiled: operators that the compiler made; 0 before compilation.
        memory: what the model needs on the chip.
    """

    operators: int
    refused: tuple[Finding, ...]
    following: tuple[Finding, ...]
    doubtful: tuple[Finding, ...]
    compiled: int
    memory: MemoryNeed

    @property
    def on_cpu(self) -> int:
        """How many operators would run on the CPU."""
        return len({finding.position for finding in (*self.refused, *self.following)})

    @property
    def open(self) -> int:
        """How many operators obey the rules as far as these go, and may be refused yet."""
        return len({finding.position for finding in self.doubtful})

    @property
    def is_ok(self) -> bool:
        """Whether no operator would run on the CPU."""
        return not self.on_cpu


def check_model(tflite: bytes) -> ModelCheck:
    """Return what the published rules say of a model, compiled or not.

    Raises:
        ConversionError: the content is no TFLite model.
    """
    graph = read_graph(tflite)
    refused = [
        Finding(position, operator.name, reason)
        for position, operator in enumerate(graph)
        for reason in _reasons(operator)
    ]
    first = min((finding.position for finding in refused), default=len(graph))
    broken = {finding.position for finding in refused}
    following = [
        Finding(position, operator.name, f"follows {graph[first].name}, which runs on the CPU")
        for position, operator in enumerate(graph)
        if position > first and position not in broken and operator.name != COMPILED
    ]
    doubtful = [
        Finding(position, operator.name, doubt)
        for position, operator in enumerate(graph)
        for doubt in doubts(operator)
        if position < first
    ]
    compiled = sum(operator.name == COMPILED for operator in graph)
    memory = memory_need(graph, compiled_parameters(tflite) if compiled else 0)
    return ModelCheck(
        len(graph), tuple(refused), tuple(following), tuple(doubtful), compiled, memory
    )


def _reasons(operator: Operator) -> Iterator[str]:
    if operator.name == COMPILED:
        return
    if operator.name not in RULES:
        yield "is no operator of the Edge TPU"
        return
    highest = HIGHEST_VERSION.get(operator.name, operator.version)
    if operator.version > highest:
        yield f"has version {operator.version}, the compiler reads {highest}"
    for tensor in operator.flowing:
        yield from _flowing_reasons(tensor)
    for kept in operator.inputs[1:]:
        yield from _kept_reasons(operator, kept)
    yield from RULES[operator.name](operator)


def _flowing_reasons(tensor: Tensor) -> Iterator[str]:
    if tensor.type not in _INTEGERS:
        yield f"works on {tensor.type.lower()}, not on 8-bit integers"
    elif tensor.scales != 1:
        yield f"has {tensor.scales} scales for what flows through it, not one"
    if tensor.is_dynamic:
        yield "has a size that is known only at run time"
    if any(length > 1 for length in tensor.shape[:-3]):
        yield f"has more than three dimensions: {' x '.join(map(str, tensor.shape))}"


def _kept_reasons(operator: Operator, tensor: Tensor | None) -> Iterator[str]:
    takes_weights = operator.name in PER_CHANNEL or operator.name == "FULLY_CONNECTED"
    if tensor is None:
        return
    if takes_weights and not tensor.is_constant and operator.name != "TRANSPOSE_CONV":
        yield "has weights or a bias that are computed, not constant"
    if tensor.is_constant and tensor.scales > 1 and operator.name not in PER_CHANNEL:
        yield f"has weights with {tensor.scales} scales; quantise dense layers per tensor"
