"""Simulated accelerators in real processes, and libraries that behave as libedgetpu does."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from leuko.backends import Accelerator, Backend
from leuko.bundle import ModelBundle, load_bundle
from leuko.inference import Patience
from leuko.sim.accelerator import FaultPlan, SimAccelerator

PATIENT = Patience(opening_s=60.0, run_s=20.0)
"""On a machine that does much else meanwhile a sound run may take seconds."""


@pytest.fixture(scope="session")
def bundle(tiny_bundle: Path) -> ModelBundle:
    return load_bundle(tiny_bundle)


@pytest.fixture
def simulated() -> Callable[..., Accelerator]:
    """Makes an accelerator that follows a plan."""

    def made(plan: FaultPlan | None = None, *, patience: Patience = PATIENT) -> Accelerator:
        return Accelerator(
            Backend.EDGETPU,
            "simulated accelerator",
            make=partial(SimAccelerator, plan or FaultPlan()),
            look=lambda: None,
            fitted=lambda bundle: bundle,
            remedy="plug it in again",
            patience=patience,
            is_plugged_in=True,
        )

    return made


@pytest.fixture
def libedgetpu(tmp_path: Path) -> Callable[..., str]:
    """Compiles a library that does at its opening what a statement of C says."""

    def compiled(statement: str, *needed: str) -> str:
        source, library = tmp_path / "delegate.c", tmp_path / "libedgetpu.so.1"
        source.write_text(DELEGATE % statement, encoding="utf-8")
        linked = [stub(tmp_path, name) for name in needed]
        build("-Wl,--no-as-needed", str(source), *linked, "-o", str(library))
        # What it needs is there to be linked with, and gone when it is loaded.
        for path in linked:
            Path(path).unlink()
        return str(library)

    return compiled


DELEGATE = """
#include <stddef.h>
#include <unistd.h>
/* TfLiteDelegate of tensorflow/lite/core/c/common.h; it takes no operator over. */
static int prepare(void *context, void *delegate) { return 0; }
static struct { void *data; int (*prepare)(void *, void *); void *unused[3]; long flags;
                void *builder; } idle = {.prepare = prepare};
void *tflite_plugin_create_delegate(char **keys, char **values, size_t n,
                                    void (*report)(const char *)) { %s }
void tflite_plugin_destroy_delegate(void *delegate) {}
"""


def stub(folder: Path, name: str) -> str:
    (folder / "stub.c").write_text("int stub;\n", encoding="utf-8")
    build(str(folder / "stub.c"), f"-Wl,-soname,{name}", "-o", str(folder / name))
    return str(folder / name)


def build(*arguments: str) -> None:
    subprocess.run(["cc", "-shared", "-fPIC", *arguments], check=True)
