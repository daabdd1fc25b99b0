"""Compares what emulated arm64 machines made of the probe with what this machine made of it.

usage: compare.py FOLDER REPORT      FOLDER has here/ and a folder for each emulated machine
"""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODELS = ("locator", "outliner", "classifier")
MACHINES = {"cortex-a72": "Raspberry Pi 4, Cortex-A72", "cortex-a76": "Raspberry Pi 5, Cortex-A76"}
TRUTH = (
    ("ok", "backend", "cpu: "),
    ("ok", "bundle", "gives its golden outputs here"),
    ("ok", "temperature", "62 °C"),
    ("warning", "power", "under-voltage since the start"),
    ("ok", "accelerator", "no Edge TPU is plugged in"),
)
"""The camera is not judged: emulated, its process may take longer than the doctor waits."""
NO_EDGETPU = "libedgetpu.so.1 is not installed"
NO_GPU = {
    "cortex-a72": "would crash on this processor, which has no LSE atomics",
    "cortex-a76": "LiteRT finds no GPU through Vulkan",
}
HEAD = (
    "machine",
    "reference kernels",
    "XNNPACK",
    "fields",
    "farthest probability",
    "demo",
    "doctor",
)
INTRODUCTION = """# arm64, emulated

Written by `make check-arm64`: the arm64 packages, unpacked into Debian's own arm64 roots and run by
QEMU as the processor of a Raspberry Pi, beside the same on this machine. Emulated times say nothing
of a Pi and are left out.

- **reference kernels**: whether LiteRT's reference kernels give the same bits for a golden input of
  each model, and the same cells, to every digit, of {reference} real field.
- **XNNPACK**: farthest golden output in steps of uint8, of locator, outliner and classifier; the
  bundle allows {tolerances}.
- **fields**: whether `leuko count` gives the same differential of {fields} held-out fields of BCCD,
  and how many cells are named otherwise.
- **farthest probability**: of any class of any of these cells.
- **demo**: whether `leuko demo` gives the same differential of {demo} simulated leukocytes.
- **doctor**: whether `leuko doctor` tells the truth: 62 °C, an under-voltage that is over, no
  stick, no driver for one, a GPU that cannot be used and why, golden outputs within tolerance.

Bundle `{bundle}`.

"""


@dataclass(frozen=True, slots=True)
class Row:
    """What one emulated machine came to.

    Attributes:
        cells: of the report's table, in the order of its head.
        faults: what is not as it must be.
    """

    cells: tuple[str, ...]
    faults: tuple[str, ...]


def compared(name: str, seen: Path, here: Path) -> Row:
    cpu = next(cpu for cpu in MACHINES if name.startswith(cpu))
    faults: list[str] = []
    machine = read(seen / "machine.json")
    outputs = [model for model in MODELS if not is_same_bits(seen, here, model)]
    rows_differ = cells(seen / "reference") != cells(here / "reference")
    faults += [f"the reference kernels' {model} differs" for model in outputs]
    faults += ["the reference kernels' cells differ"] * rows_differ
    xnnpack = read(seen / "xnnpack.json")
    faults += [
        f"XNNPACK's {model} is {one['largest_lsb']} steps off"
        for model, one in xnnpack.items()
        if one["largest_lsb"] > one["tolerance_lsb"]
    ]
    renamed, farthest = differences(cells(seen / "count"), cells(here / "count"))
    same_count = differential(seen / "count") == differential(here / "count")
    same_demo = differential(seen / "demo") == differential(here / "demo")
    faults += ["leuko count gives another differential"] * (not same_count)
    faults += ["leuko demo gives another differential"] * (not same_demo)
    doctor = json.loads((seen / "doctor.json").read_text(encoding="utf-8"))
    untold = list(lies(doctor, read(seen / "accelerators.json"), cpu))
    faults += untold
    told = (
        f"{MACHINES[cpu]}, Python {machine['python']}",
        "same bits, same rows" if not (outputs or rows_differ) else "**differ**",
        " / ".join(str(xnnpack[model]["largest_lsb"]) for model in MODELS),
        f"{'same' if same_count else '**other**'}, {renamed} named otherwise",
        f"{farthest:.3f}",
        "same" if same_demo else "**other**",
        "tells the truth" if not untold else "**does not**",
    )
    return Row(told, tuple(f"{name}: {fault}" for fault in faults))


def is_same_bits(seen: Path, here: Path, model: str) -> bool:
    digests = {read(folder / "reference.json")[model] for folder in (seen, here)}
    return len(digests) == 1


def differential(folder: Path) -> tuple[object, ...]:
    found = read(folder / "differential.json")
    return found["counts"], found["excluded"], found["unclassified"]


def cells(folder: Path) -> list[dict[str, str]]:
    with (folder / "cells.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def differences(seen: list[dict[str, str]], here: list[dict[str, str]]) -> tuple[int, float]:
    """Return how many cells are named otherwise or not found, and the farthest probability."""
    renamed, farthest = abs(len(seen) - len(here)), 0.0
    for one, other in zip(seen, here, strict=False):
        renamed += (one["cell_class"], one["status"]) != (other["cell_class"], other["status"])
        probabilities = [key for key in one if key.startswith("p_")]
        farthest = max(
            farthest, *(abs(float(one[key]) - float(other[key])) for key in probabilities)
        )
    return renamed, farthest


def lies(doctor: list[str], accelerators: dict[str, list[str]], cpu: str) -> Iterator[str]:
    """Yield what a doctor on that machine should have said and did not."""
    for level, part, words in TRUTH:
        said = [line for line in doctor if line.split()[1:2] == [part]]
        if not any(line.startswith(level) and words in line for line in said):
            yield f"leuko doctor does not say {words!r} but {said}"
    for backend, words in {"edgetpu": NO_EDGETPU, "gpu": NO_GPU[cpu]}.items():
        (said_of_it,) = accelerators[backend]
        if not (said_of_it.startswith("fault") and words in said_of_it):
            yield f"leuko doctor does not say {words!r} but {said_of_it!r}"


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def report(folder: Path, here: Path, rows: list[Row]) -> str:
    tolerances = read(here / "xnnpack.json")
    introduction = INTRODUCTION.format(
        reference=len(read(here / "reference" / "differential.json")["images"]),
        fields=len(list((folder / "fields").iterdir())),
        demo=read(here / "demo" / "differential.json")["n"],
        tolerances=", ".join(str(tolerances[model]["tolerance_lsb"]) for model in MODELS),
        bundle=read(here / "machine.json")["bundle"],
    )
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells for row in rows)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    faults = [fault for row in rows for fault in row.faults]
    found = "\n" + "".join(f"- {fault}\n" for fault in faults) if faults else ""
    return introduction + table + found


def main() -> int:
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    here = folder / "here"
    machines = sorted(one.parent for one in folder.glob("cortex-*/reference"))
    rows = [compared(one.name, one, here) for one in machines]
    path.write_text(report(folder, here, rows), encoding="utf-8")
    faults = [fault for row in rows for fault in row.faults]
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    sys.stderr.write(f"{len(rows)} machines compared; see {path}\n")
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
