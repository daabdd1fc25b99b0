"""``transfer.md``: what was said of laboratories that were left out, as tables."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev

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
from leuko_training.evaluation import percent, table, words
from leuko_training.metrics import Proportion
from leuko_training.recipes import LONG, RECIPES, SHORT
from leuko_training.transfer._figures import WholeFigures
from leuko_training.transfer._laboratories import LABORATORIES, PROXY_GROUPS
from leuko_training.transfer._published import raabin_alone
from leuko_training.transfer._run import Tried
from leuko_training.transfer._shipped import confusion_lines

_POWERS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)


def render_transfer(tried: Sequence[Tried], figures: Mapping[str, Sequence[WholeFigures]]) -> str:
    """Return the report on all trials that are there.

    Args:
        tried: trials that are done.
        figures: of whole bundles, by the laboratory that they have not seen.
    """
    lines = [*_head()]
    published = [one for one in tried if one.trial.is_raabin_alone]
    short = [one for one in tried if one.trial.is_short and one not in published]
    long = [one for one in tried if not one.trial.is_short and one not in published]
    if short:
        lines += _short(short)
    for recipe in dict.fromkeys(one.trial.recipe for one in long):
        lines += _long(recipe, [one for one in long if one.trial.recipe == recipe])
    if figures:
        lines += _whole(figures)
    if published:
        lines += raabin_alone(published)
    return "\n".join(lines) + "\n"


def record_of_transfer(tried: Sequence[Tried]) -> list[dict[str, object]]:
    """Return every trial's figures as values that JSON knows."""
    return [
        {
            "recipe": one.trial.recipe,
            "left_out": list(one.trial.left_out),
            "seed": one.trial.seed,
            "short": one.trial.is_short,
            "sets": {name: _figures(one.answers.of(name)) for name in one.answers.names},
        }
        for one in tried
    ]


def _figures(answers: Answers) -> dict[str, object]:
    accuracy = answers.accuracy
    return {
        "right": accuracy.hits,
        "n": accuracy.n,
        "confusion": answers.confusion.table,
    }


def _head() -> Iterator[str]:
    yield from (
        "# Laboratories left out",
        "",
        "Written by `leuko-train transfer`. A laboratory that is left out is unknown to the",
        "classifier that names its cells: none of its images was trained on, nothing was chosen",
        "by them. What is learnt from are folds 1 to 4 of all others and, unless said otherwise,",
        "24 simulated slides; all cells of the left-out laboratory are asked about. Weights are",
        "those of the schedule's end; no checkpoint was picked.",
        "",
        "Cells are outlined by their masks, and where a set has none (pbc, raabin, raabin_test_b)",
        "by the shipped segmenter, which has seen no leukocyte's mask of them. The classifier",
        "is judged alone, in float, *five-way*: the likeliest of the five leukocyte classes.",
        "Class labels of bccd and segmentation_wbc are by laymen.",
        "",
    )


def _short(tried: Sequence[Tried]) -> Iterator[str]:
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
        yield f"- `{recipe}`: {RECIPES[recipe].note}"
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


def _long(recipe: str, tried: Sequence[Tried]) -> Iterator[str]:
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
    if any(one.trial.is_of_shipped for one in tried):
        yield from confusion_lines()


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
    yield "Recall of each class, all seeds together:"
    yield ""
    rows = []
    for name, answers in by_laboratory.items():
        matrix = Answers.joined(answers).confusion
        recalls = [
            matrix.recall(label) if label in matrix.truths else Proportion(0, 0)
            for label in LEUKOCYTES
        ]
        rows.append([
            name,
            *(
                f"{share.percent:.0f} % of {share.n // len(answers)}"
                if share.percent is not None
                else "–"
                for share in recalls
            ),
        ])
    yield from table(["left out", *(words(label) for label in LEUKOCYTES)], rows)


def _certainties(by_laboratory: dict[str, list[Answers]]) -> Iterator[str]:
    yield from (
        "The device multiplies each probability by a power of how common the class is in healthy",
        "adults. The mean five-way accuracy over the laboratories, by that power:",
        "",
    )
    joined = {name: Answers.joined(answers) for name, answers in by_laboratory.items()}
    yield from table(["power", *(f"{one:g}" for one in _POWERS)], [_by_power(joined)])
    yield from (
        f"It takes {PRIOR_STRENGTH:g}, from the short run, so not apart from these laboratories.",
        "*Five-way* below is with it. Temperature and rejection threshold of each laboratory are",
        "chosen on the *other* left-out laboratories; the last row's on folds 1 to 4 of all of",
        "them, as for the bundle. *Classified* is right of eight classes among the cells that got",
        "one.",
        "",
    )
    rows = [_certainty_row(name, *pair) for name, pair in judged_elsewhere(joined).items()]
    rows.append(_mean_row(rows))
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


def _certainty_row(name: str, certainty: Certainty, judged: Judgement) -> list[str]:
    return [
        name,
        f"{certainty.temperature:.2f}",
        f"{certainty.unclassified_below:.2f}",
        f"{judged.five_way.percent or 0:.1f} %",
        f"{100 * judged.calibration_error:.1f} %",
        f"{judged.unclassified.percent or 0:.1f} %",
        f"{judged.right.percent or 0:.1f} %",
    ]


def _mean_row(rows: Sequence[Sequence[str]]) -> list[str]:
    shares = [[float(cell.removesuffix(" %")) for cell in row[3:]] for row in rows]
    means = [f"**{mean(column):.1f} %**" for column in zip(*shares, strict=True)]
    return [f"mean of {len(rows)}", "", "", *means]


def _by_power(joined: Mapping[str, Answers]) -> list[str]:
    seen = [answers.leukocytes for answers in joined.values()]
    shares = [mean(named_right(one, power).mean() for one in seen) for power in _POWERS]
    return ["five-way", *(f"{100 * share:.1f} %" for share in shares)]


def _whole(figures: Mapping[str, Sequence[WholeFigures]]) -> Iterator[str]:
    yield from (
        "## The whole pipeline in a laboratory it has not seen",
        "",
        "Segmenter and classifier are both trained without the laboratory (a segmenter that learnt",
        "from none of its images is the shipped one), converted to int8 with the images of the",
        "others, and run as the device runs them. *False* regions touch no mask in an image with",
        "its own mirror image around it; in full fields they fit none. A cell not found is named",
        "wrong. Temperature and threshold come from the other laboratories.",
        "",
    )
    rows = [_whole_row(one) for known in figures.values() for one in known]
    yield from table(
        ["set", "images", "found", "false", "Dice", "five-way", "unclassified", "classified"], rows
    )


def _whole_row(one: WholeFigures) -> list[str]:
    return [
        one.dataset,
        str(one.images),
        percent(one.found),
        "–" if one.false is None else f"{one.false:.2f}",
        "–" if one.dice is None else f"{one.dice.mean:.3f}",
        percent(one.named),
        percent(one.unclassified),
        percent(one.right),
    ]
