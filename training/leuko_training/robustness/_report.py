"""What altered pictures cost, as Markdown, JSON and a picture."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean

from leuko.errors import OutputError
from leuko_training.evaluation import table
from leuko_training.figures import plot_spread
from leuko_training.metrics import Proportion
from leuko_training.robustness._changes import CHANGES
from leuko_training.robustness._judging import IMAGES, SEED, Judged

_PICTURE = "robustness.png"
_TUNED = "krd-wbc"
"""The laboratory whose altered pictures chose something (decision 11)."""

_HEAD = f"""# Altered pictures in laboratories left out

Written by `leuko-train robustness`. Whole int8 bundles of [transfer.md](transfer.md), each trained
without a laboratory, are run as the device runs them on up to {IMAGES} of its images by lot (seed
{SEED}), as they are and altered in one way each, all images alike. The laboratory gets known by
altered images, too, blurred ones among them, which `leuko count` would leave out of that. No model
learnt from any of this. As they are, these images chose constants of the names
([own-cells.md](own-cells.md)); altered in these ways those of {_TUNED} chose what is made of
eosinophils where names are doubted, so its figures flatter
([decision 11](../decisions/0011-a-laboratorys-cells-tell-of-each-other.md)).

*Five-way*, *found*, *unclassified* and *classified* as in transfer.md, means over the
laboratories that were left out; beside five-way, the same without {_TUNED}. *Largest loss* is
that of one laboratory against its images as they are, in points. Dice is the mean over those
with masks. Of about a hundred cells, chance alone moves a laboratory's figure by six points, and
the mean by two. Transfer.md has all images of each.
"""


def write_robustness(judged: Sequence[Judged], folder: Path) -> None:
    """Write ``robustness.md``, ``robustness.json`` and the picture of them.

    Args:
        judged: of every laboratory all changes, the first of which is none.
        folder: made if it is not there.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    text = json.dumps([asdict(one) for one in judged], indent=1, ensure_ascii=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "robustness.json").write_text(f"{text}\n", "utf-8")
        (folder / "robustness.md").write_text("\n".join(_lines(judged)), "utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error
    spread = {
        change: [_named(one) for one in judged if one.change == change]
        for change in _changes(judged)
    }
    title = "Five-way accuracy in laboratories left out, their pictures altered"
    plot_spread(spread, folder / _PICTURE, title=title)


def _changes(judged: Sequence[Judged]) -> list[str]:
    return list(dict.fromkeys(one.change for one in judged))


def _lines(judged: Sequence[Judged]) -> Iterator[str]:
    laboratories = list(dict.fromkeys(one.laboratory for one in judged))
    numbers = {one.laboratory: one.images for one in judged}
    cells = {one.laboratory: one.named.n for one in judged}
    yield _HEAD
    told = (f"{name} {count} ({cells[name]})" for name, count in numbers.items())
    yield f"Images, and cells of the five classes among them: {', '.join(told)}.\n"
    means = ("found", "Dice", "five-way", f"without {_TUNED}")
    heads = ("pictures", *means, "largest loss", "unclassified", "classified")
    first = _changes(judged)[0]
    yield from table(heads, [_row(judged, change, first) for change in _changes(judged)])
    yield f"![Every laboratory is a dot, the mean a line]({_PICTURE})\n"
    yield "Five-way accuracy in percent:\n"
    rows = [
        (change, *(_named_in(judged, name, change) for name in laboratories))
        for change in _changes(judged)
    ]
    yield from table(("pictures", *laboratories), rows)
    yield "What was altered:\n"
    yield from (f"- {one.words}: {one.how}" for one in CHANGES if one.how)
    yield ""


def _row(judged: Sequence[Judged], change: str, first: str) -> tuple[str, ...]:
    known = [one for one in judged if one.change == change]
    before = {one.laboratory: _named(one) for one in judged if one.change == first}
    lost = min(known, key=lambda one: _named(one) - before[one.laboratory])
    points = _named(lost) - before[lost.laboratory]
    dices = [one.dice for one in known if one.dice is not None]
    return (
        change,
        _mean(one.found for one in known),
        f"{mean(dices):.3f}" if dices else "–",
        _mean(one.named for one in known),
        _mean(one.named for one in known if one.laboratory != _TUNED),
        "–" if change == first else f"{points:+.1f} ({lost.laboratory})",
        _mean(one.unclassified for one in known),
        _mean(one.right for one in known),
    )


def _named_in(judged: Sequence[Judged], laboratory: str, change: str) -> str:
    (one,) = [x for x in judged if (x.laboratory, x.change) == (laboratory, change)]
    return f"{_named(one):.1f}"


def _named(one: Judged) -> float:
    return one.named.percent or 0.0


def _mean(shares: Iterable[Proportion]) -> str:
    return f"{mean(share.percent or 0.0 for share in shares):.1f} %"
