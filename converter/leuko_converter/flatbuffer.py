"""What a TFLite model is made of, read from its flatbuffer."""

from collections.abc import Mapping
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from leuko.inference import Quantisation
from leuko_converter.errors import ConversionError

_NAMES: Mapping[int, str] = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}


def operators(tflite: bytes) -> list[str]:
    """Return the operators in the order they run, by TFLite's names; a custom one by its own.

    Raises:
        ConversionError: the content is no TFLite model.
    """
    model = _model(tflite)
    names = [_name(model.OperatorCodes(i)) for i in range(model.OperatorCodesLength())]
    graphs = (model.Subgraphs(i) for i in range(model.SubgraphsLength()))
    return [
        names[graph.Operators(i).OpcodeIndex()]
        for graph in graphs
        for i in range(graph.OperatorsLength())
    ]


def input_quantisation(tflite: bytes) -> Quantisation:
    """Return how the model reads its first input.

    Raises:
        ConversionError: the content is no TFLite model, or its input is not quantised.
    """
    graph = _model(tflite).Subgraphs(0)
    parameters = graph.Tensors(graph.Inputs(0)).Quantization()
    if parameters is None or parameters.ScaleLength() != 1:
        raise ConversionError("the model's input is not quantised; convert it to full int8")
    return Quantisation(float(parameters.Scale(0)), int(parameters.ZeroPoint(0)))


def _model(tflite: bytes) -> Any:  # ruff: ignore[any-type] - the generated schema has no types
    if not schema.Model.ModelBufferHasIdentifier(tflite, 0):
        raise ConversionError("the content is no TFLite model; convert the model again")
    return schema.Model.GetRootAs(tflite)


def _name(code: Any) -> str:  # ruff: ignore[any-type] - the generated schema has no types
    # Codes below 127 were once a byte of their own; writers fill one or both fields.
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if builtin == schema.BuiltinOperator.CUSTOM:
        return bytes(code.CustomCode()).decode()
    return _NAMES[builtin]
