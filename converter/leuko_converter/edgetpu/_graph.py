"""A TFLite graph as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from leuko_converter.errors import ConversionError

_BYTES = {"BOOL": 1, "INT8": 1, "UINT8": 1, "INT16": 2, "FLOAT16": 2, "INT64": 8, "FLOAT64": 8}
_BYTES_OF_OTHERS = 4

_OPERATORS: Mapping[int, str] = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}
_TYPES: Mapping[int, str] = {
    value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """What flows between operators, or is kept in one.

    Attributes:
        shape: lengths, batch first; empty for a scalar.
        type: TFLite's name of the element type.
        scales: how many quantisation scales it has: 0, 1, or one a channel.
        is_constant: whether its values are in the file.
        is_dynamic: whether a length is known only at run time.
        values: what a small constant of integers holds; empty for all others.
    """

    shape: tuple[int, ...]
    type: str
    scales: int
    is_constant: bool
    is_dynamic: bool
    values: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Size in bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * _BYTES.get(self.type, _BYTES_OF_OTHERS)


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of a model.

    Attributes:
        name: TFLite's name; a custom operator's own.
        version: of the operator.
        inputs: an input that is left out is None.
        outputs: at least one.
        options: numbers and flags by the names of the schema's object interface.
    """

    name: str
    version: int
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, int]

    @property
    def flowing(self) -> tuple[Tensor, ...]:
        """Inputs and outputs that are computed, not kept in the file."""
        given = (tensor for tensor in self.inputs if tensor and not tensor.is_constant)
        return (*given, *self.outputs)


def read_graph(tflite: bytes) -> tuple[Operator, ...]:
    """Return the operators of a model in the order they run.

    Raises:
        ConversionError: the content is no TFLite model.
    """
    if not schema.Model.ModelBufferHasIdentifier(tflite, 0):
        raise ConversionError("the content is no TFLite model; convert the model again")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite))
    operators = []
    for graph in model.subgraphs:
        tensors = [_tensor(tensor, model.buffers) for tensor in graph.tensors]
        operators += [_operator(one, model.operatorCodes, tensors) for one in graph.operators]
    return tuple(operators)


def _tensor(raw: Any, buffers: list[Any]) -> Tensor:  # ruff: ignore[any-type] - the schema has no types
    content = buffers[raw.buffer].data
    is_constant = content is not None and len(content) > 0
    signature = () if raw.shapeSignature is None else raw.shapeSignature
    scale = None if raw.quantization is None else raw.quantization.scale
    values: tuple[int, ...] = ()
    if is_constant and _TYPES[raw.type] == "INT32" and len(content) <= 32:
        values = tuple(int(value) for value in np.asarray(content, np.uint8).view(np.int32))
    return Tensor(
        shape=() if raw.shape is None else tuple(int(length) for length in raw.shape),
        type=_TYPES[raw.type],
        scales=0 if scale is None else len(scale),
        is_constant=is_constant,
        is_dynamic=any(length < 0 for length in signature),
        values=values,
    )


def _operator(raw: Any, codes: list[Any], tensors: list[Tensor]) -> Operator:  # ruff: ignore[any-type] - the schema has no types
    code = codes[raw.opcodeIndex]
    # Codes below 127 were once a byte of their own; writers fill one or both fields.
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    is_custom = builtin == schema.BuiltinOperator.CUSTOM
    name = code.customCode.decode() if is_custom else _OPERATORS[builtin]
    options = {} if raw.builtinOptions is None else vars(raw.builtinOptions)
    return Operator(
        name=name,
        version=int(code.version),
        inputs=tuple(tensors[index] if index >= 0 else None for index in raw.inputs),
        outputs=tuple(tensors[index] for index in raw.outputs),
        options={key: int(value) for key, value in options.items() if isinstance(value, int)},
    )
