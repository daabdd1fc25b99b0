"""What leuko prints for people, line by line."""

from leuko.terminal import scale_lines
from leuko.vision.scale import ScaleEstimate


def test_a_stated_scale_is_printed_as_such() -> None:
    assert scale_lines(0.2, ()) == ["scale 0.2000 µm per pixel, as stated"]


def test_every_scale_that_was_found_is_printed_with_what_it_is_worth() -> None:
    found = [ScaleEstimate(0.2, 0.91, 60), ScaleEstimate(0.125, 0.62, 14)]
    assert scale_lines(None, found) == [
        "scale 0.2000 µm per pixel, from 60 red cells (confidence 0.91)",
        "scale 0.1250 µm per pixel, from 14 red cells (confidence 0.62)",
    ]
