"""``leuko bench``: the backends of this device, measured."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._options import (
    BackendOption,
    BundleOption,
    JSONOption,
    ThreadsOption,
    chosen_bundle,
)
from leuko.errors import CalibrationError, EngineError

if TYPE_CHECKING:
    from rich.table import Table

    from leuko.bench import BackendBench, MachineState
    from leuko.settings import Settings


def bench(
    *,
    bundle: BundleOption = None,
    backend: BackendOption = None,
    threads: ThreadsOption = None,
    runs: Annotated[
        int, typer.Option(min=1, max=10_000, help="Runs of each model that are measured.")
    ] = 50,
    json: JSONOption = False,
) -> None:
    """Measure every backend of this device: times, pictures a second, peak memory, heat."""
    from leuko.backends import ACCELERATORS, Backend
    from leuko.bench import bench_backends

    chosen, settings = chosen_bundle(bundle, backend=backend, threads=threads)
    if left_aside := _adaptation_left_aside(settings, chosen.sha256):
        typer.echo(f"leuko: {left_aside}", err=True)
    wanted = Backend(settings.backend)
    is_all = wanted is Backend.AUTO
    measured = list(
        bench_backends(
            chosen,
            threads=settings.threads,
            accelerators=[one for one in ACCELERATORS if is_all or one.backend is wanted],
            runs=runs,
            is_cpu_wanted=is_all or wanted is Backend.CPU,
        )
    )
    if json:
        backends = [asdict(one) for one in measured]
        typer.echo(dumps({"bundle": chosen.label, "backends": backends}, indent=2))
    elif any(one.stages for one in measured):
        _print(measured)
    if not any(one.stages for one in measured):
        raise EngineError(measured[0].text)


def _adaptation_left_aside(settings: "Settings", bundle_sha256: str) -> str:
    from leuko.calibration import FOLDER_NAME, CalibrationHistory, adapter_for

    try:
        calibration = CalibrationHistory(settings.state_dir / FOLDER_NAME).current()
    except CalibrationError as error:
        return str(error)
    return adapter_for(calibration, bundle_sha256)[1]


def _print(measured: "list[BackendBench]") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_table(measured))
    for one in measured:
        heat = f"; {_state(one.before)} before, {_state(one.after)} after" if one.stages else ""
        console.print(f"{one.backend}: {one.text}{heat}", markup=False, soft_wrap=True)


def _table(measured: "list[BackendBench]") -> "Table":
    from rich.table import Table

    table = Table()
    for name in ("backend", "stage"):
        table.add_column(name)
    for name in ("median ms", "95 % ms", "pictures/s", "peak MB"):
        table.add_column(name, justify="right")
    for one in measured:
        for stage in one.stages:
            is_field = stage.stage == "field"
            rate = f"{one.fields_per_s:.1f}" if is_field and one.fields_per_s else ""
            peak = f"{one.peak_mb:.0f}" if is_field and one.peak_mb else ""
            times = f"{stage.median_ms:.1f}", f"{stage.p95_ms:.1f}"
            table.add_row(str(one.backend), stage.stage, *times, rate, peak)
    return table


def _state(state: "MachineState") -> str:
    heat = "no sensor" if state.temperature_c is None else f"{state.temperature_c:.0f} °C"
    if state.throttling is None:
        return f"{heat}, throttling unknown"
    return f"{heat}, {', '.join(state.throttling.now) or 'not throttled'}"
