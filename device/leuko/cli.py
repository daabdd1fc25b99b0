"""The command ``leuko``: where everything is put together.

Exit codes: 0 all went right, 1 an error stopped it, 2 the command was not understood, 3 it
finished but some images had to be left out.
"""

# Commands import what they need, so that --help and --version stay quick on a small device.

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leuko import __version__
from leuko.errors import BundleError, LeukoError

if TYPE_CHECKING:
    from leuko.bundle import ModelBundle
    from leuko.count import CountResult
    from leuko.settings import Settings

SOME_FAILED = 3
"""Exit code of a count that left images out."""

# Plain text starts in half the time, and an error stays the one line that it is.
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Leukocyte differentials from microscope images. Assists a trained person; "
    "not a diagnostic device.",
)
bundle_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Look at model bundles and check them."
)
app.add_typer(bundle_app, name="bundle")

BundleOption = Annotated[
    Path | None,
    typer.Option("--bundle", help="Folder or zip of the models; else the ones built in."),
]
BundleArgument = Annotated[
    Path | None, typer.Argument(help="Folder or zip; else the bundle built in.")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, max=64, help="CPU threads for each model.")
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``leuko`` and exit.

    A `LeukoError` becomes one line on stderr and exit code 1; anything else is a bug and shows
    its traceback.

    Args:
        arguments: what follows the command's name, or None for the process's own.
    """
    try:
        app(args=arguments, prog_name="leuko")
    except LeukoError as error:
        sys.stderr.write(f"leuko: {' '.join(str(error).split())}\n")
        sys.exit(1)


def _checked_scale(value: str | None) -> str | None:
    try:
        is_scale = value in {None, "auto"} or 0.02 <= float(value or "") <= 1.0
    except ValueError:
        is_scale = False
    if not is_scale:
        raise typer.BadParameter(f"{value!r} is neither auto nor a scale from 0.02 to 1 µm")
    return value


def _print_version(*, value: bool) -> None:
    if value:
        typer.echo(f"leuko {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    del version


@app.command()
def count(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Images, or folders of them.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    bundle: BundleOption = None,
    um_per_px: Annotated[
        str | None,
        typer.Option(
            metavar="X|auto",
            callback=_checked_scale,
            help="Scale of the images in µm per pixel; auto finds it from the red cells.",
        ),
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Write each image with its cells outlined.")
    ] = False,
    masks: Annotated[
        bool, typer.Option("--masks", help="Write a label image for each image.")
    ] = False,
    threads: ThreadsOption = None,
) -> None:
    """Count the leukocytes of microscope images into a differential."""
    from leuko.count import Pictures, count_images
    from leuko.inference import LiteRTEngine
    from leuko.terminal import print_differential, progress_bar

    chosen, settings = _chosen_bundle(bundle, um_per_px=um_per_px, threads=threads)
    scale = None if settings.um_per_px == "auto" else settings.um_per_px
    with progress_bar() as progress:
        result = count_images(
            paths,
            out,
            bundle=chosen,
            engine=LiteRTEngine(threads=settings.threads),
            um_per_px=scale,
            pictures=Pictures(overlay=overlay, masks=masks),
            progress=progress,
        )
    print_differential(result.count)
    _tell(result, out)
    if result.failed:
        raise typer.Exit(SOME_FAILED)


@bundle_app.command()
def verify(path: BundleArgument = None, *, threads: ThreadsOption = None) -> None:
    """Check a bundle's files and replay its golden inputs on this device."""
    from leuko.inference import LiteRTEngine
    from leuko.terminal import print_verification
    from leuko.verification import replay_golden

    bundle, settings = _chosen_bundle(path, threads=threads)
    report = replay_golden(bundle, LiteRTEngine(threads=settings.threads))
    print_verification(bundle, report)
    if not report.is_ok:
        raise BundleError(
            f"bundle {bundle.label} does not give its golden outputs on this device; "
            "install another version of ai-edge-litert or convert the bundle again"
        )


@bundle_app.command()
def show(path: BundleArgument = None) -> None:
    """Print what a bundle says of itself."""
    from leuko.terminal import print_bundle

    print_bundle(_chosen_bundle(path)[0])


@app.command()
def demo(
    *,
    seed: Annotated[int, typer.Option(min=0, help="Which smear: patient, stain and cells.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("demo-out"),
    cells: Annotated[int, typer.Option(min=1, max=1000, help="Leukocytes to count.")] = 100,
    bundle: BundleOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Count a simulated smear, view by view, and set the true differential beside the count."""
    from rich.console import Console

    from leuko.demo import run_demo
    from leuko.inference import LiteRTEngine
    from leuko.pipeline import FieldAnalyser

    chosen, settings = _chosen_bundle(bundle, threads=threads)
    run_demo(
        out,
        analyser=FieldAnalyser(chosen, LiteRTEngine(threads=settings.threads)),
        bundle=chosen,
        seed=seed,
        target=cells,
        console=Console(),
    )


def _chosen_bundle(path: Path | None, **options: object) -> tuple["ModelBundle", "Settings"]:
    from leuko.bundle import default_bundle_path, load_bundle
    from leuko.settings import load_settings

    settings = load_settings(os.environ, bundle=path, **options)
    return load_bundle(settings.bundle or default_bundle_path()), settings


def _tell(result: "CountResult", out: Path) -> None:
    for scale in result.scales:
        typer.echo(
            f"scale {scale.um_per_px:.4f} µm per pixel, from {scale.red_cells} red cells "
            f"(confidence {scale.confidence:.2f})"
        )
    for failed in result.failed:
        typer.echo(f"leuko: left out {failed.image}: {failed.reason}", err=True)
    typer.echo(f"{result.images} images counted; results in {out}")
