"""A folder with the display's picture as a PNG file, for tests, documents and remote eyes."""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Self

from PIL import Image

from leuko.displays._base import DisplayOptions
from leuko.displays._drawing import draw_turned
from leuko.errors import DisplayError
from leuko.images import result_mark
from leuko.shown import Shown

_DEFAULT_SIZE = (800, 480)
_NAME = "display.png"
_MONO = "mono"


class PNGDisplay:
    """Keeps ``display.png`` in a folder; readers find either the old picture or the new one.

    The option ``device`` is the folder, or a path with one ``%d`` or ``%06d`` in it: then every
    picture is kept and numbered from 1. The model ``mono`` draws in black and white. What has
    been written stays when the display is closed: a file is a record.
    """

    def __init__(self, target: Path, options: DisplayOptions) -> None:
        self._target = target
        self._size = (options.width or _DEFAULT_SIZE[0], options.height or _DEFAULT_SIZE[1])
        self._is_mono = options.model == _MONO
        self._quarter_turns = options.rotate
        self._number = 0

    @classmethod
    def opened(cls, options: DisplayOptions) -> Self:
        """Make the folder if it is not there.

        Raises:
            DisplayError: it cannot be made, or the name of the pictures takes no number.
        """
        path = Path(options.device or ".")
        target = path if "%" in path.name else path / _NAME
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _ = str(target) % 1 if "%" in path.name else None
        except OSError as error:
            raise DisplayError(
                f"{target.parent} is no folder for pictures ({error.strerror}); name another one"
            ) from error
        except (TypeError, ValueError) as error:
            raise DisplayError(
                f"{path.name} does not number pictures; write one %d or %06d into the name"
            ) from error
        return cls(target, options)

    @property
    def name(self) -> str:
        """The file or pattern that is written."""
        return f"png {self._target}"

    def show(self, shown: Shown) -> None:
        """Write the picture.

        Raises:
            DisplayError: there is no room, or the folder is gone.
        """
        picture = self._drawn(shown)
        self._number += 1
        path = self._numbered(self._number)
        with _translated(path):
            _write(picture, _partial(path)).replace(path)

    def try_out(self, shown: Shown) -> None:
        """Write the picture under another name, and take it away again.

        Raises:
            DisplayError: there is no room, or the folder is gone.
        """
        path = self._numbered(self._number + 1)
        with _translated(path):
            _write(self._drawn(shown), _partial(path)).unlink()

    def close(self) -> None:
        """Leave what was written."""

    def _drawn(self, shown: Shown) -> Image.Image:
        return draw_turned(
            shown, self._size, is_mono=self._is_mono, quarter_turns=self._quarter_turns
        )

    def _numbered(self, number: int) -> Path:
        name = self._target.name
        return self._target.with_name(name % number) if "%" in name else self._target


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _write(picture: Image.Image, path: Path) -> Path:
    picture.save(path, format="png", compress_level=1, pnginfo=result_mark())
    return path


@contextlib.contextmanager
def _translated(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise DisplayError(
            f"{path} cannot be written ({error.strerror or error}); free or name another folder"
        ) from error
