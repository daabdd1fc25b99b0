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

SCHEDULE = Schedule(epochs=3, steps=20, batch_size=8, learning_rate=3e-2, ema_momentum=0.9)


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


def tiny_segmenter() -> keras.Model:
    """Two layers: what a training takes in these tests is TensorFlow's tracing of each weight."""
    given = keras.Input((32, 32, 3))
    seen = keras.layers.Conv2D(8, 5, padding="same", activation="relu")(given)
    return keras.Model(given, keras.layers.Conv2D(1, 5, padding="same", activation="sigmoid")(seen))


def train(folder: Path, schedule: Schedule = SCHEDULE) -> keras.Model:
    keras.utils.set_random_seed(1)
    return fit(
        tiny_segmenter(),
        discs,
        discs(16, np.random.default_rng(9)),
        schedule=schedule,
        loss=cross_entropy_and_dice,
        metrics=[dice],
        folder=folder,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """A model after its training, and the run's folder."""
    folder = tmp_path_factory.mktemp("finished")
    return train(folder), folder


def test_a_tiny_segmenter_learns_discs(finished: tuple[keras.Model, Path]) -> None:
    images, truth = discs(16, np.random.default_rng(77))
    assert float(dice(truth, np.asarray(finished[0](images)))) > 0.9


def test_a_run_leaves_its_model_its_history_and_its_curves(
    finished: tuple[keras.Model, Path],
) -> None:
    left = {path.name for path in finished[1].iterdir()}
    assert {"model.keras", "history.csv", "curves.png"} <= left


def test_a_run_that_was_cut_goes_on_where_it_stopped(tmp_path: Path) -> None:
    short = replace(SCHEDULE, steps=4)
    calls = 0

    def cut_in_the_second_epoch(count: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        nonlocal calls
        calls += 1
        if calls > 6:
            msg = "power cut"
            raise OSError(msg)
        return discs(count, rng)

    # Each backend wraps what the data raises in an error of its own.
    with pytest.raises(Exception, match="power cut"):
        fit(
            tiny_segmenter(),
            cut_in_the_second_epoch,
            discs(16, np.random.default_rng(9)),
            schedule=short,
            loss=cross_entropy_and_dice,
            metrics=[dice],
            folder=tmp_path,
        )
    train(tmp_path, short)
    history = (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in history] == ["epoch", "0", "1", "2"]


def test_a_finished_run_is_not_repeated(finished: tuple[keras.Model, Path]) -> None:
    first, folder = finished
    written_ns = (folder / "model.keras").stat().st_mtime_ns
    again = train(folder)
    assert (folder / "model.keras").stat().st_mtime_ns == written_ns
    for one, other in zip(first.get_weights(), again.get_weights(), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize("asked", [2, 4])
def test_a_finished_run_of_another_length_is_refused(
    finished: tuple[keras.Model, Path], asked: int
) -> None:
    with pytest.raises(SettingsError, match=f"a run of 3 epochs and {asked} are asked for"):
        train(finished[1], replace(SCHEDULE, epochs=asked))
