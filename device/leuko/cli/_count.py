"""``leuko count`` and ``leuko demo``: images, and a simulated smear."""

# Commands import what they need, so that --help and --version stay quick on a small device.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko.cli._options import (
    BackendOption,
    BundleOption,
    ScaleOption,
    ThreadsOption,
    chosen_bundle,
    named_folder,
)
from leuko.plurals import counted

if TYPE_CHECKING:
    from leuko.count import CountResult
    from leuko.reports import FailedImage

OutOption = Annotated[
    Path, typer.Option(metavar="FOLDER", parser=named_folder, help="Folder for the results.")
]
_DOUBTED = (
    "neutrophils look like eosinophils in this stain, so eosinophils are taken to be few; "
    "check every neutrophil and eosinophil if this specimen may be rich in eosinophils"
)
SOME_FAILED = 3
"""Exit code of a count that left images out."""


def count(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Images, or folders of them.")
    ],
    *,
    out: OutOption,
    bundle: BundleOption = None,
    um_per_px: ScaleOption = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Calibration of the camera: its file, or the device's state folder."),
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Write each image with its cells outlined.")
    ] = False,
    masks: Annotated[
        bool, typer.Option("--masks", help="Write a label image for each image.")
    ] = False,
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Write one picture of the cells by class.")
    ] = False,
    backend: BackendOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Count the leukocytes of microscope images into a differential."""
    from leuko.adaptation import FEWEST_CELLS
    from leuko.backends import open_backend
    from leuko.calibration import adapter_for, calibrated_tone, load_calibration
    from leuko.count import Pictures, count_images
    from leuko.terminal import print_differential, progress_bar

    chosen, settings = chosen_bundle(bundle, um_per_px=um_per_px, backend=backend, threads=threads)
    scale = None if settings.um_per_px == "auto" else settings.um_per_px
    calibrated = load_calibration(calibration) if calibration else None
    adapter, _ = adapter_for(calibrated, chosen.sha256)
    with (
        open_backend(
            chosen,
            settings.backend,
            threads=settings.threads,
            adapter=adapter,
            tone=calibrated_tone(calibrated),
        ) as analyser,
        progress_bar() as progress,
    ):
        # All images on one backend: the same command gives the same numbers.
        analyser.settle()
        result = count_images(
            paths,
            out,
            bundle=chosen,
            analyser=analyser,
            um_per_px=scale,
            calibration=calibrated,
            pictures=Pictures(overlay=overlay, masks=masks, sheet=sheet),
            progress=progress,
        )
        is_comparing, would_compare = analyser.is_comparing, analyser.compares_cells
        doubts_eosinophils = analyser.doubts_eosinophils
    print_differential(result.count)
    _tell(result, out)
    if doubts_eosinophils:
        typer.echo(f"leuko: {_DOUBTED}", err=True)
    if is_comparing:
        typer.echo("each cell's name takes the run's other leukocytes into account")
    elif would_compare:
        typer.echo(f"each cell is named by itself: fewer than {FEWEST_CELLS} leukocytes were seen")
    if adapter:
        typer.echo("cells are named as adapted to this laboratory (leuko calibrate site)")
    if result.wbc:
        typer.echo(result.wbc.sentence)
    if result.failed:
        raise typer.Exit(SOME_FAILED)


def demo(
    *,
    seed: Annotated[int, typer.Option(min=0, help="Which smear: patient, stain and cells.")] = 7,
    out: OutOption = Path("demo-out"),
    cells: Annotated[int, typer.Option(min=1, max=1000, help="Leukocytes to count.")] = 100,
    bundle: BundleOption = None,
    backend: BackendOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Count a simulated smear, view by view, and set the true differential beside the count."""
    from rich.console import Console

    from leuko.backends import open_backend
    from leuko.demo import run_demo

    chosen, settings = chosen_bundle(bundle, backend=backend, threads=threads)
    with open_backend(chosen, settings.backend, threads=settings.threads) as analyser:
        analyser.settle()
        run_demo(
            out,
            analyser=analyser,
            bundle=chosen,
            seed=seed,
            target=cells,
            console=Console(),
        )


def _tell(result: "CountResult", out: Path) -> None:
    from leuko.terminal import scale_lines

    for line in scale_lines(result.um_per_px, result.scales, is_calibrated=result.is_calibrated):
        typer.echo(line)
    for warning in result.warnings:
        typer.echo(f"leuko: {warning}", err=True)
    if result.blurred:
        typer.echo(f"leuko: {_blurred(result)}", err=True)
    if not result.count.n:
        typer.echo(f"leuko: {_nothing(result)}", err=True)
    for line in _left_out(result):
        typer.echo(f"leuko: {line}", err=True)
    typer.echo(f"{_counted(result)} counted; results in {out}")


def _left_out(result: "CountResult") -> list[str]:
    """Return why images were left out, a line for each remedy: masks lie beside many a set."""
    kinds: dict[str, list[FailedImage]] = {}
    for failed in result.failed:
        # The sentences tell sizes and levels, which differ between images that lack the same.
        kinds.setdefault(failed.reason.rpartition("; ")[2], []).append(failed)
    return [f"left out {_with_reason(alike)}" for alike in kinds.values()]


def _with_reason(alike: "list[FailedImage]") -> str:
    from leuko.count import named_few

    first, *others = alike
    if not others:
        return f"{first.image}: {first.reason}"
    images = f"{len(alike)} images ({named_few([one.image for one in alike])})"
    if any(one.reason != first.reason for one in others):
        return f"{images}, for example {first.image}: {first.reason}"
    is_of_it = first.reason.startswith("it ")
    return f"{images}: {'each ' + first.reason.removeprefix('it ') if is_of_it else first.reason}"


def _blurred(result: "CountResult") -> str:
    from leuko.count import named_few

    return (
        f"not sharp: {len(result.blurred)} of {_images(result)} ({named_few(result.blurred)}); "
        "their cells may be named wrongly: focus and take them again"
    )


def _images(result: "CountResult") -> str:
    return counted(result.images, "image")


def _counted(result: "CountResult") -> str:
    if not result.failed:
        return _images(result)
    return f"{result.images} of {counted(result.images + len(result.failed), 'image')}"


def _nothing(result: "CountResult") -> str:
    count = result.count
    aside = {
        "of uncertain class": count.unclassified,
        "cut by the border or too large": count.cut_or_too_large,
    }
    found = "".join(f"; {why}: {number}" for why, number in aside.items() if number)
    return (
        f"no leukocyte was counted in {_images(result)}{found}; "
        "if there should be some, check focus, light and scale"
    )
