"""Whether compiled models share the Edge TPU's memory, read from what the compiler wrote.

A compiled operator carries a package of executables (google-coral/libedgetpu,
executable/executable.fbs). Those with the same caching token keep their parameters on the chip side
by side; those with different ones drive each other's out at every change of model.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers, number_types  # type: ignore[import-untyped]
from flatbuffers.table import Table  # type: ignore[import-untyped]

from leuko_converter.errors import CompilerError

_OPERATOR = b"edgetpu-custom-op"
_PACKAGE_KEY = "4"
_PACKAGE_ID = b"DWN1"
# Numbers of fields in executable.fbs.
_MULTI_EXECUTABLE, _EXECUTABLES, _PARAMETERS, _TYPE, _TOKEN = 1, 0, 6, 13, 14
_STAND_ALONE = 0
"""Type of an executable that has all parameters; others have those cached and those streamed."""

_UNREADABLE = (IndexError, KeyError, TypeError, ValueError, struct.error)


def caching_tokens(tflite: bytes) -> frozenset[int]:
    """Return the caching tokens of a compiled model; none if it caches nothing on the chip.

    Args:
        tflite: what ``edgetpu_compiler`` wrote.

    Raises:
        CompilerError: it is not compiled, or in a form that is not known.
    """
    try:
        packages = list(_packages(tflite))
        tokens = frozenset(token for one in packages for token in _tokens(one) if token)
    except _UNREADABLE as error:
        raise CompilerError(
            f"the compiled model cannot be read ({error}); compile it with version 16.0"
        ) from error
    if not packages:
        raise CompilerError("the model is not compiled for the Edge TPU; compile it first")
    return tokens


def compiled_parameters(tflite: bytes) -> int | None:
    """Return how many bytes of parameters a compiled model brings; None if it does not tell.

    Args:
        tflite: what ``edgetpu_compiler`` wrote.
    """
    try:
        return sum(map(_parameters, _packages(tflite)))
    except _UNREADABLE:
        return None


def require_together(compiled: Mapping[str, bytes]) -> None:
    """Make sure that compiled models can be on the chip at the same time.

    Args:
        compiled: what ``edgetpu_compiler`` wrote, by its name for people.

    Raises:
        CompilerError: they were compiled one by one, or one of them is not compiled.
    """
    tokens = {name: caching_tokens(content) for name, content in compiled.items()}
    if len(frozenset().union(*tokens.values())) > 1:
        raise CompilerError(
            f"{', '.join(tokens)} were not compiled together and would drive each other from the "
            "chip; give all of them to one leuko-convert compile-edgetpu"
        )


def _packages(tflite: bytes) -> Iterator[bytes]:
    if not schema.Model.ModelBufferHasIdentifier(tflite, 0):
        raise ValueError("it is no TFLite model")
    model = schema.Model.GetRootAs(tflite)
    for graph in (model.Subgraphs(i) for i in range(model.SubgraphsLength())):
        for operator in (graph.Operators(i) for i in range(graph.OperatorsLength())):
            if model.OperatorCodes(operator.OpcodeIndex()).CustomCode() == _OPERATOR:
                options = flexbuffers.GetRoot(bytes(operator.CustomOptionsAsNumpy())).AsMap
                yield bytes(options[_PACKAGE_KEY].AsStringBytes)


def _tokens(package: bytes) -> Iterator[int]:
    for executable in _executables(package):
        yield _number(executable, _TOKEN, number_types.Uint64Flags)


def _parameters(package: bytes) -> int:
    sizes = {True: 0, False: 0}
    for executable in _executables(package):
        is_alone = _number(executable, _TYPE, number_types.Int16Flags) == _STAND_ALONE
        field = executable.Offset(_slot(_PARAMETERS))
        sizes[is_alone] += executable.VectorLen(field) if field else 0
    # Beside those that cache and stream, one that stands alone has the same parameters again.
    return sizes[False] or sizes[True]


def _executables(package: bytes) -> Iterator[Any]:
    if package[4:8] != _PACKAGE_ID:
        raise ValueError("it has no package of executables")
    executables = _root(_bytes(_root(package), _MULTI_EXECUTABLE))
    field = executables.Offset(_slot(_EXECUTABLES))
    for number in range(executables.VectorLen(field) if field else 0):
        start = executables.Vector(field) + 4 * number
        yield _root(bytes(executables.String(start)))


def _number(table: Any, field: int, kind: Any) -> int:  # ruff: ignore[any-type] - flatbuffers has no types
    where = table.Offset(_slot(field))
    return int(table.Get(kind, table.Pos + where)) if where else 0


def _root(content: bytes) -> Any:  # ruff: ignore[any-type] - flatbuffers has no types
    return Table(content, int.from_bytes(content[:4], "little"))


def _bytes(table: Any, number: int) -> bytes:  # ruff: ignore[any-type] - as above
    field = table.Offset(_slot(number))
    start, length = table.Vector(field), table.VectorLen(field)
    return bytes(table.Bytes[start : start + length])


def _slot(number: int) -> int:
    # The first two entries of a table's index are sizes.
    return 4 + 2 * number
