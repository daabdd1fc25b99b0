"""The size of a pixel, measured with a stage micrometer or, where there is none, by red cells."""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from leuko.calibration._circumstances import Circumstances
from leuko.calibration._origin import FrameUsed
from leuko.calibration._record import ScalePart
from leuko.calibration._shots import Shot, refuse_several_sizes
from leuko.cells import RGBImage
from leuko.errors import CalibrationError, ScaleError
from leuko.plurals import counted
from leuko.status import Guidance
from leuko.vision.quality import DEFAULT_LIMITS, QualityLimits, judge
from leuko.vision.ruler import RulerReading, read_ruler
from leuko.vision.scale import MeasuredField, measure_field, scale_of
from leuko.vision.scale_agreement import comparable_scale, parted

RULER_PICTURES = 3
"""Pictures of a micrometer that are read; one is enough."""
RED_CELL_FIELDS = 10
"""Fields whose red cells are measured."""

_MOST_APART = 0.01
"""Pictures of one micrometer agree as well as this, or one of them shows something else."""
_DONORS_PERCENT = 4.0
"""Two standard deviations of the median red cell from donor to donor and smear to smear."""
_CELLS_PERCENT = 7.0
"""Standard deviation of red cells' diameters in one donor."""
_LEAST_CONFIDENCE = 0.5
_BAD_LIGHT = (Guidance.TOO_DARK, Guidance.TOO_BRIGHT)
_COARSE_UM_PER_PX = 0.28
"""Stands for a scale that a field alone does not tell; its light does not depend on it."""

ToldShot = Callable[[Shot, str], None]
"""Told of a picture, and why it is not used; nothing if it is."""


@dataclass(frozen=True, slots=True)
class _Read:
    used: FrameUsed
    shape: tuple[int, int]
    reading: RulerReading


def measure_with_ruler(
    shots: Iterable[Shot], circumstances: Circumstances, *, division_um: float
) -> ScalePart:
    """Return the scale from pictures of a stage micrometer.

    Args:
        shots: pictures of its lines; three at most are taken.
        circumstances: who measures, when and with what.
        division_um: distance from line to line.

    Raises:
        ScaleError: a picture shows no ruled lines.
        CalibrationError: there is no picture, they contradict each other, or the scale is none
            that a microscope has.
    """
    read: list[_Read] = []
    for shot in shots:
        read.append(_Read(shot.used, shot.shape, read_ruler(shot.rgb)))
        if len(read) == RULER_PICTURES:
            break
    if not read:
        raise CalibrationError("there is no picture of a micrometer; give one")
    refuse_several_sizes([(one.used, one.shape) for one in read])
    periods = [one.reading.period_px for one in read]
    mean = math.fsum(periods) / len(periods)
    apart = (max(periods) - min(periods)) / mean
    if apart > _MOST_APART:
        raise CalibrationError(
            f"the pictures contradict each other: their lines lie {min(periods):.1f} to "
            f"{max(periods):.1f} pixels apart; give pictures of one objective"
        )
    within = max(*(one.reading.within_percent for one in read), 100 * apart / 2)
    return ScalePart(
        origin=circumstances.origin((one.used for one in read), shape=read[0].shape),
        um_per_px=_possible(division_um / mean),
        within_percent=round(within, 3),
        method="stage micrometer",
        measured=sum(one.reading.lines for one in read),
    )


