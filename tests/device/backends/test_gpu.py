"""The GPU: never on a processor that it would crash on, and for real over SwiftShader.

SwiftShader is Vulkan in software. Debian's package chromium has it; elsewhere VK_ICD_FILENAMES
names another driver's description.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from leuko.backends import Verdict, gpu, try_accelerator
from leuko.bundle import ModelBundle
from leuko.errors import AcceleratorError, Refusal
from leuko.inference import EngineProcess, LiteRTEngine, Patience
from leuko.inference.gpu import GPUEngine, refuse_without_render_node
from leuko.verification import golden_inputs, model_contents

CHROMIUMS = Path("/usr/lib/chromium/vk_swiftshader_icd.json")
PATIENT = Patience(opening_s=90.0, run_s=90.0)
FEATURES = {
    "Raspberry Pi 4": "fp asimd evtstrm crc32 cpuid",
    "Raspberry Pi 5": "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid "
    "asimdrdm lrcpc dcpop asimddp",
}


def cpu_info(folder: Path, board: str) -> Path:
    file = folder / board
    lines = ("processor\t: 0", f"Features\t: {FEATURES[board]}", "CPU part\t: 0xd08")
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


@pytest.fixture
def swiftshader(monkeypatch: pytest.MonkeyPatch) -> None:
    named = os.environ.get("VK_ICD_FILENAMES", str(CHROMIUMS))
    if not Path(named).is_file():
        pytest.skip(f"there is no Vulkan driver at {named}; install chromium for SwiftShader")
    monkeypatch.setenv("VK_ICD_FILENAMES", named)


def test_a_processor_without_lse_atomics_never_loads_the_library(tmp_path: Path) -> None:
    files = (cpu_info(tmp_path, "Raspberry Pi 4"), tmp_path / "unreadable")
    for file in files:
        with pytest.raises(AcceleratorError, match="no LSE atomics") as caught:
            GPUEngine(cpu_info=file, machine="aarch64")
        assert caught.value.refusal is Refusal.WRONG_PROCESSOR
    assert "WebGpu" not in Path("/proc/self/maps").read_text(encoding="utf-8")


def test_a_machine_without_a_gpu_is_told_from_one_with(tmp_path: Path) -> None:
    with pytest.raises(AcceleratorError, match="the kernel shows no GPU"):
        refuse_without_render_node(tmp_path)
    (tmp_path / "renderD128").touch()
    refuse_without_render_node(tmp_path)


def test_without_a_vulkan_driver_the_sentence_says_what_to_install(
    bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VK_ICD_FILENAMES", str(tmp_path / "none.json"))
    pi_5 = cpu_info(tmp_path, "Raspberry Pi 5")
    verdict = try_accelerator(gpu(cpu_info=pi_5), bundle, cpu_look_ms=None)
    assert isinstance(verdict, Verdict)
    assert verdict.refusal is Refusal.NO_DEVICE
    assert "LiteRT finds no GPU through Vulkan" in verdict.text
    assert "install mesa-vulkan-drivers" in verdict.text


@pytest.mark.hardware
@pytest.mark.usefixtures("swiftshader")
def test_the_gpu_gives_what_the_processor_gives(
    bundle: ModelBundle, capfd: pytest.CaptureFixture[str]
) -> None:
    processor = LiteRTEngine()
    with EngineProcess(GPUEngine, label="GPU", patience=PATIENT) as engine:
        for name, content in model_contents(bundle).items():
            image = golden_inputs(bundle)[name][0]
            ours, its = processor.load(content), engine.load(content)
            assert its.output_shapes == ours.output_shapes
            assert its.output_quantisations == ours.output_quantisations
            pairs = zip(its.run(image), ours.run(image), strict=True)
            # A GPU rounds other than integer kernels do; the tiny bundle's nets are steep.
            assert all(np.abs(a.astype(int) - b.astype(int)).max() <= 16 for a, b in pairs)
        assert engine.name.startswith("ai_edge_litert (GPU, ")
        assert "WebGPU" not in engine.name
    assert capfd.readouterr() == ("", "")


@pytest.mark.hardware
@pytest.mark.usefixtures("swiftshader")
def test_a_gpu_that_does_not_give_the_golden_outputs_is_not_taken(bundle: ModelBundle) -> None:
    exact = bundle.manifest.golden.tolerance.model_copy(update={"segmenter_lsb": 0})
    golden = bundle.manifest.golden.model_copy(update={"tolerance": exact})
    manifest = bundle.manifest.model_copy(update={"golden": golden})
    strict = ModelBundle(manifest, bundle.files, bundle.sha256, bundle.path)
    verdict = try_accelerator(gpu(), strict, cpu_look_ms=None)
    assert isinstance(verdict, Verdict)
    assert verdict.refusal is Refusal.DEVIATES
    assert "steps of uint8, 0 are allowed" in verdict.text
