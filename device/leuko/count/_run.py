"""A run over images, one by one, with what failed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from leuko.bundle import ModelBundle
from leuko.calibration import (
    CalibratedFrames,
    Calibration,
    WBCEstimate,
    adapter_for,
    estimated_wbc,
    quality_limits,
    summary_for,
)
from leuko.cells import RGBImage
from leuko.count._blur import is_blurred
from leuko.count._scales import (
    FIELDS_FOR_SCALE,
    FoundScales,
    ImageScale,
    Scales,
    StatedScale,
)
from leuko.count._stain import RunStain
from leuko.counting import DifferentialCount, Entry
from leuko.errors import ImageError, OutputError, ScaleError
from leuko.images import find_images, image_size, pixel_digest, read_image
from leuko.pipeline import Analyser
from leuko.reports import FailedImage, FieldReport, ReportFolder, name_images
from leuko.vision.scale import ScaleEstimate

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many images are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Which pictures to write beside the tables.

    Attributes:
        overlay: the image with outlines and names.
        masks: the label image.
    """

    overlay: bool = False
    masks: bool = False


NO_PICTURES = Pictures()
"""Tables only."""


@dataclass(frozen=True, slots=True)
class CountResult:
    """What a run came to.

    Attributes:
        count: the differential over all images.
        images: how many were analysed.
        failed: those that were left out.
        um_per_px: the scale that was stated or calibrated; None when it was to be found.
        scales: the distinct scales that were found from red cells; empty when one was stated.
        warnings: what the reader should look at again, a sentence each.
        blurred: what the results call the images that are not sharp; they are counted all the
            same.
        wbc: what its sharp images let one guess of the leukocytes in blood; None without a factor
            for it.
    """

    count: DifferentialCount
    images: int
    failed: tuple[FailedImage, ...]
    um_per_px: float | None
    scales: tuple[ScaleEstimate, ...]
    warnings: tuple[str, ...]
    blurred: tuple[str, ...] = ()
    wbc: WBCEstimate | None = None


def count_images(
    paths: Sequence[Path],
    out: Path,
    *,
    bundle: ModelBundle,
    analyser: Analyser,
    um_per_px: float | None,
    calibration: Calibration | None = None,
    pictures: Pictures = NO_PICTURES,
    progress: Progress | None = None,
) -> CountResult:
    """Analyse images and write the results.

    An image that cannot be read, whose scale cannot be found, that Leuko wrote itself, or whose
    pixels are those of an earlier one is left out and named in the results.

    Args:
        paths: image files, and folders of them.
        out: folder for the results; made if need be.
        bundle: the analyser's models, for the record.
        analyser: finds and names the cells.
        um_per_px: scale of all images, or None to find it from the red cells. Images of the
            same size in pixels are taken to come from one camera and objective, but for those
            whose own red cells clearly say otherwise.
        calibration: of the camera that all images come from; evens out their light, and has the
            scale of those whose scale is not stated.
        pictures: what to write beside the tables.
        progress: told before every step, if given.

    Raises:
        ImageError: there are no images, or not one of them can be used.
        OutputError: the results cannot be written, or would lie among the images.
        EngineError: the engine failed.
    """
    images = find_images(paths)
    _refuse_to_mix(images, out)
    run = _Run(images, progress or _untold, calibration)
    um_per_px = um_per_px or _scale_of(calibration)
    _, left_aside = adapter_for(calibration, bundle.sha256)
    with ReportFolder(out) as report:
        scales = run.find_scales() if um_per_px is None else StatedScale(um_per_px)
        run.learn(analyser, scales)
        run.analyse_all(analyser, scales, report, pictures)
        run.refuse_if_all_failed()
        count = DifferentialCount.from_entries(run.entries)
        failed = run.failed()
        wbc = run.estimated_wbc(bundle)
        report.finish(
            count,
            failed,
            bundle,
            calibration=summary_for(calibration, bundle.sha256) or None,
            stain=run.stain.detail(),
            wbc=wbc.detail if wbc else None,
        )
    return CountResult(
        count=count,
        images=len(images) - len(failed),
        failed=failed,
        um_per_px=um_per_px,
        blurred=tuple(run.blurred),
        wbc=wbc,
        scales=tuple(run.estimates),
        warnings=(
            *filter(None, [left_aside]),
            *scales.warnings(run.labels),
            *run.stain.warnings(),
        ),
    )


