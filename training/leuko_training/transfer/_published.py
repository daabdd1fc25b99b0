"""The published protocol beside ours: learnt from Raabin alone, asked about other laboratories."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean

from leuko_training.evaluation import table
from leuko_training.metrics import Proportion
from leuko_training.recipes import LONG
from leuko_training.transfer._run import Tried

PUBLISHED: Mapping[str, tuple[float, float]] = {
    "VGG16": (64.79, 17.32),
    "VGG16-BN": (12.06, 19.86),
    "ResNet50": (34.55, 23.19),
    "ResNet50, frozen batch norm": (65.38, 11.97),
    "ResNet50, group norm": (77.95, 49.12),
    "ResNet50, group norm, mixup": (19.67, 53.11),
    "ViT-B16": (85.06, 41.00),
}
"""Percent right on Raabin's Test-B and on BCCD, means of Tsutsui et al. (2023), wbc-benchmark."""


def raabin_alone(tried: Sequence[Tried]) -> Iterator[str]:
    """Yield the report's section on what was learnt from Raabin alone.

    Args:
        tried: trials of that protocol.
    """
    yield from (
        "## The published protocol: Raabin alone",
        "",
        "Learnt from folds 1 to 4 of `raabin` and nothing else: no simulated slide, no other",
        f"laboratory; {LONG.epochs} epochs of {LONG.steps} batches of {LONG.batch_size} views, on",
        "ImageNet's weights. Cells are outlined as above, by a segmenter that has seen masks of",
        "other laboratories. Published figures: Tsutsui et al. (2023), on the whole Raabin set",
        "and on BCCD cells of their own choice, so the rows compare by their order of size.",
        "",
    )
    rows = [[name, f"{b:.1f} %", f"{bccd:.1f} %"] for name, (b, bccd) in PUBLISHED.items()]
    for recipe in dict.fromkeys(one.trial.recipe for one in tried):
        known = [one for one in tried if one.trial.recipe == recipe]
        own = [_figure(known, name) for name in ("raabin_test_b", "bccd")]
        rows.append([f"**Leuko, `{recipe}`**, seeds: {len(known)}", *own])
    yield from table(["model", "raabin_test_b", "bccd"], rows)


def _figure(tried: Sequence[Tried], name: str) -> str:
    shares = [one.answers.of(name).accuracy for one in tried]
    low, high = Proportion(round(mean(one.hits for one in shares)), shares[0].n).interval95
    own = mean(one.percent or 0.0 for one in shares)
    return f"**{own:.1f} %** ({low:.1f} – {high:.1f}, n = {shares[0].n})"
