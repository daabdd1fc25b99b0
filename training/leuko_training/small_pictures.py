"""PNGs of few colours: small enough to travel in a bundle."""

from pathlib import Path

from PIL import Image

from leuko.errors import OutputError

_COLOURS = 64
"""A plot loses nothing visible; a sheet of cells takes a third of the bytes of full colour."""
_ROUNDS = 4
"""Of k-means; without it thin outlines take the colour of what they lie on."""


def shrink(picture: Path) -> None:
    """Write a PNG anew with few colours; equal pictures give equal bytes.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with Image.open(picture) as opened:
            few = opened.convert("RGB").quantize(_COLOURS, kmeans=_ROUNDS, dither=Image.Dither.NONE)
        few.save(picture, "PNG", optimize=True)
    except OSError as error:
        raise OutputError(
            f"{picture} cannot be written ({error}); choose another folder"
        ) from error
