"""Compares what emulated arm64 machines made of the probe with what this machine made of it.

usage: compare.py FOLDER REPORT      FOLDER has here/ and a folder for each emulated machine
"""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hardware.arm64.installed import installed

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
INTRODUCTION = """# arm64, emulated

Written by `make check-arm64`: the arm64 packages, unpacked into Debian's own arm64 roots and run by
QEMU as the processor of a Raspberry Pi, beside the same on this machine. Emulated times say nothing
of a Pi and are left out.

- **reference kernels**: whether LiteRT's reference kernels give the same bits for a golden input of
  each model, and the same cells, to every digit, of {reference} real field.
- **XNNPACK**: farthest golden output in steps of uint8, of locator, outliner and classifier; the
  bundle allows {tolerances}.
- **fields**: whether `leuko count` gives the same differential of {fields} held-out fields of BCCD,
  how many cells are named otherwise, and how far any probability of any cell is off.
- **demo**: whether `leuko demo` gives the same differential of {demo} simulated leukocytes.
- **doctor**: whether `leuko doctor` tells the truth: 62 °C, an under-voltage that is over, no
  stick, no driver for one, a GPU that cannot be used and why, golden outputs within tolerance.

Bundle `{bundle}`.

"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one part came to.

    Attributes:
        text: for the report's table.
        faults: what is not as it must be.
    """

    text: str
    faults: tuple[str, ...] = ()


Judge = Callable[[Path, Path, str], Judged]
NOT_RUN = Judged("not run yet")


def machine(seen: Path, _here: Path, cpu: str) -> Judged:
    return Judged(f"{MACHINES[cpu]}, Python {read(seen / 'machine.json')['python']}")


def reference(seen: Path, here: Path, _cpu: str) -> Judged:
    other = [model for model in MODELS if not is_same_bits(seen, here, model)]
    faults = [f"the reference kernels' {model} differs" for model in other]
    if cells(seen / "reference") != cells(here / "reference"):
        faults.append("the reference kernels' cells differ")
    return Judged("**differ**" if faults else "same bits, same cells", tuple(faults))


def xnnpack(seen: Path, _here: Path, _cpu: str) -> Judged:
    found = read(seen / "xnnpack.json")
    faults = [
        f"XNNPACK's {model} is {one['largest_lsb']} steps off"
        for model, one in found.items()
        if one["largest_lsb"] > one["tolerance_lsb"]
    ]
    return Judged(" / ".join(str(found[model]["largest_lsb"]) for model in MODELS), tuple(faults))


def fields(seen: Path, here: Path, _cpu: str) -> Judged:
    renamed, farthest = differences(cells(seen / "count"), cells(here / "count"))
    is_same = differential(seen / "count") == differential(here / "count")
    told = f"{renamed} named otherwise, probabilities at most {farthest:.3f} apart"
    if is_same:
        return Judged(f"same; {told}")
    return Judged(f"**other**; {told}", ("leuko count gives another differential",))


def demo(seen: Path, here: Path, _cpu: str) -> Judged:
    if differential(seen / "demo") == differential(here / "demo"):
        return Judged("same")
    return Judged("**other**", ("leuko demo gives another differential",))


def doctor(seen: Path, _here: Path, cpu: str) -> Judged:
    told = json.loads((seen / "doctor.json").read_text(encoding="utf-8"))
    faults = tuple(lies(told, read(seen / "accelerators.json"), cpu))
    return Judged("**does not**" if faults else "tells the truth", faults)


PARTS: dict[str, tuple[Judge, tuple[str, ...]]] = {
    "machine": (machine, ("machine.json",)),
    "reference kernels": (reference, ("reference.json", "reference")),
    "XNNPACK": (xnnpack, ("xnnpack.json",)),
    "fields": (fields, ("count",)),
    "demo": (demo, ("demo",)),
    "doctor": (doctor, ("doctor.json", "accelerators.json")),
}
"""What is judged, how, and what it needs."""


def compared(seen: Path, here: Path) -> dict[str, Judged]:
    cpu = next(cpu for cpu in MACHINES if seen.name.startswith(cpu))
    return {
        part: judge(seen, here, cpu) if all((seen / name).exists() for name in needed) else NOT_RUN
        for part, (judge, needed) in PARTS.items()
    }


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


def report(folder: Path, machines: list[dict[str, Judged]]) -> tuple[str, list[str]]:
    """Return the whole report, and what is not as it must be."""
    packages, faults = installed(folder)
    faults = [fault for parts in machines for fault in faults_of(parts)] + faults
    told = "".join(f"- {fault}\n" for fault in faults)
    text = introduction(folder) + table(machines) + packages
    return text + (f"\n{told}" if told else ""), faults


def introduction(folder: Path) -> str:
    here = folder / "here"
    tolerances = read(here / "xnnpack.json")
    return INTRODUCTION.format(
        reference=len(read(here / "reference" / "differential.json")["images"]),
        fields=len(list((folder / "fields").iterdir())),
        demo=read(here / "demo" / "differential.json")["n"],
        tolerances=", ".join(str(tolerances[model]["tolerance_lsb"]) for model in MODELS),
        bundle=read(here / "machine.json")["bundle"],
    )


def table(machines: list[dict[str, Judged]]) -> str:
    lines = [list(PARTS), ["---"] * len(PARTS)]
    lines += [[one.text for one in parts.values()] for parts in machines]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def faults_of(parts: dict[str, Judged]) -> list[str]:
    return [f"{parts['machine'].text}: {fault}" for one in parts.values() for fault in one.faults]


def looked_at(folder: Path) -> list[Path]:
    """Return the folders of the machines that ran what ran here; an older run's are left out."""
    same = [read(folder / "here" / "machine.json")[key] for key in ("bundle", "program")]
    told = {path.parent: read(path) for path in sorted(folder.glob("cortex-*/machine.json"))}
    return [path for path, seen in told.items() if [seen["bundle"], seen["program"]] == same]


def main() -> int:
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    machines = [compared(seen, folder / "here") for seen in looked_at(folder)]
    text, faults = report(folder, machines)
    path.write_text(text, encoding="utf-8")
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    sys.stderr.write(f"{len(machines)} machines compared; see {path}\n")
    return 1 if faults or not machines else 0


if __name__ == "__main__":
    sys.exit(main())
