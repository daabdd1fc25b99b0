"""A camera over a slide that a simulated hand moves; the slide is drawn or a folder of fields.

The option ``source`` says what lies under it: empty or ``smear`` for a rendered smear,
``smear:SEED`` or ``smear:SEED:LEUKOCYTES`` for a certain one, ``fields:FOLDER`` for real large
fields, ``fields:FOLDER@UM_PER_PX`` where their scale is known, so that frames have the scale that
the options ask for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from leuko.cameras import CameraOptions, ControlRanges, Found, Frame, Locks
from leuko.cells import RGBImage
from leuko.sim._controls import CONTROLS, EXPOSURE_US, SimControls
from leuko.sim._habits import HandHabits
from leuko.sim._hand import Hand, Look
from leuko.sim._places import SlideCell, Stretch
from leuko.sim._sensor import Sensor
from leuko.sim._shown import Showing, ViewLimits, cells_shown
from leuko.sim._slides import Slide
from leuko.sim._sources import refuse_source, slide_of

__all__ = [
    "CONTROLS",
    "Hand",
    "HandHabits",
    "Look",
    "Scene",
    "Showing",
    "SimCamera",
    "Slide",
    "SlideCell",
    "Stretch",
    "ViewLimits",
    "cells_shown",
]

_UNHURRIED_FRAMES_PER_S = 20.0
"""How often the path is photographed when the reader sets the pace."""
_AHEAD_S = (0.4, 0.8, 1.5)
"""How far ahead on its path the slide is prepared."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A slide and the hand that moves it; equal options set equal scenes.

    Attributes:
        slide: what lies on the stage.
        hand: how the stage moves.
    """

    slide: Slide
    hand: Hand

    @classmethod
    def set_up(cls, options: CameraOptions, *, habits: HandHabits | None = None) -> Self:
        """Return the scene that a camera with these options looks at.

        Args:
            options: as for `SimCamera.opened`.
            habits: how the hand moves; None is a practised technician.

        Raises:
            CameraError: the source is unknown, missing, or does not suit the options.
        """
        slide = slide_of(options)
        hand = Hand(
            slide.stretches,
            (options.width, options.height),
            um_per_px=options.um_per_px,
            habits=habits,
            cells=slide.cells,
            frames_per_s=options.frames_per_s or _UNHURRIED_FRAMES_PER_S,
            exposure_s=(options.locks.exposure_us or EXPOSURE_US) * 1e-6,
            seed=options.seed,
        )
        return cls(slide, hand)

    @property
    def cells(self) -> tuple[SlideCell, ...]:
        """Every cell that truly lies on the slide, as far as it is known."""
        return self.slide.cells

    def shown(self, limits: ViewLimits | None = None) -> tuple[Showing, ...]:
        """Return how each of the cells is shown on the whole path.

        Args:
            limits: what makes a good view; None for the usual.
        """
        return cells_shown(self.slide.cells, self.hand, limits=limits)


class SimCamera:
    """Photographs a scene frame by frame, at its pace or as fast as it is read.

    At a pace, frames that nobody has fetched in time are lost, as with a real sensor.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        frames_per_s: float = 0.0,
        seed: int = 0,
        lamp: float = 1.0,
        controls: ControlRanges = CONTROLS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Stand ready before the first frame.

        Args:
            scene: what is photographed.
            frames_per_s: pace; 0 leaves it to the reader.
            seed: of dust, flicker and noise.
            lamp: its power; 1 is what the slide is drawn for.
            controls: what can be set; None in them is a control that the camera lacks.
            clock: monotonic seconds.
            sleep: waits for some seconds.
        """
        self.scene = scene
        self._sensor = Sensor(*scene.hand.view_size, seed=seed)
        self._controls = SimControls(controls, lamp=lamp)
        self._sensor.tune(self._controls.tuning)
        self._period_s = 1 / frames_per_s if frames_per_s else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0
        self._zero_s: float | None = None

    @staticmethod
    def refuse_source(options: CameraOptions) -> None:
        """See `leuko.cameras.refuse_source`."""
        refuse_source(options)

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        """Lay the slide on the stage.

        Raises:
            CameraError: the source is unknown, missing, or does not suit the options, or the locks
                are beyond the camera.
        """
        camera = cls(Scene.set_up(options), frames_per_s=options.frames_per_s, seed=options.seed)
        camera.lock(options.locks)
        return camera

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"simulated camera, {self.scene.slide.name}"

    @property
    def found(self) -> Found:
        """How it was opened: what its automatic found, where nothing was asked."""
        width, height = self.scene.hand.view_size
        return Found(width, height, self._controls.locks, self._controls.ranges)

    @property
    def truth(self) -> tuple[SlideCell, ...]:
        """Every cell that truly lies on the slide, as far as it is known."""
        return self.scene.cells

    def read(self) -> Frame | None:
        """Return the next frame that arrives, when it is due; None at the path's end.

        Raises:
            CameraError: an image of the slide cannot be read.
        """
        self._next = self._arriving(self._next)
        if self._next >= len(self.scene.hand):
            return None
        number = self._next
        self._next += 1
        rgb = self._photograph(number)
        if self._period_s:
            self._prepare_after(number)
            self._wait_for(number)
        return Frame(rgb, number, self._clock())

    def lock(self, locks: Locks) -> None:
        """Set controls; the next frame shows them.

        Raises:
            CameraError: the camera has no such control, or not of such a range.
        """
        self._controls.lock(locks)
        self._sensor.tune(self._controls.tuning)

    def close(self) -> None:
        """Take the slide off the stage: later reads return None."""
        self._next = len(self.scene.hand)
        self.scene.slide.close()

    def _arriving(self, number: int) -> int:
        """The first frame from this one on that is not lost."""
        if self._zero_s is not None:
            number = max(number, int((self._clock() - self._zero_s) / self._period_s))
        hand = self.scene.hand
        while number < len(hand) and hand.look(number).is_dropped:
            number += 1
        return number

    def _photograph(self, number: int) -> RGBImage:
        look = self._look(number)
        x, y, width, height = self._sensor.window(look)
        return self._sensor.expose(self.scene.slide.view(x, y, width=width, height=height), look)

    def _look(self, number: int) -> Look:
        """Return the look with as much motion in it as the exposure lets in."""
        look = self.scene.hand.look(number)
        longer = self._controls.exposure_us * 1e-6 / self.scene.hand.exposure_s
        if abs(longer - 1) < 1e-6:
            return look
        return replace(look, dx_px=look.dx_px * longer, dy_px=look.dy_px * longer)

    def _prepare_after(self, number: int) -> None:
        for ahead_s in _AHEAD_S:
            later = number + round(ahead_s / self._period_s)
            if later < len(self.scene.hand):
                x, y, width, height = self._sensor.window(self._look(later))
                self.scene.slide.prepare(x, y, width=width, height=height)

    def _wait_for(self, number: int) -> None:
        # The first picture of a slide takes longest; time begins when it is there.
        if self._zero_s is None:
            self._zero_s = self._clock() - number * self._period_s
        due_s = self._zero_s + number * self._period_s
        self._sleep(max(0.0, due_s - self._clock()))
