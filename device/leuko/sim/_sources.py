"""What the option ``source`` lays on the stage, and what it says that means nothing."""

from dataclasses import dataclass
from pathlib import Path

from leuko.cameras import CameraOptions
from leuko.errors import CameraError
from leuko.sim._fields import FieldsSlide, images_under
from leuko.sim._slides import Slide, SmearSlide

_LEUKOCYTES = 200


@dataclass(frozen=True, slots=True)
class _Smear:
    seed: int
    leukocytes: int


@dataclass(frozen=True, slots=True)
class _Fields:
    folder: Path
    um_per_px: float | None


def refuse_source(options: CameraOptions) -> None:
    """Refuse what can be seen to be no slide, without drawing or reading one.

    Raises:
        CameraError: the source is unknown or missing, or the scale is none.
    """
    source = _source(options)
    if isinstance(source, _Fields):
        next(images_under(source.folder))


def slide_of(options: CameraOptions) -> Slide:
    """Return the slide that the options name.

    Raises:
        CameraError: the source is unknown, missing, or does not suit the options.
    """
    source = _source(options)
    if isinstance(source, _Smear):
        return SmearSlide(source.seed, leukocytes=source.leukocytes, um_per_px=options.um_per_px)
    return FieldsSlide(
        source.folder,
        um_per_px=options.um_per_px,
        field_um_per_px=source.um_per_px,
        view_size=(options.width, options.height),
    )


def _source(options: CameraOptions) -> _Smear | _Fields:
    if not 0.02 <= options.um_per_px <= 2:
        raise CameraError(f"scale {options.um_per_px} is no microscope's; give 0.02 to 2 µm/px")
    kind, _, rest = options.source.partition(":")
    if kind == "fields" and rest:
        return _fields(rest, options)
    if kind in {"", "smear"}:
        return _smear(rest, options)
    raise CameraError(
        f"the simulated camera has no source {options.source!r}; give smear, smear:SEED, "
        "smear:SEED:LEUKOCYTES, fields:FOLDER or fields:FOLDER@UM_PER_PX"
    )


def _smear(rest: str, options: CameraOptions) -> _Smear:
    seed, _, leukocytes = rest.partition(":")
    try:
        numbers = int(seed or options.seed), int(leukocytes or _LEUKOCYTES)
    except ValueError as error:
        raise CameraError(
            f"{options.source!r} is no smear; give whole numbers, as in smear:7 or smear:7:300"
        ) from error
    if numbers[0] < 0 or numbers[1] < 1:
        raise CameraError(f"{options.source!r} is no smear; give a seed from 0 and cells from 1")
    return _Smear(*numbers)


def _fields(rest: str, options: CameraOptions) -> _Fields:
    folder, _, scale = rest.rpartition("@")
    try:
        field_um_per_px = float(scale) if folder else None
    except ValueError:
        # An @ that no number follows belongs to the folder's name.
        folder, field_um_per_px = "", None
    if field_um_per_px is not None and not 0.01 <= field_um_per_px <= 2:
        raise CameraError(f"scale {scale} of {options.source!r} is none; give 0.01 to 2 µm/px")
    return _Fields(Path(folder or rest), field_um_per_px)
