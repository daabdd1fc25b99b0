"""Which of a camera's pictures show another place each, while a hand moves the stage."""

from collections.abc import Callable, Iterable, Iterator

from leuko.calibration._shots import Shot
from leuko.cells import RGBImage
from leuko.vision.shading import ReducedField, is_empty, reduce_field, show_the_same

MOVING, SHOWN = "moving", "move the slide on"
"""Why a picture is no field: the view has not come to rest, or was taken before."""

Flaw = Callable[[RGBImage], str]
"""Says in a few words what is wrong with a picture; nothing if it is good."""
FieldTold = Callable[[int, str], None]
"""Told how many fields there are, and why the picture seen last is none; nothing if it is one."""


def different_fields(
    shots: Iterable[Shot],
    *,
    wanted: int,
    empty: int = 0,
    flaw: Flaw = lambda _rgb: "",
    told: FieldTold = lambda _fields, _reason: None,
) -> Iterator[Shot]:
    """Yield the pictures of a moving smear that rest on a place which none before has shown.

    A view rests that shows what it showed one picture earlier. Fields may overlap.

    Args:
        shots: pictures of one size, some time apart; no more are taken than are needed.
        wanted: fields.
        empty: fields of empty glass that are taken: all look the same.
        flaw: what else keeps a picture from being taken, but for one of empty glass.
        told: of each picture.
    """
    if wanted < 1:
        return
    chooser = _Chooser(flaw, empty=empty)
    for shot in shots:
        reason = chooser.reason_against(shot.rgb)
        told(len(chooser.fields), reason)
        if not reason:
            yield shot
        if len(chooser.fields) >= wanted:
            return


class _Chooser:
    def __init__(self, flaw: Flaw, *, empty: int) -> None:
        self._empty = empty
        self.fields: list[ReducedField] = []
        self._before: ReducedField | None = None
        self._flaw = flaw

    def reason_against(self, rgb: RGBImage) -> str:
        """Return why a picture is no new field; without a reason it is one from now on."""
        reduced = reduce_field(rgb)
        before, self._before = self._before, reduced
        if before is None:
            return MOVING
        reason = self._against(reduced, before) or ("" if is_empty(reduced) else self._flaw(rgb))
        if not reason:
            self.fields.append(reduced)
        return reason

    def _against(self, reduced: ReducedField, before: ReducedField) -> str:
        # Of empty glass nothing tells whether it moves.
        if is_empty(reduced):
            return SHOWN if sum(map(is_empty, self.fields)) >= self._empty else ""
        if not show_the_same(reduced, before):
            return MOVING
        # The place before is the likeliest.
        is_shown = any(show_the_same(reduced, one) for one in reversed(self.fields))
        return SHOWN if is_shown else ""
