"""The training loop that both models share: seeded, with progress, curves and checkpoints.

A run lives in a folder: ``checkpoint/`` (a run that was cut goes on from its last epoch),
``history.csv``, ``curves.png`` and, once done, ``model.keras``.
"""

import csv
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.errors import SettingsError
from leuko_training.curves import plot_history

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
DrawBatch = Callable[[int, Generator], Batch]
"""Draw that many samples: inputs 0 to 1 and targets, both float32 with the batch first."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        epochs: number of epochs.
        steps: batches in an epoch.
        batch_size: samples in a batch.
        learning_rate: highest rate, reached after the first epoch.
        weight_decay: decoupled weight decay (AdamW).
        ema_momentum: how much of the running average of the weights each step keeps.
        seed: source of every random number.
    """

    epochs: int
    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 1e-4
    ema_momentum: float = 0.998
    seed: int = 1


class _Batches(keras.utils.PyDataset):
    """Batches whose content depends on the seed, the epoch and the step, and nothing else."""

    def __init__(self, draw: DrawBatch, schedule: Schedule, *, start_epoch: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self._draw = draw
        self._schedule = schedule
        self._epoch = start_epoch

    def __len__(self) -> int:
        return self._schedule.steps

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng((self._schedule.seed, self._epoch, step))
        return self._draw(self._schedule.batch_size, rng)

    def on_epoch_end(self) -> None:
        self._epoch += 1


class _History(keras.callbacks.Callback):
    """Appends a row an epoch to a CSV and closes it, so that a run that is cut loses none."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        row = {"epoch": epoch, **(logs or {})}
        is_new = not self._path.is_file()
        with self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, row.keys())
            if is_new:
                writer.writeheader()
            writer.writerow(row)


def fit(
    model: keras.Model,
    draw: DrawBatch,
    validation: Batch,
    *,
    schedule: Schedule,
    loss: object,
    metrics: list[object],
    folder: Path,
) -> keras.Model:
    """Train the model in its folder, or go on where an earlier run was cut, and return it.

    The weights kept are a running average over many steps: between single
    checkpoints the figure on an unseen laboratory swings by ten points.

    Raises:
        SettingsError: the folder holds a run that was trained for another number of epochs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    is_finished = (folder / "model.keras").is_file()
    _refuse_another_length(folder, schedule.epochs, is_finished=is_finished)
    if is_finished:
        return keras.saving.load_model(folder / "model.keras")
    keras.utils.set_random_seed(schedule.seed)
    model.compile(optimizer=_optimizer(schedule), loss=loss, metrics=metrics)
    history = folder / "history.csv"
    model.fit(
        _Batches(draw, schedule, start_epoch=_epochs_done(history)),
        validation_data=validation,
        epochs=schedule.epochs,
        verbose=2,
        callbacks=[
            keras.callbacks.SwapEMAWeights(),
            keras.callbacks.BackupAndRestore(folder / "checkpoint", delete_checkpoint=False),
            _History(history),
        ],
    )
    model.optimizer.finalize_variable_values(model.trainable_variables)
    # The checkpoint goes only once the model is whole: a run must survive a cut here, too.
    model.save(folder / "unfinished.keras")
    (folder / "unfinished.keras").replace(folder / "model.keras")
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    plot_history(history, folder / "curves.png")
    return model


def _optimizer(schedule: Schedule) -> keras.optimizers.Optimizer:
    steps = schedule.epochs * schedule.steps
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=schedule.learning_rate / 20,
        # A run of one epoch ends while it warms up.
        decay_steps=max(1, steps - schedule.steps),
        alpha=0.01,
        warmup_target=schedule.learning_rate,
        warmup_steps=schedule.steps,
    )
    return keras.optimizers.AdamW(
        rate,
        weight_decay=schedule.weight_decay,
        clipnorm=5.0,
        use_ema=True,
        ema_momentum=schedule.ema_momentum,
        ema_overwrite_frequency=None,
    )


def _refuse_another_length(folder: Path, epochs: int, *, is_finished: bool) -> None:
    done = _epochs_done(folder / "history.csv")
    if done > epochs or (is_finished and 0 < done < epochs):
        raise SettingsError(
            f"{folder} holds a run of {done} epochs and {epochs} are asked for; "
            "move it away or name another folder for runs"
        )


def _epochs_done(history: Path) -> int:
    if not history.is_file():
        return 0
    return max(0, len(history.read_text(encoding="utf-8").splitlines()) - 1)
