"""The training loop, on a task that a tiny network learns in seconds."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.random import Generator

from leuko.errors import SettingsError
from leuko_training.fit import Schedule, fit
from leuko_training.losses import cross_entropy_and_dice, dice
from leuko_training.unet import paper_unet

SCHEDULE = Schedule(epochs=3, steps=20, batch_size=8, learning_rate=1e-2, ema_momentum=0.9)


def discs(count: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Dark discs on a bright noisy ground, and their masks."""
    rows, columns = np.mgrid[:32, :32]
    masks = []
    for _ in range(count):
        row, column, radius = rng.uniform(10, 22), rng.uniform(10, 22), rng.uniform(5, 9)
        masks.append(np.hypot(rows - row, columns - column) < radius)
    truth = np.stack(masks)[..., None].astype(np.float32)
    noise = rng.normal(0, 0.05, (*truth.shape[:3], 3))
    return (0.9 - 0.6 * truth + noise).astype(np.float32), truth


def train(folder: Path, schedule: Schedule = SCHEDULE) -> keras.Model:
    keras.utils.set_random_seed(1)
    return fit(
        paper_unet(32, 32, filters=(4, 8)),
        discs,
        discs(16, np.random.default_rng(9)),
        schedule=schedule,
        loss=cross_entropy_and_dice,
        metrics=[dice],
        folder=folder,
    )


def test_a_tiny_segmenter_learns_discs(tmp_path: Path) -> None:
    model = train(tmp_path)
    images, truth = discs(16, np.random.default_rng(77))
    assert float(dice(truth, np.asarray(model(images)))) > 0.9


def test_a_run_leaves_its_model_its_history_and_its_curves(tmp_path: Path) -> None:
    train(tmp_path)
    assert {"model.keras", "history.csv", "curves.png"} <= {p.name for p in tmp_path.iterdir()}


def test_a_run_that_was_cut_goes_on_where_it_stopped(tmp_path: Path) -> None:
    calls = 0

    def cut_in_the_second_epoch(count: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        nonlocal calls
        calls += 1
        if calls > 30:
            msg = "power cut"
            raise OSError(msg)
        return discs(count, rng)

    # Each backend wraps what the data raises in an error of its own.
    with pytest.raises(Exception, match="power cut"):
        fit(
            paper_unet(32, 32, filters=(4, 8)),
            cut_in_the_second_epoch,
            discs(16, np.random.default_rng(9)),
            schedule=SCHEDULE,
            loss=cross_entropy_and_dice,
            metrics=[dice],
            folder=tmp_path,
        )
    train(tmp_path)
    history = (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in history] == ["epoch", "0", "1", "2"]


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    first = train(tmp_path)
    again = train(tmp_path)
    for one, other in zip(first.get_weights(), again.get_weights(), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize(("trained", "asked"), [(1, 2), (2, 1)])
def test_a_finished_run_of_another_length_is_refused(
    tmp_path: Path, trained: int, asked: int
) -> None:
    short = replace(SCHEDULE, steps=2)
    train(tmp_path, replace(short, epochs=trained))
    with pytest.raises(SettingsError, match=f"a run of {trained} epochs and {asked} are asked for"):
        train(tmp_path, replace(short, epochs=asked))
