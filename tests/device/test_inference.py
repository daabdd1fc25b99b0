"""The engine, its runtimes and its errors."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leuko import errors
from leuko.bundle import default_bundle_path
from leuko.errors import EngineError, LeukoError
from leuko.inference import LiteRTEngine, Quantisation


@given(st.floats(1e-4, 1.0), st.integers(0, 255), st.floats(-1, 1))
def test_storing_and_reading_back_is_within_half_a_step(
    scale: float, zero_point: int, share: float
) -> None:
    quantisation = Quantisation(scale, zero_point)
    low, high = -zero_point * scale, (255 - zero_point) * scale
    real = np.array([low + (high - low) * (share + 1) / 2])
    back = quantisation.real(quantisation.stored(real))
    assert abs(float(back[0]) - real[0]) <= scale * 0.5001 + 1e-6


def test_the_first_runtime_that_is_there_is_taken_and_named() -> None:
    engine = LiteRTEngine(runtimes=("no_such_runtime.interpreter", "ai_edge_litert.interpreter"))
    assert engine.name.startswith("ai_edge_litert")


def test_without_any_runtime_the_error_says_what_to_install() -> None:
    with pytest.raises(EngineError, match="install ai-edge-litert"):
        LiteRTEngine(runtimes=("no_such_runtime.interpreter",))


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(EngineError, match="could not load the model"):
        LiteRTEngine().load(b"no flatbuffer at all, but long enough to be looked at")


def test_an_image_of_the_wrong_size_is_refused() -> None:
    model = LiteRTEngine().load((default_bundle_path() / "outliner.tflite").read_bytes())
    with pytest.raises(EngineError, match="could not run the model"):
        model.run(np.zeros((16, 16, 3), np.uint8))


def test_loading_a_model_announces_nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    LiteRTEngine().load((default_bundle_path() / "outliner.tflite").read_bytes())
    assert not capfd.readouterr().err


def test_what_else_is_written_to_stderr_while_a_model_loads_arrives(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "talking_runtime.py").write_text(TALKING_RUNTIME, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineError, match="no memory"):
        LiteRTEngine(runtimes=("talking_runtime",)).load(b"")
    assert capfd.readouterr().err == "ERROR: the arena is full\n"


TALKING_RUNTIME = """
import os

def Interpreter(**_):
    os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\n")
    os.write(2, b"ERROR: the arena is full\\n")
    raise RuntimeError("no memory")
"""


def test_every_error_of_ours_is_a_leuko_error() -> None:
    types = [value for value in vars(errors).values() if isinstance(value, type)]
    ours = [value for value in types if issubclass(value, BaseException)]
    assert len(ours) > 5
    assert all(issubclass(error, LeukoError) for error in ours)
