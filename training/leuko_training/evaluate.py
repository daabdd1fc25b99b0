"""``make evaluate``: judge a bundle on the held-out images and write down what was measured."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from leuko.bundle import default_bundle_path, load_bundle
from leuko.errors import OutputError
from leuko_training.errors import DatasetError
from leuko_training.evaluation import (
    DICE,
    SEEDS,
    Evaluation,
    SimulatedResult,
    analysis_of,
    evaluate,
    evaluate_analysis,
    matrices_of,
    record_of,
    record_of_simulated,
    relative_words,
    render_report,
    score_simulated,
    simulated_slides,
    subject_of,
    with_simulated,
    write_failures,
    write_pictures,
)
from leuko_training.figures import plot_confusion, plot_dice

__all__ = [
    "evaluate",
    "evaluate_analysis",
    "evaluate_and_report",
    "simulate_and_report",
    "write_report",
    "write_simulated",
]

COMMAND = "make evaluate"
PICTURES = Path("runs/evaluation")
"""Where pictures with pixels of data sets go; git ignores it."""


def evaluate_and_report(bundle: Path | None, root: Path, results: Path) -> Evaluation:
    """Evaluate a bundle on fold 0, write the results, and return them.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        root: folder of all data sets.
        results: folder that tables and plots go to.
    """
    loaded = load_bundle(bundle or default_bundle_path())
    evaluation = evaluate(loaded, root, seeds=SEEDS)
    write_report(evaluation, results)
    return evaluation


def simulate_and_report(
    bundle: Path | None, results: Path, *, seeds: Sequence[int] = SEEDS
) -> None:
    """Judge a bundle on simulated smears alone, and renew that part of its evaluation.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        results: folder with the evaluation of this bundle.
        seeds: the slides.

    Raises:
        DatasetError: there is no evaluation of this bundle in the folder.
        OutputError: it cannot be written.
    """
    loaded = load_bundle(bundle or default_bundle_path())
    sha256 = subject_of(loaded).sha256
    _former(results, sha256)
    if result := score_simulated(simulated_slides(seeds), partial(analysis_of, loaded)):
        write_simulated(result, results, sha256=sha256)


def write_simulated(result: SimulatedResult, folder: Path, *, sha256: str) -> None:
    """Renew what an evaluation's files say of simulated smears.

    Args:
        result: what was measured.
        folder: with ``evaluation.md`` and ``evaluation.json``.
        sha256: of the bundle that was measured, without its model card.

    Raises:
        DatasetError: there is no evaluation of this bundle in the folder.
        OutputError: it cannot be written.
    """
    record, report = _former(folder, sha256)
    record["simulated"] = record_of_simulated(result)
    _write_texts(record, with_simulated(report, result), folder)
    write_failures(result, folder)


def write_report(evaluation: Evaluation, folder: Path, *, pictures: Path = PICTURES) -> None:
    """Write ``evaluation.md``, ``evaluation.json`` and plots, and pictures to judge by eye.

    Args:
        evaluation: what was measured.
        folder: for tables and plots; made if it is not there.
        pictures: for pictures of the data sets, which must stay out of the repository.

    Raises:
        OutputError: a folder or file cannot be written.
    """
    text = render_report(evaluation, command=COMMAND, pictures=relative_words(pictures))
    _write_texts(record_of(evaluation), text, folder)
    _write_plots(evaluation, folder)
    if evaluation.simulated:
        write_failures(evaluation.simulated, folder)
    write_pictures(evaluation, pictures)


def _former(folder: Path, sha256: str) -> tuple[dict[str, object], str]:
    """Return record and report of a bundle's evaluation."""
    try:
        record = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
        report = (folder / "evaluation.md").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        msg = (
            f"{folder} holds no evaluation ({error}); run leuko-train evaluate without --simulated"
        )
        raise DatasetError(msg) from error
    if not isinstance(record, dict) or record.get("sha256") != sha256:
        msg = f"{folder} holds another bundle's evaluation; evaluate this one without --simulated"
        raise DatasetError(msg)
    return record, report


def _write_texts(record: Mapping[str, object], report: str, folder: Path) -> None:
    content = json.dumps(record, indent=1, ensure_ascii=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "evaluation.json").write_text(content + "\n", encoding="utf-8")
        (folder / "evaluation.md").write_text(report, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error


def _write_plots(evaluation: Evaluation, folder: Path) -> None:
    if evaluation.outlines:
        dice = {result.dataset: result.values("dice") for result in evaluation.outlines}
        plot_dice(dice, DICE, folder / "dice.png")
    for result in evaluation.names:
        picture = folder / f"confusion-{result.dataset}.png"
        plot_confusion(matrices_of(result), picture, title=result.dataset)
