"""How a person's hand moves the stage and turns the focus."""

from dataclasses import dataclass

from leuko.errors import SettingsError


@dataclass(frozen=True, slots=True)
class HandHabits:
    """A technician at the stage's knobs; the defaults are a practised one with oil immersion.

    Attributes:
        stroke_views: length of a stroke between two rests, in widths of the view.
        row_overlap: share of the view's height that neighbouring rows have in common.
        unevenness: how much strokes and rows stray from that, as a share of a stroke (one sigma).
        speed_um_s: mean speed of a stroke in µm/s; in its middle it is 1.9 times that.
        speed_spread: spread of speeds and rests, as a share of them (one sigma).
        pause_s: usual rest after a stroke, in s.
        hurried_share: share of strokes after which the hand does not rest.
        look_s: further rest when a cell has come into view, in s.
        overlooked_share: share of cells for which the hand does not rest.
        overshoot: by how much a stroke passes its end before it is corrected, as a share of it.
        return_share: share of strokes after which the hand goes back over ground already seen.
        jump_share: share of strokes after which the stage is swept to another part of the slide.
        revisit_share: share of jumps that lead to a part already seen first.
        jump_um_s: mean speed of a jump in µm/s.
        tremor_um: tremor of the hand on the knob, about 9 Hz, in µm (one sigma along each axis).
        drift_um: how far the stage creeps from its place within minutes, in µm (one sigma).
        knocks_per_min: knocks at the table in a minute.
        knock_um: first swing of the stage after a knock, in µm.
        blurs_per_min: how often in a minute the focus is lost.
        blur_um: blur when it is, in µm (standard deviation of the spread).
        refocus_s: time from there back to a sharp picture, in s.
        dropped_share: share of frames that never arrive.

    Raises:
        SettingsError: a value is negative, or a share is none.
    """

    stroke_views: float = 0.55
    row_overlap: float = 0.27
    unevenness: float = 0.12
    speed_um_s: float = 120.0
    speed_spread: float = 0.3
    pause_s: float = 0.25
    hurried_share: float = 0.35
    look_s: float = 0.4
    overlooked_share: float = 0.15
    overshoot: float = 0.05
    return_share: float = 0.06
    jump_share: float = 0.03
    revisit_share: float = 0.3
    jump_um_s: float = 2500.0
    tremor_um: float = 0.1
    drift_um: float = 1.5
    knocks_per_min: float = 1.0
    knock_um: float = 2.0
    blurs_per_min: float = 2.5
    blur_um: float = 0.5
    refocus_s: float = 0.9
    dropped_share: float = 0.004

    def __post_init__(self) -> None:
        """Refuse what no hand does."""
        for name in self.__slots__:
            value = getattr(self, name)
            if value < 0:
                raise SettingsError(f"{name} of {value:g} is negative; give 0 or more")
        for name in (
            "row_overlap",
            "hurried_share",
            "overlooked_share",
            "return_share",
            "jump_share",
            "revisit_share",
            "dropped_share",
        ):
            value = getattr(self, name)
            if value >= 1:
                raise SettingsError(f"{name} of {value:g} is no share below 1; give 0 up to 1")
        for name in ("stroke_views", "speed_um_s", "jump_um_s"):
            if getattr(self, name) == 0:
                raise SettingsError(f"{name} of 0 never arrives; give more")
