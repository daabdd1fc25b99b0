"""Plots of how training went."""

import csv
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt


def plot_history(history: Path, picture: Path) -> None:
    """Draw loss and metrics over the epochs, training beside validation, as PNG.

    Args:
        history: CSV that Keras wrote, one row an epoch.
        picture: the PNG to write.
    """
    with history.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "epoch" and not name.startswith("val_")]
    figure, axes = plt.subplots(1, len(names), figsize=(5 * len(names), 4), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in rows[0]:
                axis.plot([float(row[key]) for row in rows], label=label)
        axis.set_title(name)
        axis.set_xlabel("epoch")
        axis.legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=100)
    plt.close(figure)
