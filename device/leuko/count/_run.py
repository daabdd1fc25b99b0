"""A run over images, one by one: find their scale, analyse, report."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from leuko.bundle import ModelBundle
from leuko.calibration import (
    Calibration,
    adapter_for,
    calibrated_scale,
    quality_limits,
    summary_for,
)
from leuko.cells import RGBImage
from leuko.count._blur import is_blurred
from leuko.count._inputs import Inputs, check_light, passed_over, refuse_to_mix
from leuko.count._result import NO_PICTURES, CountResult, Pictures, Progress, told_replaced
from leuko.count._scales import FIELDS_FOR_SCALE, FoundScales, ImageScale, Scales, StatedScale
from leuko.count._sheet import RunSheet
from leuko.count._stain import RunStain
from leuko.count._tally import Tally
from leuko.errors import ImageError
from leuko.images import find_images
from leuko.pipeline import Analyser, Picture, learn_laboratory, spread_out
from leuko.reports import FieldReport, ReportFolder


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
    refuse_to_mix(images, out)
    inputs = Inputs(images, calibration, unread=passed_over(paths))
    run = _Run(inputs, progress or _untold, calibration, bundle)
    with ReportFolder(out) as report:
        scales = run.scales(um_per_px)
        run.learn(analyser, scales)
        run.analyse_all(analyser, scales, report, pictures)
        result = run.result(scales, replaced=out if report.replaces else None)
        report.finish(
            result.count,
            result.failed,
            bundle,
            calibration=summary_for(calibration, bundle.sha256) or None,
            stain=run.stain.detail(),
            wbc=result.wbc.detail if result.wbc else None,
            scale=result.scale_detail,
            names={
                "compared": analyser.is_comparing,
                "eosinophils_doubted": analyser.doubts_eosinophils,
                "unclassified_below": analyser.unclassified_below,
            },
        )
    return result


class _Run:
    def __init__(
        self,
        inputs: Inputs,
        progress: Progress,
        calibration: Calibration | None,
        bundle: ModelBundle,
    ) -> None:
        self._inputs = inputs
        self._progress = progress
        self._calibration = calibration
        self._bundle = bundle
        self._limits = quality_limits(calibration)
        self._scales: dict[Path, ImageScale] = {}
        self._tally = Tally()
        self.stain = RunStain(calibration)

    def scales(self, um_per_px: float | None) -> Scales:
        images = self._inputs.images
        if um_per_px is not None:
            return StatedScale(um_per_px, images)
        known = calibrated_scale(self._calibration)
        return StatedScale(known, images, is_calibrated=True) if known else self._found_scales()

    def learn(self, analyser: Analyser, scales: Scales) -> None:
        """Let the analyser know the laboratory from images of the whole run, not its first."""
        learn_laboratory(analyser, lambda: self._sharp_fields(scales))

    def _sharp_fields(self, scales: Scales) -> Iterator[Picture]:
        images = spread_out(self._inputs.images)
        for done, path in enumerate(images):
            self._progress("getting to know the laboratory", done, len(images))
            rgb = self._inputs.read(path)
            if rgb is None:
                continue
            try:
                um_per_px = self._scale(path, rgb, scales).um_per_px
            except ImageError:
                # It is told when the image's cells are to be counted.
                continue
            if not is_blurred(rgb, um_per_px=um_per_px, limits=self._limits):
                yield rgb, um_per_px

    def analyse_all(
        self, analyser: Analyser, scales: Scales, report: ReportFolder, pictures: Pictures
    ) -> None:
        images, sheet = self._inputs.images, RunSheet() if pictures.sheet else None
        self._inputs.begin_counting()
        for done, path in enumerate(images):
            self._progress(self._inputs.names[path][0], done, len(images))
            rgb = self._inputs.read(path)
            field = None if rgb is None else self._analysed(path, rgb, analyser, scales)
            if rgb is None or field is None:
                continue
            report.add_field(field)
            if pictures.overlay:
                report.add_overlay(field, rgb)
            if pictures.masks:
                report.add_mask(field)
            if sheet:
                sheet.add(field, rgb)
        if sheet:
            report.add_picture("cells-by-class", sheet.drawn())
        self._progress("done", len(images), len(images))

    def result(self, scales: Scales, *, replaced: Path | None) -> CountResult:
        self._inputs.refuse_if_all_failed()
        failed = self._inputs.failed()
        _, left_aside = adapter_for(self._calibration, self._bundle.sha256)
        scale_doubts = tuple(scales.warnings(self._inputs.labels))
        return CountResult(
            count=self._tally.count,
            images=len(self._inputs.images) - len(failed),
            failed=failed,
            um_per_px=scales.stated,
            is_calibrated=scales.is_calibrated,
            blurred=tuple(self._tally.blurred),
            wbc=self._tally.estimated_wbc(self._calibration, self._bundle.sha256),
            scales=self._tally.scales,
            scale_doubts=scale_doubts,
            warnings=(
                *([told_replaced(replaced)] if replaced else ()),
                *filter(None, [left_aside]),
                *self._inputs.warnings(),
                *scale_doubts,
                *self.stain.warnings(),
            ),
        )

    def _found_scales(self) -> FoundScales:
        scales = FoundScales()
        for shape, members in self._inputs.cameras().items():
            self._progress("finding the scale", 0, len(self._inputs.images))
            pairs = ((path, self._inputs.read(path)) for path in members)
            readable = ((path, rgb) for path, rgb in pairs if rgb is not None)
            for path, rgb in islice(readable, FIELDS_FOR_SCALE):
                scales.measure(path, rgb)
            scales.settle(shape, members)
        return scales

    def _scale(self, path: Path, rgb: RGBImage, scales: Scales) -> ImageScale:
        check_light(rgb)
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
            self._inputs.give_up(path, error)
            return None
        self.stain.see(rgb, cells, um_per_px=scale.um_per_px)
        image, name = self._inputs.names[path]
        is_sharp = not is_blurred(rgb, um_per_px=scale.um_per_px, limits=self._limits)
        self._tally.add(image, cells, scale, is_sharp=is_sharp)
        return FieldReport(
            image=image,
            name=name,
            shape=(rgb.shape[0], rgb.shape[1]),
            um_per_px=scale.um_per_px,
            scale_confidence=scale.estimate.confidence if scale.estimate else None,
            cells=cells,
            is_sharp=is_sharp,
        )


def _untold(_doing: str, _done: int, _of: int) -> None:
    """Tell nobody."""
