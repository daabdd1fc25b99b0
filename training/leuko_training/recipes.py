"""Ways to train a classifier: the shipped one, and those it was compared with.

`leuko-train transfer` measures them on laboratories left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from leuko_training.augment import (
    USUAL_COLOURS,
    ColourSpread,
)
from leuko_training.crops import USUAL_STYLE, ViewStyle
from leuko_training.fit import Schedule
from leuko_training.lenses import (
    LensSpread,
)

SHORT = Schedule(epochs=4, steps=48, batch_size=32, learning_rate=6e-4, ema_momentum=0.985)
"""A minute or two a training: ranks ideas."""

LONG = Schedule(epochs=24, steps=128, batch_size=32, learning_rate=6e-4)
"""The shipped classifier's, a quarter of an hour or more: what is reported of a laboratory left out
alone, too."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to train a classifier.

    Attributes:
        note: what is tried, in words.
        style: how cells are shown.
        balance: exponent of a set's size in how often it is drawn.
        whole: whether the network keeps all sixteen blocks.
        trains_depthwise: whether the depthwise convolutions leave their ImageNet weights.
        learning_rate: highest rate; None is the schedule's.
        label_smoothing: share of the truth that is spread over all classes.
        simulated: whether cells of simulated smears are learnt from, too.
        beside_shares: whether an answer is judged beside what is drawn of each class of the
            cell's data set, so that nothing is learnt from what the set alone tells.
        by_slide: whether slides of a set are drawn as sets are, and shares are a slide's.
    """

    note: str
    style: ViewStyle = USUAL_STYLE
    balance: float = 0.5
    whole: bool = False
    trains_depthwise: bool = True
    learning_rate: float | None = None
    label_smoothing: float = 0.05
    simulated: bool = True
    beside_shares: bool = False
    by_slide: bool = False

    def scheduled(self, schedule: Schedule, *, seed: int) -> Schedule:
        """Return the schedule with this recipe's learning rate and a seed."""
        rate = schedule.learning_rate if self.learning_rate is None else self.learning_rate
        return replace(schedule, learning_rate=rate, seed=seed)


HARD_COLOURS = ColourSpread(
    mixing=0.12,
    density=0.25,
    channel=0.15,
    saturation=0.3,
    gamma=0.2,
    grey_share=0.2,
    greyest=1.0,
)
"""Colours that stray twice as far, one image in five without any."""

TONED_COLOURS = replace(USUAL_COLOURS, tone=0.3)
"""Between eight laboratories the logarithm of a neutrophil's density, nucleus to cytoplasm, lies
from 0.85 to 1.98: powers of 0.6 to 1.5."""

GRAINY = LensSpread(
    blurred=0.4,
    blur_px=2.2,
    sharpened=0.6,
    sharpening=3.0,
    halo_px=3.0,
    noisy=0.6,
    noise=16.0,
    grain_px=1.8,
)
"""Softer lenses, and cameras that sharpen until every cytoplasm looks granular."""

SMOOTHING = LensSpread(smoothed=0.4)
"""Telephones and other cameras that take noise off take the granules with it."""

_COARSE = ViewStyle(size=96, um_per_px=0.2133)
_HARD = replace(USUAL_STYLE, colours=HARD_COLOURS)
_EVEN_HALF = replace(USUAL_STYLE, even=True, even_views=0.5)

RECIPES: Mapping[str, Recipe] = {
    "usual": Recipe("colours, lenses and scales stray as between laboratories"),
    "still-depthwise": Recipe(
        "depthwise convolutions keep their ImageNet weights", trains_depthwise=False
    ),
    "hard-colours": Recipe(
        "colours stray twice as far, one view in five grey", style=_HARD, trains_depthwise=False
    ),
    "harder": Recipe(
        "hard colours, three views in ten grey, the scale misjudged by up to a third",
        style=replace(USUAL_STYLE, colours=replace(HARD_COLOURS, grey_share=0.3), zoom=0.3),
        trains_depthwise=False,
    ),
    "mostly-grey": Recipe(
        "three views in five grey",
        style=replace(USUAL_STYLE, colours=replace(HARD_COLOURS, grey_share=0.6)),
        trains_depthwise=False,
    ),
    "levelled": Recipe(
        "every nucleus brought to one optical density, on the device, too",
        style=replace(_HARD, levelled=True),
        trains_depthwise=False,
    ),
    "coarse": Recipe(
        "96 px at 0.21 µm per pixel instead of 128 at 0.16",
        style=replace(_COARSE, colours=HARD_COLOURS),
        trains_depthwise=False,
    ),
    "fine": Recipe(
        "128 px at 0.13 µm per pixel", style=replace(_HARD, um_per_px=0.13), trains_depthwise=False
    ),
    "sets-alike": Recipe(
        "every set is drawn as often as any other",
        style=_HARD,
        balance=0.0,
        trains_depthwise=False,
    ),
    "slow": Recipe(
        "a third of the learning rate", style=_HARD, learning_rate=2e-4, trains_depthwise=False
    ),
    "whole-network": Recipe(
        "all sixteen blocks of EfficientNet-Lite0", style=_HARD, whole=True, trains_depthwise=False
    ),
    "grainy": Recipe(
        "softer lenses, cameras that sharpen and coarse grain",
        style=replace(USUAL_STYLE, lens=GRAINY),
    ),
    "redyed": Recipe(
        "half of the views in the dyes of another laboratory's cell of the same class",
        style=replace(USUAL_STYLE, redyed=0.5),
    ),
    "toned": Recipe(
        "how much darker a nucleus is than its cytoplasm strays as between laboratories",
        style=replace(USUAL_STYLE, colours=TONED_COLOURS),
    ),
    "even": Recipe(
        "as usual, and each laboratory's cells made as dark as usual before they are named",
        style=replace(USUAL_STYLE, even=True),
    ),
    "even-views": Recipe(
        "as `even`, and all training views evened, too",
        style=replace(USUAL_STYLE, even=True, even_views=1.0),
    ),
    "even-half": Recipe(
        "as `even`, and every second training view evened, too",
        style=_EVEN_HALF,
    ),
    "beside-shares": Recipe(
        "as `even-half`, and answers judged beside each data set's own shares of the classes",
        style=_EVEN_HALF,
        beside_shares=True,
    ),
    "smooth": Recipe(
        "as `beside-shares`, and two views in five without fine texture",
        style=replace(_EVEN_HALF, lens=SMOOTHING),
        beside_shares=True,
    ),
    "slides": Recipe(
        "as `smooth`, slides drawn by the square root of their size and shares those of a slide",
        style=replace(_EVEN_HALF, lens=SMOOTHING),
        beside_shares=True,
        by_slide=True,
    ),
    "real-alone": Recipe(
        "without simulated smears", style=_HARD, simulated=False, trains_depthwise=False
    ),
}
"""What was tried, by name."""

SHIPPED_NAME = "slides"
SHIPPED = RECIPES[SHIPPED_NAME]
"""How the classifier of the default bundle is trained."""
