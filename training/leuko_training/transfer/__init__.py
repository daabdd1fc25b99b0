"""How well cells of a laboratory are named that no model has seen: one left out after the other."""

import json
from collections.abc import Sequence
from itertools import starmap
from pathlib import Path

import keras
from rich.console import Console

from leuko.errors import OutputError
from leuko_training.answers import Answers
from leuko_training.certainty import Certainty, choose, write_certainty
from leuko_training.errors import DatasetError
from leuko_training.recipes import RECIPES, SHIPPED, Recipe
from leuko_training.transfer._laboratories import (
    LABORATORIES,
    LABORATORY_OF,
    PROXY_GROUPS,
    sets_of,
)
from leuko_training.transfer._names import ask, train_without
from leuko_training.transfer._report import Tried, record_of_transfer, render_transfer
from leuko_training.transfer._run import Bench, Trial, finished, planned

__all__ = [
    "LABORATORIES",
    "PROXY_GROUPS",
    "RECIPES",
    "Answers",
    "Bench",
    "Recipe",
    "Trial",
    "Tried",
    "ask",
    "choose_shipped",
    "finished",
    "planned",
    "record_of_transfer",
    "render_transfer",
    "sets_of",
    "train_without",
    "transfer_and_report",
]


def transfer_and_report(
    trials: Sequence[Trial],
    *,
    root: Path,
    runs: Path,
    results: Path,
    segmenter: Path,
    certainty: Path,
) -> None:
    """Do the trials that are not done yet, and write the report on all that are.

    The shipped recipe's temperature and threshold are written, too, once all laboratories have
    been left out: of the long trainings if there are, else of the short.

    Args:
        trials: what to try.
        root: folder of all data sets.
        runs: folder that training runs live in.
        results: folder that the tables go to.
        segmenter: trained Keras segmenter.
        certainty: file for temperature and threshold.

    Raises:
        DatasetError: the segmenter or a data set is missing.
        OutputError: the results cannot be written.
    """
    folder = runs / "transfer"
    if any(not (folder / trial.name / "answers.npz").is_file() for trial in trials):
        _do(trials, root=root, folder=folder, segmenter=segmenter)
    tried = list(starmap(Tried, finished(folder)))
    write_transfer(tried, results)
    if chosen := choose_shipped(tried):
        write_certainty(chosen[0], certainty, source=chosen[1])


def choose_shipped(tried: Sequence[Tried]) -> tuple[Certainty, str] | None:
    """Return what the shipped recipe's answers say of their certainty, and in words whence.

    None while there are laboratories that it has not been asked about.
    """
    for is_short in (False, True):
        parts = [
            one.answers
            for one in tried
            if RECIPES[one.trial.recipe] is SHIPPED and one.trial.is_short is is_short
        ]
        if set(LABORATORIES) <= {LABORATORY_OF[name] for part in parts for name in part.names}:
            how = "short" if is_short else "long"
            source = f"leuko-train transfer: {how} trainings, every laboratory left out"
            return choose(Answers.joined(parts)), source
    return None


def write_transfer(tried: Sequence[Tried], results: Path) -> None:
    """Write ``transfer.md`` and ``transfer.json``.

    Raises:
        OutputError: they cannot be written.
    """
    record = json.dumps(record_of_transfer(tried), indent=1, ensure_ascii=False)
    try:
        results.mkdir(parents=True, exist_ok=True)
        (results / "transfer.json").write_text(record + "\n", encoding="utf-8")
        (results / "transfer.md").write_text(render_transfer(tried), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{results} cannot be written ({error}); choose another folder"
        ) from error


def _do(trials: Sequence[Trial], *, root: Path, folder: Path, segmenter: Path) -> None:
    if not segmenter.is_file():
        raise DatasetError(f"{segmenter} is missing; train the segmenter first")
    console = Console(stderr=True)
    bench = Bench(root, keras.saving.load_model(segmenter, compile=False))
    for number, trial in enumerate(trials, start=1):
        console.print(f"{number} of {len(trials)}: {trial.name}")
        answers = bench.answers(trial, folder)
        for name in answers.names:
            share = answers.of(name).accuracy
            if share.n:
                console.print(f"  {name}: {share.percent:.1f} % of {share.n}")
