"""What one machine makes of the models, of real fields and of the demo, and what it says of itself.

Runs on the machine that is looked at, with the leuko that is installed there. What a folder has
already is not run again, so that a run that was cut goes on.

usage: probe.py FOLDER FIELDS
"""

import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import leuko as package
from leuko.backends import ACCELERATORS
from leuko.bundle import ModelBundle, default_bundle_path, load_bundle
from leuko.cli import main as command
from leuko.count import count_images
from leuko.doctor import examine_backend
from leuko.inference import LiteRTEngine, Patience
from leuko.pipeline import FieldAnalyser
from leuko.settings import load_settings
from leuko.verification import golden_inputs, model_contents, replay_golden

# An emulated processor takes a minute for what takes a Raspberry Pi a second.
REFERENCE_FIELDS = 1
UM_PER_PX = 0.08
"""About what the fields' red cells say; one field alone has too few of them."""
DEMO_CELLS = 5
ON_CPU = ("--backend", "cpu", "--threads", "1")
PATIENT = Patience(opening_s=900.0)
"""An emulated process takes as long to start as a real one that hangs."""
DEVICE = {
    "LEUKO_CAMERA": "sim",
    "LEUKO_CAMERA_SOURCE": "smear:24:40",
    "LEUKO_DISPLAY": "none",
    "LEUKO_FRAME_WIDTH": "480",
    "LEUKO_FRAME_HEIGHT": "360",
    "LEUKO_THREADS": "1",
}
"""One thread, for which number is fastest an emulator cannot tell."""


def program() -> str:
    """Return a digest of the leuko that runs, and of what it is asked."""
    sources = [*sorted(Path(package.__file__).parent.rglob("*.py")), Path(__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:8]


def golden(bundle: ModelBundle) -> dict[str, object]:
    """Return how far each model is from its golden outputs."""
    report = replay_golden(bundle, LiteRTEngine())
    return {
        one.model: {"largest_lsb": one.largest_lsb, "tolerance_lsb": one.tolerance_lsb}
        for one in report.differences
    }


def reference_bits(bundle: ModelBundle) -> dict[str, str]:
    """Return a digest of what the reference kernels make of each model's first golden input."""
    engine, inputs = LiteRTEngine(reference=True), golden_inputs(bundle)
    found = {}
    for model, content in model_contents(bundle).items():
        outputs = engine.load(content).run(inputs[model][0])
        joined = b"".join(output.tobytes() for output in outputs)
        found[model] = hashlib.sha256(joined).hexdigest()
    return found


def counted_by_reference(out: Path, fields: Path, bundle: ModelBundle) -> None:
    """Count with kernels that give the same bits on every processor."""
    count_images(
        sorted(fields.iterdir())[:REFERENCE_FIELDS],
        out,
        bundle=bundle,
        analyser=FieldAnalyser(bundle, LiteRTEngine(reference=True)),
        um_per_px=UM_PER_PX,
    )


def told_of_accelerators() -> dict[str, list[str]]:
    """Return what the doctor says of each accelerator that is asked for."""
    told = {}
    for accelerator in ACCELERATORS:
        settings = load_settings(os.environ, backend=str(accelerator.backend))
        finding = examine_backend(settings, [replace(accelerator, patience=PATIENT)])
        told[str(accelerator.backend)] = [f"{finding.health.level:8}{finding.health.text}"]
    return told


def leuko(*arguments: str) -> str:
    """Return what a command prints; a doctor that finds faults fails, and that is well."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            command(list(arguments))
    except SystemExit as ended:
        if ended.code and arguments[0] != "doctor":
            raise RuntimeError(f"leuko {' '.join(arguments)} failed") from ended
    return printed.getvalue()


def once(path: Path, work: Callable[[Path], object]) -> None:
    """Do what has not been done, and leave nothing that is half done under its name."""
    if path.exists():
        return
    begun, computed = time.monotonic(), time.process_time()
    partial = path.with_name(f".{path.name}")
    shutil.rmtree(partial, ignore_errors=True)
    result = work(partial)
    if not partial.exists():
        partial.write_text(json.dumps(result, indent=2), encoding="utf-8")
    partial.rename(path)
    took, computed = time.monotonic() - begun, time.process_time() - computed
    sys.stderr.write(f"{path}: {took:.0f} s, {computed:.0f} s of them computing\n")


def main() -> None:
    folder, fields = Path(sys.argv[1]), Path(sys.argv[2])
    bundle = load_bundle(default_bundle_path())
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "bundle": bundle.label,
        "program": program(),
    }
    kept = folder / "machine.json"
    if not kept.exists() or json.loads(kept.read_text(encoding="utf-8")) != machine:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(machine), encoding="utf-8")
    os.environ |= DEVICE
    once(folder / "xnnpack.json", lambda _: golden(bundle))
    once(folder / "count", lambda out: leuko("count", str(fields), "--out", str(out), *ON_CPU))
    once(folder / "reference.json", lambda _: reference_bits(bundle))
    once(folder / "reference", lambda out: counted_by_reference(out, fields, bundle))
    once(folder / "accelerators.json", lambda _: told_of_accelerators())
    once(folder / "doctor.json", lambda _: leuko("doctor").splitlines())
    cells = str(DEMO_CELLS)
    once(folder / "demo", lambda out: leuko("demo", "--cells", cells, "--out", str(out), *ON_CPU))


if __name__ == "__main__":
    main()
