"""``edgetpu_compiler``, where it is installed."""

import shutil
import subprocess  # ruff: ignore[suspicious-subprocess-import] - runs the compiler itself
from collections.abc import Sequence
from pathlib import Path

from leuko_converter.edgetpu._caching import require_together
from leuko_converter.edgetpu._log import CompiledModel, parse_log
from leuko_converter.errors import CompilerError

COMPILER = "edgetpu_compiler"
LEAST_MAPPED = 0.9
"""Share of operators below which a compiled model is slower than the CPU alone."""

_LONGEST_S = 900.0
_HOW_TO_GET = (
    "on an x86-64 Debian, add Coral's package source (coral.ai/docs/edgetpu/compiler) and do: "
    "apt install edgetpu-compiler"
)


def compile_models(
    models: Sequence[Path],
    out: Path,
    *,
    compiler: str = COMPILER,
    least_mapped: float = LEAST_MAPPED,
) -> tuple[CompiledModel, ...]:
    """Compile models together, so that their parameters share the chip, and return the log.

    Args:
        models: full-int8 TFLite files.
        out: folder for the compiled ones, ``NAME_edgetpu.tflite``; made if need be.
        compiler: the program.
        least_mapped: share of operators that must run on the Edge TPU.

    Raises:
        CompilerError: the compiler is missing, fails, maps too little of a model, or wrote models
            that cannot be on the chip at the same time.
    """
    program = shutil.which(compiler)
    if program is None:
        raise CompilerError(f"{compiler} is not installed; {_HOW_TO_GET}")
    compiled = parse_log(_run(program, models, out))
    if len(compiled) != len(models):
        raise CompilerError(
            f"{compiler} speaks of {len(compiled)} models, {len(models)} were given; "
            "use version 16.0"
        )
    for one in compiled:
        _refuse_poor(one, least_mapped)
    if len(models) > 1:
        require_together({name: _written(out / name) for name in map(compiled_name, models)})
    return compiled


def compiled_name(model: Path) -> str:
    """Return what the compiler calls the compiled model."""
    return f"{model.stem}_edgetpu.tflite"


def _run(program: str, models: Sequence[Path], out: Path) -> str:
    try:
        out.mkdir(parents=True, exist_ok=True)
        command = [program, "-s", "-o", str(out), *map(str, models)]
        done = subprocess.run(  # ruff: ignore[subprocess-without-shell-equals-true] - own words
            command, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompilerError(f"{program} cannot be run ({error}); install it again") from error
    if done.returncode or "compiled successfully" not in done.stdout:
        said = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        last = "; ".join(said[-2:]) or f"exit code {done.returncode}"
        raise CompilerError(
            f"{program} compiled nothing ({last}); look at it with leuko-convert check-edgetpu"
        )
    return done.stdout


def _written(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CompilerError(
            f"{file} is not there after compiling ({error.strerror}); use version 16.0"
        ) from error


def _refuse_poor(one: CompiledModel, least: float) -> None:
    if one.share_mapped >= least:
        return
    left = ", ".join(
        f"{row.count} {row.name} ({row.status})" for row in one.rows if not row.is_mapped
    )
    raise CompilerError(
        f"of {one.model} only {one.mapped} of {one.operators} operators are mapped, "
        f"{least:.0%} are wanted: {left or 'the log names none'}; change the network, or quantise "
        "it otherwise"
    )
