"""Twenty power cuts on a real ext4 file system, with the real store.

It takes a minute, root and a loop device, and is run by its name:
``pytest tests/hardware/power_cut.py``.
"""

import pytest

from leuko_training.live_benchmark.durability import power_cut_trial, why_no_power_cut

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(600)]


@pytest.mark.skipif(bool(why_no_power_cut()), reason=why_no_power_cut())
def test_no_shown_cell_is_lost_in_twenty_power_cuts() -> None:
    trial = power_cut_trial(20)
    assert trial.is_passed, trial
