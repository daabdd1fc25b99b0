"""The flat field, measured from pictures and tried on those that it was not fitted to."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress

from leuko.calibration._archive import coded_gain
from leuko.calibration._circumstances import Circumstances
from leuko.calibration._origin import FrameUsed
from leuko.calibration._record import FlatFieldPart
from leuko.calibration._shots import Shot
from leuko.errors import CalibrationError
from leuko.status import Guidance
from leuko.vision.backdrop import DIMMEST
from leuko.vision.shading import (
    FEWEST_FIELDS,
    ReducedField,
    fit_flat_field,
    is_empty,
    reduce_field,
    show_the_same,
    unevenness,
)

FIELDS = 20
"""Pictures of a moving smear that are asked for."""

_MOST_CLIPPED = 0.02
_TOO_FEW = 2 * FEWEST_FIELDS
_BLANKS = 2
_UNSEEN = 8.0
"""Level of a background in which a camera sees nothing."""

Told = Callable[[int, int, Guidance], None]
"""Called with how many pictures there are, how many are wanted, and what the last one's light
needs."""


@dataclass(frozen=True, slots=True)
class LightMeasurement:
    """A flat field that was measured.

    Attributes:
        part: what the record says of it.
        gain: its PNG.
        left_out: why pictures were not used, a sentence each.
    """

    part: FlatFieldPart
    gain: bytes
    left_out: tuple[str, ...]


@dataclass(slots=True)
class _Chosen:
    fields: list[ReducedField] = field(default_factory=list)
    frames: list[FrameUsed] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, shot: Shot) -> Guidance:
        """Take a picture or leave it out; return what its light needs."""
        reduced = reduce_field(shot.rgb)
        guidance, flaw = _bad_light(reduced)
        if reason := flaw or self._shown_before(reduced):
            self.left_out.append(f"{shot.used.name} {reason}")
            return guidance
        self.fields.append(reduced)
        self.frames.append(shot.used)
        return Guidance.NONE

    @property
    def most_of_one_size(self) -> int:
        return max(self._sizes().values(), default=0)

    @property
    def is_hopeless(self) -> bool:
        return not self.fields and len(self.left_out) >= _TOO_FEW

    def leave_out_other_sizes(self) -> None:
        """Keep the pictures of the commonest size.

        Raises:
            CalibrationError: no size is commonest.
        """
        common = self._sizes().most_common(2)
        if len(common) < 2:
            return
        (shape, most), (other, second) = common
        if most == second:
            raise CalibrationError(
                f"{most} pictures are {_size(shape)} pixels and as many are {_size(other)}; give "
                "those of one camera"
            )
        strangers = [
            f"{frame.name} is {_size(one.shape)} pixels, most are {_size(shape)}"
            for one, frame in zip(self.fields, self.frames, strict=True)
            if one.shape != shape
        ]
        fits = [one.shape == shape for one in self.fields]
        self.frames = list(compress(self.frames, fits))
        self.fields = list(compress(self.fields, fits))
        self.left_out += strangers

    def _sizes(self) -> Counter[tuple[int, int]]:
        return Counter(one.shape for one in self.fields)

    def _shown_before(self, reduced: ReducedField) -> str:
        # All empty fields look the same.
        if is_empty(reduced):
            return ""
        # The place before is the likeliest.
        for one, frame in zip(reversed(self.fields), reversed(self.frames), strict=True):
            if one.shape == reduced.shape and show_the_same(reduced, one):
                return f"shows what {frame.name} shows; move the slide on"
        return ""


def _bad_light(reduced: ReducedField) -> tuple[Guidance, str]:
    if reduced.level < _UNSEEN:
        flaw = "is black: the camera sees nothing; switch the lamp on and take the cap off"
        return Guidance.TOO_DARK, flaw
    if reduced.level < DIMMEST:
        return Guidance.TOO_DARK, (
            f"is too dark to tell how even its light is (background at {reduced.level:.0f} of 255 "
            f"in its darkest channel, {DIMMEST:.0f} is needed); turn the lamp up, or run "
            "leuko calibrate exposure first"
        )
    if reduced.clipped > _MOST_CLIPPED:
        flaw = f"is overexposed ({100 * reduced.clipped:.0f} % saturated); use less light"
        return Guidance.TOO_BRIGHT, flaw
    return Guidance.NONE, ""


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} x {shape[0]}"


def measure_light(
    shots: Iterable[Shot],
    circumstances: Circumstances,
    *,
    wanted: int = FIELDS,
    is_live: bool = False,
    told: Told = lambda _done, _of, _guidance: None,
) -> LightMeasurement:
    """Return the flat field of a camera with locked exposure.

    Args:
        shots: pictures of different places of a smear, or of empty glass; no more are taken than
            are needed.
        circumstances: who measures, when and with what.
        wanted: pictures to be used; fewer will do where there are no more.
        is_live: whether a camera shows them. It is given up after eight bad ones at its start, for
            it would go on showing what the lamp makes of it; in a folder good ones may follow.
        told: of the progress.

    Raises:
        CalibrationError: too few of the pictures can be used, or the result helps nothing.
        ImageError: a picture cannot be read, or the light cannot be told from the cells.
    """
    chosen = _choose(shots, wanted, told, is_live=is_live)
    blank = all(map(is_empty, chosen.fields))
    if len(chosen.fields) < (_BLANKS if blank else _TOO_FEW):
        raise CalibrationError(_too_few(chosen))
    flat_field = fit_flat_field(chosen.fields)
    before, after = _tried(chosen.fields)
    if after > before:
        raise CalibrationError(
            f"the light varies by {100 * before:.1f} % and, corrected, by {100 * after:.1f} %; it "
            "is even enough, or the pictures are of different lamps: leave it or lock the exposure"
        )
    gain = coded_gain(flat_field)
    part = FlatFieldPart(
        origin=circumstances.origin(chosen.frames, shape=flat_field.shape),
        sha256=hashlib.sha256(gain).hexdigest(),
        rows=flat_field.gain.shape[0],
        columns=flat_field.gain.shape[1],
        method="empty glass" if blank else "fields of a smear",
        before_percent=round(100 * before, 3),
        after_percent=round(100 * after, 3),
    )
    return LightMeasurement(part, gain, tuple(chosen.left_out))


def _choose(shots: Iterable[Shot], wanted: int, told: Told, *, is_live: bool) -> _Chosen:
    chosen = _Chosen()
    told(0, wanted, Guidance.NONE)
    for shot in shots:
        guidance = chosen.add(shot)
        told(chosen.most_of_one_size, wanted, guidance)
        if chosen.most_of_one_size >= wanted or (is_live and chosen.is_hopeless):
            break
    chosen.leave_out_other_sizes()
    return chosen


def _tried(fields: Sequence[ReducedField]) -> tuple[float, float]:
    """Return the unevenness of one half's light without, and with the other half's correction."""
    one, other = fit_flat_field(fields[::2]), fit_flat_field(fields[1::2])
    return unevenness(other), unevenness(other, corrected_by=one)


def _too_few(chosen: _Chosen) -> str:
    why = f"; {chosen.left_out[0]}" if chosen.left_out else ""
    return (
        f"{len(chosen.fields)} of {len(chosen.fields) + len(chosen.left_out)} pictures can be "
        f"used{why}; give {FIELDS} sharp pictures of different places of a smear, at least "
        f"{_TOO_FEW}, or {_BLANKS} of empty glass"
    )
