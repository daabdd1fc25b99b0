"""One laboratory left out after the other, as lines of ``transfer.md``."""

from collections.abc import Iterator, Sequence
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from leuko.cells import LEUKOCYTES
from leuko_training.answers import Answers
from leuko_training.certainty import (
    PRIOR_STRENGTH,
    Certainty,
    Judgement,
    choose,
    judge,
    judged_elsewhere,
    named_right,
)
from leuko_training.evaluation import table, words
from leuko_training.metrics import Proportion
from leuko_training.recipes import LONG, RECIPES
from leuko_training.transfer._laboratories import LABORATORIES
from leuko_training.transfer._run import Tried

_POWERS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)


def long_lines(recipe: str, tried: Sequence[Tried]) -> Iterator[str]:
    """Yield the section on the long trials of one recipe."""
    seeds = sorted({one.trial.seed for one in tried})
    yield from (
        f"## One laboratory left out: `{recipe}`",
        "",
        f"Recipe: {RECIPES[recipe].note}; seeds {', '.join(map(str, seeds))};",
        f"{LONG.epochs} epochs of {LONG.steps} batches of {LONG.batch_size} views.",
        "",
    )
    known = [name for name in LABORATORIES if any(name in one.trial.left_out for one in tried)]
    by_laboratory = {
        name: [one.answers for one in tried if name in one.trial.left_out] for name in known
    }
    yield from _accuracies(by_laboratory)
    yield from _classes(by_laboratory)
    if len(known) > 1:
        yield from _certainties(by_laboratory)


def _accuracies(by_laboratory: dict[str, list[Answers]]) -> Iterator[str]:
    rows, means = [], []
    for name, answers in by_laboratory.items():
        shares = [one.accuracy for one in answers]
        percents = [share.percent or 0.0 for share in shares]
        means.append(mean(percents))
        n = shares[0].n
        low, high = Proportion(round(mean(share.hits for share in shares)), n).interval95
        between = f"{min(percents):.1f} – {max(percents):.1f}" if len(percents) > 1 else "one"
        rows.append([name, str(n), f"{means[-1]:.1f} %", f"{low:.1f} – {high:.1f} %", between])
    rows.append([f"mean of {len(means)}", "", f"**{mean(means):.1f} %**", "", ""])
    yield from table(["left out", "n", "five-way", "95 % interval", "seeds"], rows)


def _classes(by_laboratory: dict[str, list[Answers]]) -> Iterator[str]:
    yield "Recall of each class, the mean of the seeds, with its 95 % interval:"
    yield ""
    rows = []
    for name, answers in by_laboratory.items():
        matrix = Answers.joined(answers).confusion
        recalls = [
            matrix.recall(label) if label in matrix.truths else Proportion(0, 0)
            for label in LEUKOCYTES
        ]
        rows.append([name, *(_recall(share, seeds=len(answers)) for share in recalls)])
    yield from table(["left out", *(words(label) for label in LEUKOCYTES)], rows)


def _recall(share: Proportion, *, seeds: int) -> str:
    if share.percent is None:
        return "–"
    # The same cells were asked about with every seed: more seeds are no more cells.
    low, high = Proportion(round(share.hits / seeds), share.n // seeds).interval95
    return f"{share.percent:.0f} ({low:.0f} – {high:.0f}) % of {share.n // seeds}"


def _certainties(by_laboratory: dict[str, list[Answers]]) -> Iterator[str]:
    joined = {name: Answers.joined(answers) for name, answers in by_laboratory.items()}
    yield from _priors(list(joined.values()))
    yield from (
        f"*Five-way* below is with {PRIOR_STRENGTH:g}. Temperature and rejection threshold of each",
        "laboratory are chosen on the others; the last row's on folds 1 to 4 of all of them, as",
        "for the bundle. *Classified* is right of eight classes among the cells that got one.",
        "",
    )
    elsewhere = judged_elsewhere(joined)
    rows = [_certainty_row(name, *pair) for name, pair in elsewhere.items()]
    rows.append(_mean_row([judged for _, judged in elsewhere.values()]))
    everything = Answers.joined(list(joined.values()))
    for_all = choose(everything.outside_the_test)
    rows.append(_certainty_row("all together", for_all, judge(everything, for_all)))
    yield from table(
        [
            "left out",
            "temperature",
            "threshold",
            "five-way",
            "ECE",
            "unclassified",
            "classified",
        ],
        rows,
    )


def _priors(laboratories: Sequence[Answers]) -> Iterator[str]:
    shares = np.array([
        [100 * named_right(one.leukocytes, power).mean() for power in _POWERS]
        for one in laboratories
    ])
    yield from (
        "The device multiplies each probability by a power of how common the class is in healthy",
        "adults. Five-way accuracy by that power, the mean over the laboratories and the worst:",
        "",
    )
    rows = [
        [label, *(f"{share:.1f} %" for share in shares_of_all)]
        for label, shares_of_all in (("mean", shares.mean(axis=0)), ("worst", shares.min(axis=0)))
    ]
    yield from table(["power", *(f"{one:g}" for one in _POWERS)], rows)
    powers, elsewhere = _where_the_others_choose(shares)
    yield from (
        f"It takes {PRIOR_STRENGTH:g}, chosen on left-out laboratories, so not apart from these.",
        "With the power that is best for the others in each",
        f"({min(powers):g} to {max(powers):g}) the mean is {elsewhere:.1f} %.",
        "",
    )


def _certainty_row(name: str, certainty: Certainty, judged: Judgement) -> list[str]:
    return [
        name,
        f"{certainty.temperature:.2f}",
        f"{certainty.unclassified_below:.2f}",
        *(f"{percent:.1f} %" for percent in _percents(judged)),
    ]


def _mean_row(judged: Sequence[Judgement]) -> list[str]:
    means = np.mean([_percents(one) for one in judged], axis=0)
    return [f"mean of {len(judged)}", "", "", *(f"**{percent:.1f} %**" for percent in means)]


def _percents(judged: Judgement) -> tuple[float, ...]:
    return (
        judged.five_way.percent or 0.0,
        100 * judged.calibration_error,
        judged.unclassified.percent or 0.0,
        judged.right.percent or 0.0,
    )


def _where_the_others_choose(shares: NDArray[np.float64]) -> tuple[list[float], float]:
    """Return the power that the others choose for each laboratory, and the mean with these.

    Args:
        shares: ``(laboratories, powers)``, in percent.
    """
    best = (shares.sum(axis=0) - shares).argmax(axis=1)
    return [_POWERS[one] for one in best], float(shares[np.arange(len(shares)), best].mean())
