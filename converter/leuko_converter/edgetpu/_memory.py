"""What a model needs of the memory on the chip, estimated from its graph."""

from collections.abc import Sequence
from dataclasses import dataclass

from leuko_converter.edgetpu._graph import Operator

ON_CHIP_BYTES = 8 * 1024 * 1024
"""About 8 MB of SRAM hold parameters and activations (coral.ai/docs/edgetpu/compiler,
"Parameter data caching"); the compiler keeps some of it for its own instructions."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """An estimate from below: the compiler pads tensors and adds instructions.

    Attributes:
        parameters: bytes of all constants, those in a compiled operator too; None if that does
            not tell.
        activations: bytes of the inputs and outputs of the operator that has most of them.
    """

    parameters: int | None
    activations: int

    @property
    def is_cached(self) -> bool:
        """Whether the parameters surely stay on the chip from run to run."""
        return self.parameters is not None and self.parameters + self.activations <= ON_CHIP_BYTES


def memory_need(graph: Sequence[Operator], compiled: int | None = 0) -> MemoryNeed:
    """Return what a model needs.

    Args:
        graph: its operators.
        compiled: bytes of parameters in operators that were compiled; None if they do not tell.
    """
    constants = {
        id(tensor): tensor.size
        for operator in graph
        for tensor in operator.inputs
        if tensor and tensor.is_constant
    }
    flowing = (sum(tensor.size for tensor in operator.flowing) for operator in graph)
    parameters = None if compiled is None else sum(constants.values()) + compiled
    return MemoryNeed(parameters, max(flowing, default=0))