def measure_by_red_cells(
    shots: Iterable[Shot],
    circumstances: Circumstances,
    *,
    even: Callable[[RGBImage], RGBImage] = lambda rgb: rgb,
    limits: QualityLimits = DEFAULT_LIMITS,
    is_live: bool = False,
    told: ToldShot = lambda _shot, _reason: None,
    doubted: Callable[[str], None] = lambda _sentence: None,
) -> ScalePart:
    """Return the scale from fields of a smear, whose red cells are taken to be 7.2 µm wide.

    Args:
        shots: sharp fields; ten at most are taken, each once.
        circumstances: who measures, when and with what.
        even: evens out a field's light before it is judged, as the live gate sees it.
        limits: what is too dark, too bright or not sharp.
        is_live: whether a camera shows them. Ten copies in a row end it, for of a slide at rest
            nothing else comes; in a folder other fields may follow.
        told: of each picture: copies and what is too dark, too bright or not sharp are not used.
        doubted: told why the fields may be of two microscopes, if so.

    Raises:
        ScaleError: the fields show no red cells, too few, or sizes that contradict each other.
        CalibrationError: no field can be used, or the red cells are not to be trusted.
    """
    once = _each_once(shots, told, is_live=is_live)
    fields, frames = _chosen(once, lambda rgb, field: _flaw(even(rgb), field, limits), told)
    refuse_several_sizes([(used, one.shape) for used, one in zip(frames, fields, strict=True)])
    estimate = scale_of(fields)
    if estimate.confidence < _LEAST_CONFIDENCE:
        raise CalibrationError(
            f"the {estimate.red_cells} red cells are not to be trusted (confidence "
            f"{estimate.confidence:.2f}, {_LEAST_CONFIDENCE:g} is needed); give sharper or more "
            "fields, or a stage micrometer"
        )
    if apart := parted(_own_scales(fields, frames)):
        doubted(f"{apart}; measure the fields of each microscope by themselves")
    within = math.hypot(_DONORS_PERCENT, 2 * _CELLS_PERCENT / math.sqrt(estimate.red_cells))
    return ScalePart(
        origin=circumstances.origin(frames, shape=fields[0].shape),
        um_per_px=_possible(estimate.um_per_px),
        within_percent=round(within, 3),
        method="red cells",
        measured=estimate.red_cells,
    )


def _chosen(
    shots: Iterable[Shot], flaw: Callable[[RGBImage, MeasuredField], str], told: ToldShot
) -> tuple[list[MeasuredField], list[FrameUsed]]:
    """Return the fields without a flaw, ten at most, and the pictures they are of.

    Raises:
        CalibrationError: all have one.
    """
    chosen: list[MeasuredField] = []
    frames: list[FrameUsed] = []
    unused: list[str] = []
    for shot in shots:
        field = measure_field(shot.rgb)
        reason = flaw(shot.rgb, field)
        told(shot, reason)
        if reason:
            unused.append(f"{shot.used.name}: {reason}")
            continue
        chosen.append(field)
        frames.append(shot.used)
        if len(chosen) == RED_CELL_FIELDS:
            break
    if unused and not chosen:
        raise CalibrationError(
            f"none of {counted(len(unused), 'picture')} can be used ({unused[0]}); give sharp "
            "fields with enough light, or a stage micrometer"
        )
    return chosen, frames


def _own_scales(fields: Sequence[MeasuredField], frames: Sequence[FrameUsed]) -> dict[str, float]:
    """Return what each field's red cells say by themselves, as far as that is worth something."""
    found: dict[str, float] = {}
    for field, used in zip(fields, frames, strict=True):
        with contextlib.suppress(ScaleError):
            if um_per_px := comparable_scale(scale_of([field])):
                found[used.name] = um_per_px
    return found


def _each_once(shots: Iterable[Shot], told: ToldShot, *, is_live: bool) -> Iterator[Shot]:
    """Yield pictures without copies; end where a camera shows nothing else."""
    first_with: dict[bytes, str] = {}
    copies = 0
    for shot in shots:
        if first := first_with.get(pixels := shot.pixels):
            told(shot, f"it is the same picture as {first}; its cells count once")
            copies += 1
            if is_live and copies == RED_CELL_FIELDS:
                return
        else:
            first_with[pixels], copies = shot.used.name, 0
            yield shot


def _flaw(even: RGBImage, field: MeasuredField, limits: QualityLimits) -> str:
    """Return why red cells cannot be measured in a field, in the live gate's words."""
    try:
        um_per_px = scale_of([field]).um_per_px
    except ScaleError:
        um_per_px = None
    scale = um_per_px or _COARSE_UM_PER_PX
    quality = judge(even, um_per_px=scale, moved_um=math.inf, limits=limits)
    if quality.guidance in _BAD_LIGHT:
        return quality.guidance
    # A pale film is called too thin before anybody asks how sharp it is.
    if um_per_px is None or quality.sharpness >= limits.least_sharpness:
        return ""
    return Guidance.SLOWER if quality.guidance is Guidance.SLOWER else Guidance.FOCUS


def _possible(um_per_px: float) -> float:
    if not 0.02 <= um_per_px <= 1.0:
        raise CalibrationError(
            f"{um_per_px:.4f} µm per pixel is no scale of a microscope for smears (0.02 to 1); "
            "check the distance of the lines, --division-um"
        )
    return round(um_per_px, 6)
