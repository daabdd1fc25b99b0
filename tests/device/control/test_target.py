"""What a person may write as a target."""

import pytest

from leuko.control import next_target, parse_target
from leuko.errors import SettingsError
from leuko.status import Target


@pytest.mark.parametrize("text", ["100", " 200 ", "1", "10000"])
def test_a_number_is_so_many_cells(text: str) -> None:
    assert parse_target(text) == Target(cells=int(text))


@pytest.mark.parametrize("text", ["±5", "± 5 %", "5%", "5 %", "+-5", "+/-5%", "5,0 %"])
def test_a_percentage_is_half_a_width(text: str) -> None:
    assert parse_target(text) == Target(cells=None, half_width=5.0)


def test_every_target_is_read_back_as_it_is_shown() -> None:
    targets = [Target(cells) for cells in range(1, 10_001)]
    targets += [Target(None, hundredths / 100) for hundredths in range(100, 2501)]
    assert [parse_target(str(target)) for target in targets] == targets


@pytest.mark.parametrize("text", ["", "0", "10001", "-5", "0%", "±99", "nan%", "1e3", "ten", "٣٠"])
def test_anything_else_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(SettingsError, match=r"is no target of a count; give 1 to 10000 cells"):
        parse_target(text)


def test_steps_lead_up_and_down_the_usual_targets_and_end_there() -> None:
    up = [str(next_target(Target(cells), up=True)) for cells in (50, 100, 150, 200, 400, 900)]
    down = [str(next_target(Target(cells), up=False)) for cells in (50, 100, 150, 200, 400, 900)]
    assert up == ["100", "200", "200", "400", "400", "900"]
    assert down == ["50", "100", "100", "100", "200", "400"]


def test_a_step_from_an_interval_leads_to_a_number() -> None:
    assert next_target(Target(None, 5.0), up=True) == Target(400)
    assert next_target(Target(None, 5.0), up=False) == Target(100)
