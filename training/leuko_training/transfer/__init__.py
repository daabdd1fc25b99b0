"""How well cells of a laboratory are named that no model has seen: one left out after the other."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import starmap
from pathlib import Path

import keras
from rich.console import Console

from leuko.errors import OutputError
from leuko_training.answers import Answers
from leuko_training.certainty import Certainty, choose, write_certainty
from leuko_training.errors import DatasetError
from leuko_training.recipes import RECIPES, SHIPPED, Recipe
from leuko_training.transfer._figures import WholeFigures, figures_of
from leuko_training.transfer._laboratories import (
    LABORATORIES,
    LABORATORY_OF,
    PROXY_GROUPS,
    sets_of,
)
from leuko_training.transfer._names import ask, train_without
from leuko_training.transfer._outlines import outlines_and_report, render_outlines
from leuko_training.transfer._places import KEPT, Places, read_all
from leuko_training.transfer._report import record_of_transfer, render_transfer
from leuko_training.transfer._run import Bench, Trial, Tried, finished, keep, planned
from leuko_training.transfer._shipped import (
    record_of_shipped,
    shipped_confusions,
    shipped_trials,
    write_confusions,
)
from leuko_training.transfer._whole import ByRecipe, judge_bundles, kept_figures, whole_bundle

__all__ = [
    "KEPT",
    "LABORATORIES",
    "PROXY_GROUPS",
    "RECIPES",
    "SHIPPED",
    "Answers",
    "Bench",
    "Places",
    "Recipe",
    "Trial",
    "Tried",
    "WholeFigures",
    "ask",
    "choose_shipped",
    "figures_of",
    "finished",
    "keep",
    "outlines_and_report",
    "planned",
    "read_all",
    "record_of_shipped",
    "record_of_transfer",
    "render_outlines",
    "render_transfer",
    "sets_of",
    "train_without",
    "transfer_and_report",
    "whole_bundle",
    "write_transfer",
]


def transfer_and_report(trials: Sequence[Trial], places: Places, *, whole: bool = False) -> None:
    """Do the trials that are not done yet, and write the report on all that are or were kept.

    The shipped recipe's temperature and threshold are written, too, once its long trainings have
    left out all laboratories.

    Args:
        trials: what to try.
        places: where everything lies.
        whole: judge whole bundles as well, of those laboratories that the shipped recipe's long
            training has left out.

    Raises:
        DatasetError: the segmenter or a data set is missing.
        OutputError: the results cannot be written.
    """
    if not places.segmenter.is_file():
        raise DatasetError(f"{places.segmenter} is missing; train the segmenter first")
    if any(not trial.answers_in(places.folder).is_file() for trial in trials):
        _do(trials, places)
    tried = list(starmap(Tried, finished(places.folder, places.kept)))
    keep(tried, places.kept)
    figures = judge_bundles(tried, places) if whole else kept_figures(places)
    write_transfer(tried, figures, places.results)
    if chosen := choose_shipped(tried):
        write_certainty(chosen[0], places.certainty, source=chosen[1])


def choose_shipped(tried: Sequence[Tried]) -> tuple[Certainty, str] | None:
    """Return what the shipped recipe's answers say of their certainty, and in words whence.

    None while there are laboratories that no long training of it was asked about: after a short
    one a classifier is less sure than the shipped one is.
    """
    known = [one for one in shipped_trials(tried) if not one.trial.is_short]
    parts = [one.answers for one in known]
    if set(LABORATORIES) <= {LABORATORY_OF[name] for part in parts for name in part.names}:
        recipe = known[0].trial.recipe
        source = f"leuko-train transfer: `{recipe}`, long, laboratories left out, folds 1 to 4"
        return choose(Answers.joined(parts).outside_the_test), source
    return None


def write_transfer(tried: Sequence[Tried], figures: ByRecipe, results: Path) -> None:
    """Write ``transfer.md``, ``transfer.json`` and a picture of the shipped recipe's confusions.

    Args:
        tried: trials that are done.
        figures: of whole bundles, by recipe and the laboratory that they have not seen.
        results: folder that both go to.

    Raises:
        OutputError: they cannot be written.
    """
    record = {
        "trials": record_of_transfer(tried),
        "shipped": record_of_shipped(tried),
        "whole": {
            recipe: {name: [asdict(one) for one in sets] for name, sets in known.items()}
            for recipe, known in figures.items()
        },
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    try:
        results.mkdir(parents=True, exist_ok=True)
        (results / "transfer.json").write_text(text + "\n", encoding="utf-8")
        (results / "transfer.md").write_text(render_transfer(tried, figures), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{results} cannot be written ({error}); choose another folder"
        ) from error
    write_confusions(shipped_confusions(tried), results)


def _do(trials: Sequence[Trial], places: Places) -> None:
    console = Console(stderr=True)
    outlines = keras.saving.load_model(places.segmenter, compile=False)
    bench = Bench(read_all(places.root), outlines)
    for number, trial in enumerate(trials, start=1):
        console.print(f"{number} of {len(trials)}: {trial.name}")
        answers = bench.answers(trial, places.folder)
        for name in answers.names:
            share = answers.of(name).accuracy
            if share.n:
                console.print(f"  {name}: {share.percent:.1f} % of {share.n}")
