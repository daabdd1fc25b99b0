"""``make evaluate``: judge a bundle on the held-out images and write down what was measured."""

import json
from pathlib import Path

from leuko.bundle import default_bundle_path, load_bundle
from leuko.errors import OutputError
from leuko_training.evaluation import (
    DICE,
    Evaluation,
    evaluate,
    evaluate_analysis,
    matrices_of,
    record_of,
    relative_words,
    render_report,
    write_pictures,
)
from leuko_training.figures import plot_confusion, plot_dice

__all__ = ["evaluate", "evaluate_analysis", "evaluate_and_report", "write_report"]

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
    evaluation = evaluate(loaded, root)
    write_report(evaluation, results)
    return evaluation


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
    record = json.dumps(record_of(evaluation), indent=1, ensure_ascii=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "evaluation.json").write_text(record + "\n", encoding="utf-8")
        (folder / "evaluation.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error
    _write_plots(evaluation, folder)
    write_pictures(evaluation, pictures)


def _write_plots(evaluation: Evaluation, folder: Path) -> None:
    if evaluation.outlines:
        dice = {result.dataset: result.values("dice") for result in evaluation.outlines}
        plot_dice(dice, DICE, folder / "dice.png")
    for result in evaluation.names:
        picture = folder / f"confusion-{result.dataset}.png"
        plot_confusion(matrices_of(result), picture, title=result.dataset)
