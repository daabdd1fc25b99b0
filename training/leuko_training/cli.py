"""``leuko-train``: data sets, training, evaluation and benchmark."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from leuko.errors import LeukoError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Root = Annotated[
    Path, typer.Option("--datasets", envvar="LEUKO_DATASETS", help="Folder of all data sets.")
]
Runs = Annotated[Path, typer.Option(help="Folder that training runs live in.")]
Results = Annotated[Path, typer.Option(help="Folder that tables and plots are written to.")]
Outliner = Annotated[
    Path, typer.Option(help="Trained segmenter that outlines cells where there is no mask.")
]
BundlePath = Annotated[
    Path | None, typer.Option("--bundle", help="Bundle to judge; the shipped one by default.")
]

DATASETS_ROOT = Path("../shared/datasets")
RUNS = Path("runs")
RESULTS = Path("docs/results")
SEGMENTER = Path("training/weights/segmenter.keras")
CLASSIFIER = Path("training/weights/classifier.keras")
CERTAINTY = Path("training/weights/certainty.json")
OWN_CELLS = Path("training/weights/own-cells.npz")


@app.command()
def datasets(root: Root = DATASETS_ROOT) -> None:
    """Print which data sets are there, and warn of images shared between splits."""
    from leuko_training.datasets.audit import render_audit, run_audit

    render_audit(run_audit(root), Console())


@app.command()
def segmenter(
    *,
    root: Root = DATASETS_ROOT,
    runs: Runs = RUNS,
    architecture: Annotated[str, typer.Option(help="edge or paper")] = "edge",
    epochs: Annotated[int | None, typer.Option(help="Fewer or more than usual.")] = None,
) -> None:
    """Train the segmenter; a run that was cut goes on."""
    from leuko_training import runs as tasks

    tasks.run_segmenter(root, runs, architecture=architecture, epochs=epochs)


@app.command()
def classifier(
    root: Root = DATASETS_ROOT,
    runs: Runs = RUNS,
    architecture: Annotated[str, typer.Option(help="edge or paper")] = "edge",
    epochs: Annotated[int | None, typer.Option(help="Fewer or more than usual.")] = None,
) -> None:
    """Train the classifier on cells that the trained segmenter cuts out."""
    from leuko_training import runs as tasks

    tasks.run_classifier(root, runs, architecture=architecture, epochs=epochs)


@app.command()
def evaluate(
    *,
    root: Root = DATASETS_ROOT,
    bundle: BundlePath = None,
    results: Results = RESULTS,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Only renew the part on simulated smears.")
    ] = False,
) -> None:
    """Measure a bundle on fold 0, the left-out microscope, and simulated smears it never saw."""
    from leuko_training import evaluate as evaluation

    if simulated:
        evaluation.simulate_and_report(bundle, results)
    else:
        evaluation.evaluate_and_report(bundle, root, results)


@app.command()
def benchmark(
    root: Root = DATASETS_ROOT, bundle: BundlePath = None, results: Results = RESULTS
) -> None:
    """Time one large field from pixels to named cells, and write the results."""
    from leuko_training import benchmark as timing

    timing.benchmark_and_report(bundle, root, results)


@app.command("bench-live")
def bench_live(
    *,
    root: Root = DATASETS_ROOT,
    results: Results = RESULTS,
    bundle: BundlePath = None,
    frames: Annotated[
        int | None, typer.Option(min=100, help="Frames of the long course; fewer are no proof.")
    ] = None,
    runs: Runs = RUNS,
    again: Annotated[
        list[str] | None,
        typer.Option(help="Part to measure again: count, speed, growth, course, kills, fault."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only see that everything runs.")] = False,
) -> None:
    """Measure the live count: cells counted once, speed, growth, cuts and camera faults.

    A run that was cut goes on with the parts that are not measured yet.
    """
    from leuko_training.live_benchmark import extent, run

    chosen = extent.extent_for(frames, is_quick=quick)
    kept = runs / "bench-live"
    run.bench_and_report(bundle, root, results, kept=kept, again=again or (), extent=chosen)


@app.command("bench-start")
def bench_start(
    *,
    results: Results = RESULTS,
    bundle: BundlePath = None,
    starts: Annotated[int, typer.Option(min=1, help="Starts of each kind.")] = 5,
) -> None:
    """Measure the service's start, to ready and to the first counted frame; slow is an error."""
    from leuko_training.live_benchmark.start_report import MOST_S, bench_start_and_report

    if not bench_start_and_report(bundle, results, runs=starts):
        typer.echo(f"slower than {MOST_S:g} s; see {results / 'start.md'}", err=True)
        raise typer.Exit(1)


