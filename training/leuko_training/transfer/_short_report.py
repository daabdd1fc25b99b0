"""Ideas compared in the short run, as lines of ``transfer.md``."""

from collections.abc import Iterator, Sequence
from statistics import mean, stdev

from leuko_training.evaluation import table
from leuko_training.recipes import RECIPES, SHIPPED, SHORT
from leuko_training.transfer._laboratories import PROXY_GROUPS
from leuko_training.transfer._run import Tried


def short_lines(tried: Sequence[Tried]) -> Iterator[str]:
    """Yield the section on short trials, the best recipe first."""
    groups = "; ".join(", ".join(group) for group in PROXY_GROUPS)
    yield from (
        "## Ideas compared: the short run",
        "",
        f"Three trainings instead of eight, without {groups};",
        f"{SHORT.epochs} epochs of {SHORT.steps} batches of {SHORT.batch_size} views.",
        "Seeds are numbered from 1. A figure is the mean five-way accuracy in percent over the",
        "seeds; *mean* is over the sets, ± the standard deviation between seeds.",
        "",
    )
    names = sorted({name for one in tried for name in one.answers.names if name in _judged(one)})
    by_recipe = {
        recipe: _by_seed([one for one in tried if one.trial.recipe == recipe])
        for recipe in dict.fromkeys(one.trial.recipe for one in tried)
    }
    ranked = sorted(by_recipe, key=lambda recipe: _mean(by_recipe[recipe], names), reverse=True)
    rows = [_short_row(recipe, by_recipe[recipe], names) for recipe in ranked]
    cells = {name: one.answers.of(name).accuracy.n for one in tried for name in _judged(one)}
    headings = [f"{name}, n = {cells[name]}" for name in names]
    yield from table(["recipe", "seeds", "mean", *headings], rows)
    for recipe in ranked:
        shipped = " (shipped)" if RECIPES[recipe] is SHIPPED else ""
        yield f"- `{recipe}`{shipped}: {RECIPES[recipe].note}"
    yield ""


def _judged(one: Tried) -> tuple[str, ...]:
    return tuple(name for name in one.answers.names if one.answers.of(name).accuracy.n)


def _by_seed(tried: Sequence[Tried]) -> list[dict[str, float]]:
    seeds = sorted({one.trial.seed for one in tried})
    return [_percents([one for one in tried if one.trial.seed == seed]) for seed in seeds]


def _means(by_seed: Sequence[dict[str, float]], names: Sequence[str]) -> list[float]:
    """Return the mean over the sets of every seed that was asked about all of them."""
    whole = [percents for percents in by_seed if set(names) <= set(percents)]
    return [mean(percents[name] for name in names) for percents in whole]


def _mean(by_seed: Sequence[dict[str, float]], names: Sequence[str]) -> float:
    means = _means(by_seed, names)
    return mean(means) if means else 0.0


def _short_row(recipe: str, by_seed: Sequence[dict[str, float]], names: Sequence[str]) -> list[str]:
    means = _means(by_seed, names)
    spread = f" ± {stdev(means):.1f}" if len(means) > 1 else ""
    cells = [
        f"{mean(known):.1f}" if (known := [p[name] for p in by_seed if name in p]) else "–"
        for name in names
    ]
    return [recipe, str(len(by_seed)), f"{mean(means):.1f}{spread}" if means else "–", *cells]


def _percents(tried: Sequence[Tried]) -> dict[str, float]:
    return {
        name: one.answers.of(name).accuracy.percent or 0.0 for one in tried for name in _judged(one)
    }