_IMAGES_TO_LEARN, _CELLS_TO_LEARN = 40, 60
"""At most so many images are looked at beforehand, and no more once they had so many cells."""
_DARKEST = 20
"""Median level of green below which a picture shows no field; dim real ones have 60 and more."""


class _Run:
    def __init__(
        self, images: Sequence[Path], progress: Progress, calibration: Calibration | None
    ) -> None:
        self._images = images
        self._frames = CalibratedFrames(calibration) if calibration else None
        self._limits = quality_limits(calibration)
        self._wbc_factor = calibration.record.wbc_factor if calibration else None
        self._sharp_entries: list[Entry] = []
        self._sharp_scales: list[float] = []
        self._names = dict(zip(images, name_images(images), strict=True))
        self._progress = progress
        self._failures: dict[Path, ImageError] = {}
        self._first_with: dict[bytes, Path] = {}
        self._scales: dict[Path, ImageScale] = {}
        self.entries: list[Entry] = []
        self.stain = RunStain(calibration)
        self.estimates: dict[ScaleEstimate, None] = {}
        self.blurred: list[str] = []

    @property
    def labels(self) -> Mapping[Path, str]:
        return {path: image for path, (image, _) in self._names.items()}

    def find_scales(self) -> FoundScales:
        scales = FoundScales()
        for shape, members in self._cameras().items():
            self._progress("finding the scale", 0, len(self._images))
            pairs = ((path, self._read(path)) for path in members)
            readable = ((path, rgb) for path, rgb in pairs if rgb is not None)
            for path, rgb in islice(readable, FIELDS_FOR_SCALE):
                scales.measure(path, rgb)
            scales.settle(shape, members)
        return scales

    def learn(self, analyser: Analyser, scales: Scales) -> None:
        """Let the analyser know the laboratory from images of the whole run, not its first.

        Twice, for what the first cells are named before their laboratory is known may be wrong.
        """
        if analyser.evens_laboratory:
            every = -(-len(self._images) // _IMAGES_TO_LEARN)
            for _ in range(2):
                self._learn(self._images[::every], analyser, scales)

    def _learn(self, images: Sequence[Path], analyser: Analyser, scales: Scales) -> None:
        cells = 0
        for done, path in enumerate(images):
            self._progress("getting to know the laboratory", done, len(images))
            rgb = None if path in self._failures else self._read(path)
            if rgb is None:
                continue
            with suppress(ImageError):
                # What is wrong with an image is told when it is analysed.
                scale = self._scale(path, rgb, scales)
                cells += analyser.learn(rgb, um_per_px=scale.um_per_px)
            if cells >= _CELLS_TO_LEARN:
                return

    def analyse_all(
        self, analyser: Analyser, scales: Scales, report: ReportFolder, pictures: Pictures
    ) -> None:
        for done, path in enumerate(self._images):
            self._progress(self._names[path][0], done, len(self._images))
            rgb = None if path in self._failures else self._read(path)
            field = None if rgb is None else self._analysed(path, rgb, analyser, scales)
            if rgb is None or field is None:
                continue
            report.add_field(field)
            if pictures.overlay:
                report.add_overlay(field, rgb)
            if pictures.masks:
                report.add_mask(field)
        self._progress("done", len(self._images), len(self._images))

    def refuse_if_all_failed(self) -> None:
        if len(self._failures) < len(self._images):
            return
        errors = list(self._failures.values())
        # A scale can be stated; a broken file among images without one matters less.
        chosen = next((error for error in errors if isinstance(error, ScaleError)), errors[0])
        if len(set(map(str, errors))) == 1:
            raise chosen
        kind = ScaleError if isinstance(chosen, ScaleError) else ImageError
        raise kind(f"none of {len(errors)} images can be used; {chosen}")

    def failed(self) -> tuple[FailedImage, ...]:
        return tuple(
            FailedImage(self._names[path][0], str(self._failures[path]))
            for path in self._images
            if path in self._failures
        )

    def estimated_wbc(self, bundle: ModelBundle) -> WBCEstimate | None:
        # The factor was measured in sharp fields, in which more leukocytes are found.
        if self._wbc_factor is None:
            return None
        return estimated_wbc(
            self._wbc_factor,
            DifferentialCount.from_entries(self._sharp_entries),
            fields=len(self._sharp_scales),
            scales=self._sharp_scales,
            bundle_sha256=bundle.sha256,
        )

    def _cameras(self) -> dict[tuple[int, int], list[Path]]:
        cameras: dict[tuple[int, int], list[Path]] = {}
        for path in self._images:
            try:
                cameras.setdefault(image_size(path), []).append(path)
            except ImageError as error:
                self._failures[path] = error
        return cameras

    def _read(self, path: Path) -> RGBImage | None:
        try:
            rgb = read_image(path)
            self._refuse_twin(path, rgb)
            return self._frames.calibrated(rgb) if self._frames else rgb
        except ImageError as error:
            self._failures[path] = error
            return None

    def _refuse_twin(self, path: Path, rgb: RGBImage) -> None:
        first = self._first_with.setdefault(pixel_digest(rgb), path)
        if first != path:
            raise ImageError(
                f"it is the same picture as {self._names[first][0]}; its cells count once"
            )

    def _scale(self, path: Path, rgb: RGBImage, scales: Scales) -> ImageScale:
        _check_light(rgb)
        if path not in self._scales:
            self._scales[path] = scales.of(path, rgb)
        return self._scales[path]

    def _analysed(
        self, path: Path, rgb: RGBImage, analyser: Analyser, scales: Scales
    ) -> FieldReport | None:
        try:
            scale = self._scale(path, rgb, scales)
            cells = analyser.analyse(rgb, um_per_px=scale.um_per_px)
        except ImageError as error:
            self._failures[path] = error
            return None
        entries = [Entry(one.cell_class, one.status, one.region.cut_by_border) for one in cells]
        self.entries += entries
        self.stain.see(rgb, cells, um_per_px=scale.um_per_px)
        if scale.estimate:
            self.estimates.setdefault(scale.estimate)
        image, name = self._names[path]
        confidence = scale.estimate.confidence if scale.estimate else None
        shape = (rgb.shape[0], rgb.shape[1])
        blurred = is_blurred(rgb, um_per_px=scale.um_per_px, limits=self._limits)
        if blurred:
            self.blurred.append(image)
        else:
            self._sharp_entries += entries
            self._sharp_scales.append(scale.um_per_px)
        return FieldReport(
            image, name, shape, scale.um_per_px, confidence, cells, is_sharp=not blurred
        )


def _scale_of(calibration: Calibration | None) -> float | None:
    scale = calibration.record.scale if calibration else None
    return scale.um_per_px if scale else None


def _untold(_doing: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def _refuse_to_mix(images: Iterable[Path], out: Path) -> None:
    # An image may be a link: neither the folder it is named in nor its own may be written to.
    folders = {folder for one in images for folder in (one.parent.resolve(), one.resolve().parent)}
    if out.resolve() in folders:
        raise OutputError(
            f"results would lie among the images in {out}; choose another folder with --out"
        )


def _check_light(rgb: RGBImage) -> None:
    """Refuse what was taken without light, or is a mask: in black the models see anything."""
    level = float(np.median(rgb[::8, ::8, 1]))
    if level < _DARKEST:
        raise ImageError(
            f"most of it is black (level {level:.0f} of 255); give a picture taken with light"
        )