@app.command()
def transfer(
    *,
    root: Root = DATASETS_ROOT,
    runs: Runs = RUNS,
    results: Results = RESULTS,
    segmenter: Outliner = SEGMENTER,
    certainty: Annotated[
        Path, typer.Option(help="File for how far the shipped recipe's probabilities are believed.")
    ] = CERTAINTY,
    recipe: Annotated[
        list[str] | None, typer.Option(help="What to try, again for more; all without.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each.")] = 1,
    short: Annotated[
        bool, typer.Option("--short", help="Rank ideas in minutes: fewer, shorter trainings.")
    ] = False,
    raabin_alone: Annotated[
        bool, typer.Option("--raabin-alone", help="Learn from Raabin alone, too, as was published.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Judge whole bundles of the shipped recipe, too.")
    ] = False,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Train nothing: report what is there or was kept.")
    ] = False,
) -> None:
    """Leave one laboratory out after the other, train on the rest, and ask about its cells."""
    from leuko_training import transfer as transferring

    places = transferring.Places(root, runs / "transfer", results, segmenter, certainty)
    trials = transferring.planned(recipe, seeds=seeds, is_short=short, raabin_alone=raabin_alone)
    transferring.transfer_and_report(() if report_only else trials, places, whole=whole)


@app.command("own-cells")
def own_cells(
    *,
    root: Root = DATASETS_ROOT,
    runs: Runs = RUNS,
    results: Results = RESULTS,
    segmenter: Outliner = SEGMENTER,
    out: Annotated[
        Path, typer.Option(help="File for how leukocytes lie to each other, for bundles.")
    ] = OWN_CELLS,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings to measure it on.")] = 1,
) -> None:
    """Learn how leukocytes lie to each other; measure what that tells of unlabelled ones."""
    from leuko_training import own_cells as learning
    from leuko_training.transfer import Places

    places = Places(root, runs / "transfer", results, segmenter, CERTAINTY)
    learning.learn_and_report(places, runs, out=out, seeds=seeds)


@app.command()
def outlines(
    *,
    root: Root = DATASETS_ROOT,
    runs: Runs = RUNS,
    results: Results = RESULTS,
    left_out: Annotated[
        list[str] | None,
        typer.Option(help="Laboratory to leave out, again for more; all with masks without."),
    ] = None,
) -> None:
    """Leave laboratories out of the segmenter's training, and ask it for their outlines."""
    from leuko_training import transfer as transferring

    places = transferring.Places(root, runs / "transfer", results, SEGMENTER, CERTAINTY)
    transferring.outlines_and_report(left_out or (), places, classifier=CLASSIFIER)


@app.command()
def robustness(root: Root = DATASETS_ROOT, runs: Runs = RUNS, results: Results = RESULTS) -> None:
    """Alter the pictures of laboratories left out, and ask whole bundles about their cells."""
    from leuko_training import robustness as altering
    from leuko_training.transfer import Places

    places = Places(root, runs / "transfer", results, SEGMENTER, CERTAINTY)
    altering.alter_and_report(places, runs)


@app.command()
def laboratories(
    root: Root = DATASETS_ROOT,
    results: Results = RESULTS,
    segmenter: Outliner = SEGMENTER,
) -> None:
    """Compare how dark and how large the cells of each laboratory are, class by class."""
    from leuko_training import compared_laboratories

    compared_laboratories.compare_and_report(root, results, segmenter=segmenter)


@app.command("bench-calibration")
def bench_calibration(
    root: Root = DATASETS_ROOT,
    bundle: BundlePath = None,
    results: Results = RESULTS,
    part: Annotated[
        list[str] | None,
        typer.Option(help="Part to measure, again for more: light, scale, cost; all without."),
    ] = None,
) -> None:
    """Measure what a calibration is worth: even light, the size of a pixel, time and memory."""
    from leuko_training import calibration_benchmark

    parts = part or calibration_benchmark.PARTS
    calibration_benchmark.bench_and_report(bundle, root, results, parts=parts)


@app.command()
def stain(
    *,
    root: Root = DATASETS_ROOT,
    results: Results = RESULTS,
    draws: Annotated[int, typer.Option(min=1, help="Calibrations drawn of each laboratory.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
) -> None:
    """Measure the stain alarm: false ones within a laboratory, foreign slides that it finds."""
    from leuko_training import stain_benchmark

    stain_benchmark.bench_and_report(root, results, draws=draws, seed=seed)


@app.command("bench-site")
def bench_site(
    root: Root = DATASETS_ROOT,
    runs: Runs = RUNS,
    results: Results = RESULTS,
    segmenter: Outliner = SEGMENTER,
) -> None:
    """Measure what adapting to a laboratory is worth, on those that `transfer` has left out."""
    from leuko_training import site_benchmark

    site_benchmark.bench_and_report(root, runs, results, segmenter=segmenter)


def main() -> None:
    """Run the command line; what a user can mend becomes one line and exit code 1."""
    try:
        app()
    except LeukoError as error:
        typer.echo(f"leuko-train: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
