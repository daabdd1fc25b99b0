"""How far a classifier's probabilities may be believed."""

import pytest

from leuko.certainty import in_percent


@pytest.mark.parametrize(
    ("probability", "told"),
    [(0.0, "0 %"), (0.126, "13 %"), (0.984, "98 %"), (0.996, "99 %"), (1.0, "99 %")],
)
def test_no_name_is_ever_wholly_sure(probability: float, told: str) -> None:
    assert in_percent(probability) == told
