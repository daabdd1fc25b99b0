"""A process that counts is killed: what it had acknowledged is there.

The fifty rounds of the promise, and those in which the power is cut, belong to ``make bench-live``
and to ``tests/hardware/power_cut.py``.
"""

from pathlib import Path

import pytest

from leuko_training.live_benchmark.durability import kill_trial


@pytest.mark.slow
def test_no_acknowledged_cell_is_lost_when_the_process_is_killed(quick_folder: Path) -> None:
    trial = kill_trial(3, seed=7, folder=quick_folder)
    assert trial.is_passed, trial
