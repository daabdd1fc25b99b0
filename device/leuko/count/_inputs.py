"""The images of a run, read one by one; those that cannot be used are kept apart."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from leuko.calibration import CalibratedFrames, Calibration
from leuko.cells import RGBImage
from leuko.count._refusals import RefusedImage, refusal_of_all
from leuko.count._result import named_few
from leuko.errors import ImageError, OutputError
from leuko.images import (
    image_size,
    page_count,
    pixel_digest,
    read_image,
    unread_folders,
    unread_images,
)
from leuko.reports import FailedImage, name_images

_DARKEST = 20
"""Median level of green below which a picture shows no field; dim real ones have 60 and more."""
_STAINED_SHARE = 0.85
"""Of the usual level of green; what is darker is stained."""
_JPEG_LEVELS = 4
_UNCALIBRATED = "count these without --calibration"


class Inputs:
    """Reads the images of a run, and keeps what is wrong with those that it leaves out."""

    def __init__(
        self,
        images: Sequence[Path],
        calibration: Calibration | None,
        *,
        unread: Sequence[str] = (),
    ) -> None:
        """Name the images.

        Args:
            images: all of the run, in its order.
            calibration: evens out their light, if given.
            unread: what was passed over beside them, a sentence for each folder.
        """
        self.images = images
        self._unread = unread
        self.names = dict(zip(images, name_images(images), strict=True))
        """What the results call each image, and what its pictures are named by."""
        self._frames = (
            CalibratedFrames(calibration, otherwise=_UNCALIBRATED) if calibration else None
        )
        self._failures: dict[Path, ImageError] = {}
        self._first_with: dict[bytes, Path] = {}
        self._twins: dict[Path, Path] = {}
        self._pages: dict[Path, int] = {}
        self._grey: dict[Path, bool] = {}

    @property
    def labels(self) -> Mapping[Path, str]:
        """What the results call each image."""
        return {path: image for path, (image, _) in self.names.items()}

    def cameras(self) -> dict[tuple[int, int], list[Path]]:
        """Return the readable images by height and width in pixels."""
        cameras: dict[tuple[int, int], list[Path]] = {}
        for path in self.images:
            try:
                cameras.setdefault(image_size(path), []).append(path)
            except ImageError as error:
                self.give_up(path, error)
        return cameras

    def read(self, path: Path) -> RGBImage | None:
        """Return an image's pixels with even light; None if it is left out."""
        if path in self._failures:
            return None
        try:
            rgb = read_image(path)
            self._refuse_twin(path, rgb)
            self._count_pages(path)
            if path not in self._grey:
                self._grey[path] = is_grey(rgb)
            return self._frames.calibrated(rgb) if self._frames else rgb
        except ImageError as error:
            self.give_up(path, error)
            return None

    def begin_counting(self) -> None:
        """Go through the images in their order: of the same picture twice, the first counts.

        Which of the two was learnt from does not matter.
        """
        for path in self._twins:
            del self._failures[path]
        self._twins.clear()
        self._first_with.clear()

    def give_up(self, path: Path, error: ImageError) -> None:
        """Leave an image out."""
        self._failures[path] = error

    def failed(self) -> tuple[FailedImage, ...]:
        """Return those that were left out, in the order of the images."""
        return tuple(
            FailedImage(self.names[path][0], _of_it(self._reason(path), path))
            for path in self.images
            if path in self._failures
        )

    def refuse_if_all_failed(self) -> None:
        """Refuse a run none of whose images can be used.

        Raises:
            ImageError: none can; says what is wrong with how many.
        """
        if len(self._failures) < len(self.images):
            return
        refused = [
            RefusedImage(self.names[path][0], path.name in str(error), error)
            for path, error in ((path, self._reason(path)) for path in self.images)
        ]
        error = refusal_of_all(refused)
        # What was to be counted may lie in a folder that was passed over.
        told = "; ".join([str(error), *self._unread])
        raise type(error)(told) from refused[0].error

    def warnings(self) -> list[str]:
        """Return what was not looked at, and what cannot be seen in the images, a sentence each."""
        return [*self._unread, *self._untold_pages(), *self._untold_colours()]

    def _untold_colours(self) -> Iterator[str]:
        counted = (path for path in self.images if path not in self._failures)
        if grey := [self.names[path][0] for path in counted if self._grey.get(path)]:
            yield (
                f"no colour in {len(grey)} of {len(self.images)} images ({named_few(grey)}): "
                "leukocytes are told by colour, so some are missed and named wrong; take them with "
                "a colour camera"
            )

    def _untold_pages(self) -> list[str]:
        return [
            f"{self.names[path][0]} has {pages} pages and only the first is counted; save each "
            "page as an image of its own"
            for path, pages in self._pages.items()
            if pages > 1
        ]

    def _reason(self, path: Path) -> ImageError:
        """Return what is wrong with an image; of the same picture twice, with the picture."""
        return self._failures.get(self._twins.get(path, path), self._failures[path])

    def _refuse_twin(self, path: Path, rgb: RGBImage) -> None:
        first = self._first_with.setdefault(pixel_digest(rgb), path)
        if first != path:
            self._twins[path] = first
            raise ImageError(
                f"it is the same picture as {self.names[first][0]}; its cells count once"
            )

    def _count_pages(self, path: Path) -> None:
        # The first page was read, so damage further on is no reason to leave it out.
        with contextlib.suppress(ImageError):
            self._pages[path] = page_count(path)


def _of_it(error: ImageError, path: Path) -> str:
    """Return what is wrong with an image, for where the image was named already."""
    text, named = str(error), f"{path} "
    return f"it {text.removeprefix(named)}" if text.startswith(named) else text


def passed_over(paths: Sequence[Path]) -> list[str]:
    """Return what is not looked at of the folders among the paths, a sentence each."""
    remedy = "name a folder itself to have its images counted"
    return [*unread_images(paths), *(f"{told}; {remedy}" for told in unread_folders(paths))]


def refuse_to_mix(images: Iterable[Path], out: Path) -> None:
    """Refuse to write results among the images.

    Raises:
        OutputError: the folder is that of an image, or a link that leads nowhere but to itself.
    """
    # An image may be a link: neither the folder it is named in nor its own may be written to.
    folders = {folder for one in images for folder in (one.parent.resolve(), one.resolve().parent)}
    try:
        wanted = out.resolve()
    except (OSError, RuntimeError) as error:
        # Python 3.11 and 3.12 raise the latter where links lead in a circle.
        raise OutputError(f"{out} leads nowhere ({error}); choose another folder") from error
    if wanted in folders:
        raise OutputError(
            f"results would lie among the images in {out}; choose another folder with --out"
        )


def is_grey(rgb: RGBImage) -> bool:
    """Return whether what is stained has no colour; glass alone may have none.

    Args:
        rgb: ``(height, width, 3)`` uint8, RGB.
    """
    seen = rgb[::4, ::4].reshape(-1, 3).astype(np.int16)
    stained = seen[seen[:, 1] < _STAINED_SHARE * np.median(seen[:, 1])]
    if not len(stained):
        return False
    # JPEG leaves a grey level or two between the channels.
    return float(np.percentile(np.ptp(stained, axis=1), 95)) <= _JPEG_LEVELS


def check_light(rgb: RGBImage) -> None:
    """Refuse what was taken without light, or is a mask: in black the models see anything.

    Raises:
        ImageError: the picture is black.
    """
    level = float(np.median(rgb[::8, ::8, 1]))
    if level < _DARKEST:
        raise ImageError(
            f"most of it is black (level {level:.0f} of 255); give a picture taken with light"
        )
