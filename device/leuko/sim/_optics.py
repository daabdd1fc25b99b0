"""From optical density to the picture a camera on a microscope hands over."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.errors import SettingsError
from leuko.sim._stain import Plane

_GAMMA = 2.2

Light = NDArray[np.float32]
"""``(height, width, 3)`` float32, linear RGB, 1 is full scale."""


@dataclass(frozen=True, slots=True)
class Optics:
    """The microscope, its lamp and its camera.

    Attributes:
        background: RGB of an empty place in the middle of the view, 0 to 255.
        vignetting: share of the light lost in the corners.
        colour_shading: how much the lamp's colour drifts from one side to the other.
        blur_um: standard deviation of the point spread in focus, in µm.
        defocus_um: further spread where the film lies highest or lowest, in µm.
        electrons: electrons that fill a pixel; fewer give more shot noise, 0 gives none.
        jpeg_quality: quality of the camera's compression, 1 to 100; 0 for none.

    Raises:
        SettingsError: a value lies outside its range.
    """

    background: tuple[float, float, float] = (251.0, 230.0, 207.0)
    vignetting: float = 0.10
    colour_shading: float = 0.02
    blur_um: float = 0.07
    defocus_um: float = 0.11
    electrons: int = 7000
    jpeg_quality: int = 92

    def __post_init__(self) -> None:
        """Refuse what no microscope can do."""
        if not all(0 < level <= 255 for level in self.background):
            message = f"background {self.background} is no colour; give three values up to 255"
            raise SettingsError(message)
        if not 0 <= self.vignetting < 1:
            message = f"vignetting {self.vignetting} is not a share of the light; give 0 up to 1"
            raise SettingsError(message)
        if not 0 <= self.jpeg_quality <= 100:
            message = f"JPEG quality {self.jpeg_quality} does not exist; give 0 to 100"
            raise SettingsError(message)
        if min(self.blur_um, self.defocus_um, self.electrons) < 0:
            message = "blur, defocus or electrons are negative; give 0 or more"
            raise SettingsError(message)

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Optics":
        """A microscope of its own, drawn from the range that routine instruments span."""
        level = rng.uniform(185, 250)
        warmth, tint = rng.normal(0, 0.05), rng.normal(0, 0.025)
        colour = level * np.array([1 + warmth, 1 + tint, 1 - warmth])
        red, green, blue = np.clip(colour, 120, 254)
        return cls(
            background=(float(red), float(green), float(blue)),
            vignetting=float(rng.uniform(0.0, 0.3)),
            colour_shading=float(rng.uniform(0.0, 0.06)),
            blur_um=float(rng.uniform(0.07, 0.2)),
            defocus_um=float(rng.uniform(0.0, 0.3)),
            electrons=int(rng.uniform(1500, 12000)),
            jpeg_quality=int(rng.integers(75, 98)),
        )


def blurred(light: Light, height: Plane, optics: Optics, *, um_per_px: float) -> Light:
    """The light after the objective, sharp where the film lies in focus.

    Args:
        light: ``(height, width, 3)`` float32.
        height: ``(height, width)`` float32, 0 in focus to 1 farthest from it.
        optics: the objective.
        um_per_px: scale.

    Returns:
        A new array like ``light``.
    """
    # A pixel integrates over its square: standard deviation of a box one pixel wide.
    own = np.hypot(optics.blur_um / um_per_px, 0.29)
    sharp = cv2.GaussianBlur(light, (0, 0), own)
    if optics.defocus_um <= 0:
        return sharp.astype(np.float32)
    soft = cv2.GaussianBlur(sharp, (0, 0), max(optics.defocus_um / um_per_px, 0.1))
    return sharp + (soft - sharp) * height[..., np.newaxis]


def illumination(height_px: int, width_px: int, optics: Optics) -> Light:
    """The light of an empty field.

    Args:
        height_px: rows.
        width_px: columns.
        optics: the lamp and condenser.

    Returns:
        ``(height, width, 3)`` float32, linear.
    """
    y = np.linspace(-1, 1, height_px, dtype=np.float32)[:, np.newaxis]
    x = np.linspace(-1, 1, width_px, dtype=np.float32)[np.newaxis]
    fall = 1 - np.float32(optics.vignetting) * ((x - 0.08) ** 2 + (y + 0.05) ** 2) / 2
    drift = np.float32(optics.colour_shading) * (0.8 * x + 0.6 * y)
    lamp = (np.array(optics.background, np.float32) / 255) ** np.float32(_GAMMA)
    return np.stack((fall * lamp[0] * (1 + drift), fall * lamp[1], fall * lamp[2] * (1 - drift)), 2)


def photographed(light: Light, optics: Optics, rng: np.random.Generator) -> RGBImage:
    """What the camera makes of the light: shot noise, tone curve, compression.

    Args:
        light: ``(height, width, 3)`` float32, linear, 1 is full scale.
        optics: the camera.
        rng: source of the noise.

    Returns:
        The picture, a new array.
    """
    if optics.electrons:
        # Many electrons: Poisson noise is Gaussian with variance equal to the mean.
        grain = rng.standard_normal(light.shape, dtype=np.float32)
        light = light + grain * np.sqrt(np.maximum(light, 0) / np.float32(optics.electrons))
    tone = cv2.pow(np.clip(light, 0, 1).astype(np.float32), 1 / _GAMMA)
    picture = np.round(tone * 255).astype(np.uint8)
    if not optics.jpeg_quality:
        return picture
    _, packed = cv2.imencode(
        ".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, optics.jpeg_quality]
    )
    unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(np.asarray(unpacked, np.uint8)[..., ::-1])
