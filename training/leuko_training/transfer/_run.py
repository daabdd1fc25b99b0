"""Laboratories left out in turn: every training in a folder of its own, none done twice."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras

from leuko.errors import OutputError, SettingsError
from leuko_training.answers import Answers
from leuko_training.cut_cells import LabelledCell, labelled_cells, red_cells
from leuko_training.datasets import LabelledImage
from leuko_training.fit import Schedule
from leuko_training.recipes import LONG, RECIPES, SHIPPED, SHORT
from leuko_training.simulated import SLIDES, simulated_crops
from leuko_training.transfer._laboratories import (
    LABORATORIES,
    PROXY_GROUPS,
    RAABIN_ALONE,
    sets_of,
)
from leuko_training.transfer._names import ask, train_without


@dataclass(frozen=True, slots=True)
class Trial:
    """One training with laboratories left out.

    Attributes:
        recipe: name of the recipe, a key of `RECIPES`.
        left_out: laboratories, in the order of `LABORATORIES`.
        seed: source of all chance of the training.
        is_short: whether it follows the short schedule.
    """

    recipe: str
    left_out: tuple[str, ...]
    seed: int
    is_short: bool

    @property
    def name(self) -> str:
        """Folder of the trial below that of all trials."""
        length = "short" if self.is_short else "long"
        known = "raabin-alone" if self.is_raabin_alone else f"without-{'-'.join(self.left_out)}"
        return f"{length}/{self.recipe}/{known}/seed-{self.seed}"

    def answers_in(self, folder: Path) -> Path:
        """Return the file of its answers below a folder of trials."""
        return folder / self.name / "answers.npz"

    def model_in(self, folder: Path) -> Path:
        """Return the file of its trained classifier below a folder of trials."""
        return folder / self.name / "model.keras"

    @property
    def is_raabin_alone(self) -> bool:
        """Whether it follows the published protocol: nothing but Raabin is learnt from."""
        return self.left_out == RAABIN_ALONE

    @property
    def is_of_shipped(self) -> bool:
        """Whether it is the shipped recipe, long, with one laboratory left out."""
        is_shipped = RECIPES[self.recipe] is SHIPPED
        return is_shipped and not self.is_short and len(self.left_out) == 1

    @property
    def schedule(self) -> Schedule:
        """How long and how fast it trains."""
        base = SHORT if self.is_short else LONG
        return RECIPES[self.recipe].scheduled(base, seed=self.seed)


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial and what its classifier said.

    Attributes:
        trial: the trial.
        answers: on the laboratories it left out.
    """

    trial: Trial
    answers: Answers


def planned(
    recipes: Sequence[str] | None, *, seeds: int, is_short: bool, raabin_alone: bool = False
) -> tuple[Trial, ...]:
    """Return the trials of some recipes, all laboratories of one before the next.

    Args:
        recipes: names of recipes; None for all.
        seeds: trainings of each recipe.
        is_short: follow the short schedule, with several laboratories left out together.
        raabin_alone: after them, learn from Raabin alone, as the published protocol does.

    Raises:
        SettingsError: no recipe is called so.
    """
    unknown = [name for name in recipes or () if name not in RECIPES]
    if unknown:
        raise SettingsError(
            f"no recipe is called {unknown[0]!r}; choose among {', '.join(RECIPES)}"
        )
    groups = PROXY_GROUPS if is_short else tuple((name,) for name in LABORATORIES)
    if raabin_alone:
        groups = (*groups, RAABIN_ALONE)
    return tuple(
        Trial(recipe, group, seed, is_short)
        for recipe in recipes or RECIPES
        for seed in range(1, seeds + 1)
        for group in groups
    )


class Bench:
    """The cells of all laboratories, cut out once for all trials."""

    def __init__(self, items: Sequence[LabelledImage], segmenter: keras.Model) -> None:
        """Cut out the cells of all sets, and render the simulated ones.

        Args:
            items: images of all sets.
            segmenter: outlines the cells of sets that have no masks.
        """
        self._cells = labelled_cells(items, segmenter) + red_cells(items, per_image=1, seed=1)
        self._simulated = simulated_crops(SLIDES)

    def answers(self, trial: Trial, folder: Path) -> Answers:
        """Return what the trial's classifier says of its left-out laboratories.

        Args:
            trial: what to train; one that is finished is read again.
            folder: of all trials.
        """
        done = trial.answers_in(folder)
        if done.is_file():
            return Answers.read(done)
        recipe = RECIPES[trial.recipe]
        model = train_without(
            trial.left_out,
            self._cells,
            () if trial.is_raabin_alone else self._simulated,
            recipe=recipe,
            schedule=trial.schedule,
            folder=folder / trial.name,
        )
        asked = ask(model, self._of(trial.left_out), recipe)
        asked.write(done)
        return asked

    def _of(self, laboratories: Collection[str]) -> list[LabelledCell]:
        wanted = sets_of(laboratories)
        return [one for one in self._cells if one.item.dataset in wanted]


def finished(*folders: Path) -> Iterator[tuple[Trial, Answers]]:
    """Yield every trial below some folders that is done, with its answers, the oldest names first.

    Args:
        folders: of trials; of a trial that several have, the first one's answers.
    """
    for length in ("short", "long"):
        for recipe in RECIPES:
            for group in (*PROXY_GROUPS, *((name,) for name in LABORATORIES), RAABIN_ALONE):
                yield from _seeds_of(folders, Trial(recipe, group, 0, length == "short"))


def keep(tried: Iterable[Tried], folder: Path) -> None:
    """Write the answers of long trials to a folder that is kept longer than trainings are.

    Raises:
        OutputError: they cannot be written.
    """
    for one in tried:
        if one.trial.is_short:
            continue
        place = one.trial.answers_in(folder)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            one.answers.write(place)
        except OSError as error:
            raise OutputError(
                f"{place} cannot be written ({error}); choose another folder"
            ) from error


def _seeds_of(folders: Sequence[Path], any_seed: Trial) -> Iterator[tuple[Trial, Answers]]:
    places: dict[str, Path] = {}
    for folder in folders:
        seed_0 = any_seed.answers_in(folder)
        for done in seed_0.parent.parent.glob(f"seed-*/{seed_0.name}"):
            places.setdefault(done.parent.name, done)
    for name, done in sorted(places.items()):
        yield replace(any_seed, seed=int(name.removeprefix("seed-"))), Answers.read(done)
