"""Plots of an evaluation: no pixel of a data set is in them, so they may be published."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leuko.errors import OutputError
from leuko_training.metrics import ConfusionMatrix

_DPI = 110
_BLUE, _ORANGE = "#3b6ea8", "#d1651c"


def plot_dice(
    values: Mapping[str, Sequence[float]], targets: Mapping[str, float], picture: Path
) -> None:
    """Draw how Dice is distributed over the images of each set, as PNG.

    Args:
        values: Dice of every image by set.
        targets: least mean Dice by set.
        picture: the PNG to write.
    """
    figure = Figure(figsize=(9, 0.9 * len(values) + 1.4), layout="constrained")
    axes = figure.subplots()
    low = _lower_end(values)
    rng = np.random.default_rng(0)
    for row, (name, dice) in enumerate(values.items()):
        height = row + rng.uniform(-0.28, 0.28, len(dice))
        axes.plot(np.maximum(dice, low), height, ".", color=_BLUE, alpha=0.45, markersize=5)
        axes.plot([np.mean(dice)] * 2, [row - 0.38, row + 0.38], color="black", linewidth=2)
        if name in targets:
            axes.plot([targets[name]] * 2, [row - 0.38, row + 0.38], color=_ORANGE, linewidth=2)
    axes.plot([], [], color="black", linewidth=2, label="mean")
    axes.plot([], [], color=_ORANGE, linewidth=2, label="target for the mean")
    axes.set_yticks(range(len(values)), [f"{name}  (n = {len(d)})" for name, d in values.items()])
    axes.set_xlim(low - 0.005, 1.002)
    axes.invert_yaxis()
    clipped = f" (lower ones drawn at {low:g})" if low > 0 else ""
    axes.set_xlabel(f"Dice of each image{clipped}")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper right", ncols=2, frameon=False)
    _save(figure, picture)


def plot_changes(percents: Mapping[str, tuple[float, float]], picture: Path, *, title: str) -> None:
    """Draw percentages before and after, one line for each name, as PNG.

    Args:
        percents: before and after, by name.
        picture: the PNG to write.
        title: above all.
    """
    figure = Figure(figsize=(9, 0.4 * len(percents) + 1.6), layout="constrained")
    axes = figure.subplots()
    for row, (before, after) in enumerate(percents.values()):
        axes.plot([before, after], [row, row], color="grey", linewidth=2, zorder=1)
        axes.plot(before, row, "o", color=_BLUE, label="" if row else "before")
        axes.plot(after, row, "o", color=_ORANGE, label="" if row else "after")
    _name_rows(axes, list(percents), title)
    figure.legend(loc="outside lower right", ncols=2, frameon=False)
    _save(figure, picture)


def plot_spread(percents: Mapping[str, Sequence[float]], picture: Path, *, title: str) -> None:
    """Draw percentages as dots and their mean as a line, one row for each name, as PNG.

    Args:
        percents: by name.
        picture: the PNG to write.
        title: above all.
    """
    figure = Figure(figsize=(9, 0.32 * len(percents) + 1.4), layout="constrained")
    axes = figure.subplots()
    for row, values in enumerate(percents.values()):
        axes.plot(values, [row] * len(values), "o", color=_BLUE, alpha=0.6, markersize=5)
        axes.plot([np.mean(values)] * 2, [row - 0.38, row + 0.38], color="black", linewidth=2)
    _name_rows(axes, list(percents), title)
    _save(figure, picture)


def plot_confusion(
    matrices: Mapping[str, ConfusionMatrix],
    picture: Path,
    *,
    title: str,
    columns: int | None = None,
) -> None:
    """Draw confusion matrices side by side with the number in every cell, as PNG.

    Args:
        matrices: what to draw, by the name above each.
        picture: the PNG to write.
        title: what stands above all.
        columns: how many stand in a row; all without.
    """
    columns = columns or len(matrices)
    known = list(matrices.values())
    widths = [max(len(one.answers) for one in known[i::columns]) for i in range(columns)]
    lines = [known[start : start + columns] for start in range(0, len(known), columns)]
    heights = [max(len(one.truths) for one in line) for line in lines]
    size = (0.62 * sum(widths) + 2.4 * columns, 0.5 * sum(heights) + 2.0 * len(heights) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    ratios = {"width_ratios": widths, "height_ratios": [4 + height for height in heights]}
    grid = figure.subplots(len(lines), columns, squeeze=False, gridspec_kw=ratios).flat
    for axes, (name, matrix) in zip(grid, matrices.items(), strict=False):
        _draw_confusion(axes, matrix)
        axes.set_title(name, fontsize=10)
    for axes in list(grid):
        axes.remove()
    figure.suptitle(title)
    _save(figure, picture)


def plot_stages(stages: Mapping[str, float], picture: Path, *, title: str) -> None:
    """Draw how the time of a field divides into stages, as PNG.

    Args:
        stages: milliseconds of the processor by stage, in their order.
        picture: the PNG to write.
        title: what stands above.
    """
    figure = Figure(figsize=(8, 0.45 * len(stages) + 1.3), layout="constrained")
    axes = figure.subplots()
    total = sum(stages.values())
    bars = axes.barh(list(stages), list(stages.values()), color=_BLUE)
    shares = [f" {ms:.1f} ms, {100 * ms / total:.0f} %" for ms in stages.values()]
    axes.bar_label(bars, shares)
    axes.set_xlim(0, 1.25 * max(stages.values()))
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds on the processor")
    axes.set_title(title)
    _save(figure, picture)


def _name_rows(axes: Axes, names: Sequence[str], title: str) -> None:
    """Name rows of percentages, the first at the top."""
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(right=100.5)
    axes.set_xlabel("percent")
    axes.grid(axis="x", alpha=0.3)
    axes.set_title(title, fontsize=10)


def _draw_confusion(axes: Axes, matrix: ConfusionMatrix) -> None:
    totals = matrix.counts.sum(axis=1, keepdims=True)
    shares = matrix.counts / np.maximum(totals, 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(matrix.counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        text = str(count) if count else "·"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    names = [name.replace("_", " ") for name in matrix.answers]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=8)
    truths = [
        f"{name.replace('_', ' ')} ({n})"
        for name, n in zip(matrix.truths, totals[:, 0], strict=True)
    ]
    axes.set_yticks(range(len(truths)), truths, fontsize=8)
    axes.set_ylabel("truth", fontsize=8)
    axes.set_xlabel("answer", fontsize=8)


def _lower_end(values: Mapping[str, Sequence[float]]) -> float:
    # A few failures at 0 would squeeze all others into a line.
    worst = min((float(np.percentile(dice, 2)) for dice in values.values()), default=0.9)
    return float(np.clip(np.floor(20 * worst) / 20, 0.0, 0.9))


def _save(figure: Figure, picture: Path) -> None:
    try:
        figure.savefig(picture, dpi=_DPI, metadata={"Software": None})
    except OSError as error:
        raise OutputError(
            f"{picture} cannot be written ({error}); choose another folder"
        ) from error
