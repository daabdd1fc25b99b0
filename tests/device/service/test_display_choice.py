"""Which displays are refused before the count starts, and which are tried."""

import pytest

from leuko.errors import SettingsError
from leuko.service import check_display
from leuko.settings import Settings


@pytest.mark.parametrize(
    ("width", "height", "turns", "words"),
    [
        (100, 0, 0, "too small to read: display_width = 100; set"),
        (0, 63, 2, "too small to read: display_height = 63; set"),
        (128, 64, 1, "too small to read: display_height = 64; set at least 64 x 128"),
        (127, 63, 0, "too small to read: display_width = 127 and display_height = 63; set"),
    ],
)
def test_a_size_that_no_drawing_fits_into_is_refused(
    width: int, height: int, turns: int, words: str
) -> None:
    settings = Settings(
        display="png", display_width=width, display_height=height, display_rotate=turns
    )
    with pytest.raises(SettingsError, match=words):
        check_display(settings)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("driver", ["png", "luma", "framebuffer", "terminal", "none"])
def test_a_size_that_can_be_read_or_is_not_looked_at_is_tried(driver: str, turns: int) -> None:
    check_display(Settings(display=driver, display_rotate=turns))
    size = {"display_width": 128, "display_height": 128}
    check_display(Settings.model_validate({"display": driver, "display_rotate": turns} | size))
    # Neither of these two is drawn on at a size that the settings tell.
    if driver in {"terminal", "none"}:
        check_display(Settings(display=driver, display_width=1, display_height=1))
