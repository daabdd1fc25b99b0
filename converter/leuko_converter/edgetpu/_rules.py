"""What the Edge TPU runs, operator by operator.

Source, where nothing else is said: coral.ai/docs/edgetpu/models-intro, "Model requirements" and
"Supported operations" (as of compiler 16.0, runtime 14).
"""

from collections.abc import Callable, Iterator, Mapping

from leuko_converter.edgetpu._graph import Operator

_BATCH = 0

LARGEST_SOFTMAX = 16_000

RESIZED_SURELY = 128 * 128
"""Rows times columns up to which resizing is reported to be mapped (google-coral/edgetpu 31)."""

HIGHEST_VERSION: Mapping[str, int] = {
    "CONV_2D": 5,
    "FULLY_CONNECTED": 8,
    "TRANSPOSE_CONV": 3,
}
"""Versions above these make the compiler refuse the whole model.

Source: google-coral/edgetpu issues 631 (CONV_2D 6) and 845 (TRANSPOSE_CONV 4), both of compiler
16.0; for FULLY_CONNECTED, reports of 14.1 refusing 9. No list of them was ever published.
"""

PER_CHANNEL = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
"""Operators whose weights may have one scale a channel (TFLite 8-bit quantisation specification
of the compiler's day; dense layers had one a tensor)."""

Rule = Callable[[Operator], Iterator[str]]


def _anything(_operator: Operator) -> Iterator[str]:
    yield from ()


def _no_activation(operator: Operator) -> Iterator[str]:
    if operator.options.get("fusedActivationFunction"):
        yield "has a fused activation"


def _concatenation(operator: Operator) -> Iterator[str]:
    yield from _no_activation(operator)
    if any(tensor and tensor.is_constant for tensor in operator.inputs) and (
        len(operator.inputs) != 2
    ):
        yield "joins a constant to more than one other tensor"


def _convolution(operator: Operator) -> Iterator[str]:
    options = operator.options
    if options.get("dilationWFactor", 1) != options.get("dilationHFactor", 1):
        yield "is dilated differently in x and y"


def _fully_connected(operator: Operator) -> Iterator[str]:
    if operator.options.get("weightsFormat"):
        yield "has weights in another format than the default one"
    if sum(length > 1 for length in operator.outputs[0].shape) > 1:
        yield f"gives {_shape(operator)}, not one dimension"


def _mean(operator: Operator) -> Iterator[str]:
    yield from _reduction(operator)
    given = operator.inputs[0]
    if given and len(given.shape) - 1 in _axes(operator) and given.shape[-1] % 4:
        yield f"averages over {given.shape[-1]} channels, not a multiple of 4"


def _reduction(operator: Operator) -> Iterator[str]:
    if _BATCH in _axes(operator) and len(operator.outputs[0].shape) > 1:
        yield "reduces the batch"


def _pack(operator: Operator) -> Iterator[str]:
    if operator.options.get("axis") == _BATCH:
        yield "packs the batch"


def _pad(operator: Operator) -> Iterator[str]:
    widths = operator.inputs[1].values if operator.inputs[1] else ()
    if any(widths[:2]):
        yield "pads the batch"


def _prelu(operator: Operator) -> Iterator[str]:
    alpha = operator.inputs[1]
    if alpha and any(length > 1 for length in alpha.shape[:-1]):
        yield "has an alpha for more than channels"


def _softmax(operator: Operator) -> Iterator[str]:
    shape = operator.outputs[0].shape
    if sum(length > 1 for length in shape) > 1:
        yield f"is over {_shape(operator)}, not one dimension"
    if max(shape, default=0) > LARGEST_SOFTMAX:
        yield f"has {max(shape)} elements, more than {LARGEST_SOFTMAX}"


def _split(operator: Operator) -> Iterator[str]:
    axis = operator.inputs[0].values if operator.inputs[0] else ()
    if axis[:1] == (_BATCH,):
        yield "splits the batch"


def _strided_slice(operator: Operator) -> Iterator[str]:
    strides = operator.inputs[3].values if operator.inputs[3] else ()
    if any(stride != 1 for stride in strides):
        yield f"has strides {strides}, not all 1"
    if operator.options.get("ellipsisMask") or operator.options.get("newAxisMask"):
        yield "has an ellipsis or a new axis"


def _lstm(operator: Operator) -> Iterator[str]:
    if operator.name != "UNIDIRECTIONAL_SEQUENCE_LSTM":
        yield "is no unidirectional sequence LSTM"


def _axes(operator: Operator) -> tuple[int, ...]:
    given, axes = operator.inputs[0], operator.inputs[1]
    rank = len(given.shape) if given else 1
    return tuple(axis % rank for axis in axes.values) if axes else ()


def _shape(operator: Operator) -> str:
    return " x ".join(str(length) for length in operator.outputs[0].shape)


RULES: Mapping[str, Rule] = {
    "ADD": _anything,
    "AVERAGE_POOL_2D": _no_activation,
    "CONCATENATION": _concatenation,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "EXPAND_DIMS": _anything,
    "FULLY_CONNECTED": _fully_connected,
    "L2_NORMALIZATION": _anything,
    "LOGISTIC": _anything,
    "LSTM": _lstm,
    "MAXIMUM": _anything,
    "MAX_POOL_2D": _no_activation,
    "MEAN": _mean,
    "MINIMUM": _anything,
    "MUL": _anything,
    "PACK": _pack,
    "PAD": _pad,
    "PRELU": _prelu,
    "QUANTIZE": _anything,
    "REDUCE_MAX": _reduction,
    "REDUCE_MIN": _reduction,
    "RELU": _anything,
    "RELU6": _anything,
    "RELU_N1_TO_1": _anything,
    "RESHAPE": _anything,
    "RESIZE_BILINEAR": _anything,
    "RESIZE_NEAREST_NEIGHBOR": _anything,
    "RSQRT": _anything,
    "SLICE": _anything,
    "SOFTMAX": _softmax,
    "SPACE_TO_DEPTH": _anything,
    "SPLIT": _split,
    "SQUARED_DIFFERENCE": _anything,
    "SQUEEZE": _anything,
    "STRIDED_SLICE": _strided_slice,
    "SUB": _anything,
    "SUM": _reduction,
    "TANH": _anything,
    "TRANSPOSE": _anything,
    "TRANSPOSE_CONV": _anything,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
"""Every operator that is mapped, with what its published limitations forbid."""


def doubts(operator: Operator) -> Iterator[str]:
    """Yield what the published rules leave open: the compiler may decide either way."""
    rows_columns = operator.outputs[0].shape[1:3]
    if operator.name.startswith("RESIZE_"):
        if operator.version > 2:
            yield (
                "version 3, half-pixel centres: compilers before 16.0 refused it "
                "(google-coral/edgetpu 396, 420)"
            )
        if len(rows_columns) == 2 and rows_columns[0] * rows_columns[1] > RESIZED_SURELY:
            yield (
                f"to {rows_columns[0]} x {rows_columns[1]}: large ones may stay on the CPU "
                "(google-coral/edgetpu 31, 187)"
            )
