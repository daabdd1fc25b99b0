"""Cameras that fail in the ways real ones do, and are sound when they are opened again.

``options.source`` is a folder in which each opening leaves a file: the processes that open the
camera one after the other know by it which of them is the first.
"""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from leuko.cameras import CameraOptions, Found, Frame, Locks
from leuko.cells import RGBImage
from leuko.errors import CameraError
from leuko.images import find_images, read_image

SOUND_PICTURES = 5
"""Pictures that the first opening gives before it fails."""
FOR_EVER_S = 3600.0


def field(seed: int, options: CameraOptions) -> RGBImage:
    """A smooth picture, as optics give it."""
    noise = np.random.default_rng(seed).normal(0, 1, (options.height, options.width, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    return np.asarray(np.clip(140 + 400 * smooth, 0, 255), np.uint8)


class SoundCamera:
    """Noisy pictures of one field at a steady pace."""

    def __init__(self, options: CameraOptions) -> None:
        openings = Path(options.source)
        self.opening = len(list(openings.iterdir()))
        (openings / f"{self.opening} {os.getpid()}").touch()
        self.options = options
        self.number = 0
        self._field = field(1, options)
        self._rng = np.random.default_rng()

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        return cls(options)

    @property
    def name(self) -> str:
        return type(self).__name__

    def read(self) -> Frame | None:
        if self.options.frames_per_s:
            time.sleep(1 / self.options.frames_per_s)
        self.number += 1
        rgb = self.sound_picture()
        if self.opening == 0 and self.number > SOUND_PICTURES:
            rgb = self.spoilt(rgb)
        return Frame(rgb, self.number - 1, self.captured_s())

    def sound_picture(self) -> RGBImage:
        noise = self._rng.integers(-6, 7, self._field.shape)
        return np.asarray(np.clip(self._field + noise, 0, 255), np.uint8)

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        return rgb

    def captured_s(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        pass


class HangingCamera(SoundCamera):
    """Leaves a mark beside its openings as soon as it hangs."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        Path(self.options.source).with_name("hangs").touch()
        time.sleep(FOR_EVER_S)
        return rgb


class FrozenCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        del rgb
        return self._field


class LockedCamera(SoundCamera):
    """Pictures as bright as its exposure says; its automatic would find another one each time."""

    def __init__(self, options: CameraOptions) -> None:
        super().__init__(options)
        self.found = Found.as_asked(options)
        if self.found.locks.exposure_us is None:
            self.lock(Locks(exposure_us=40 + 60 * self.opening))

    def lock(self, locks: Locks) -> None:
        self.found = replace(self.found, locks=locks.over(self.found.locks))
        self.number = 0

    def sound_picture(self) -> RGBImage:
        level = self.found.locks.exposure_us or 0
        return np.asarray(np.clip(super().sound_picture() * (level / 140), 0, 255), np.uint8)

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        if self.number > 60:
            time.sleep(FOR_EVER_S)
        return rgb


class CyclingCamera(SoundCamera):
    """Goes round in the buffers of its driver, of which none is ever filled again."""

    def spoilt(self, rgb: RGBImage) -> RGBImage:
        return np.roll(self._field, 4 * (self.number % 4), axis=1) if rgb.size else rgb


class UnpluggedCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        raise CameraError(f"unplugged after {rgb.size} bytes; plug it in again")


class CrashingCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        os.kill(os.getpid(), signal.SIGKILL)
        return rgb


class FlatCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        return np.full_like(rgb, (0, 135, 0))


class NoisyCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        return self._rng.integers(0, 256, rgb.shape, np.uint8)


class BlackCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        return np.zeros_like(rgb)


class HalfCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        rgb[len(rgb) // 2 :] = 128
        return rgb


class TornCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        rows = len(rgb) // 3
        rgb[rows:] = field(2, self.options)[rows:]
        return rgb


class ResizedCamera(SoundCamera):
    def spoilt(self, rgb: RGBImage) -> RGBImage:
        return np.ascontiguousarray(rgb[::2, ::2])


class LateCamera(SoundCamera):
    def captured_s(self) -> float:
        is_late = self.opening == 0 and self.number > SOUND_PICTURES
        return time.monotonic() - (60 if is_late else 0)


class MissingCamera(SoundCamera):
    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        camera = cls(options)
        if camera.opening == 0:
            raise CameraError("missing camera; plug it in")
        return camera


class StuckCamera(SoundCamera):
    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        camera = cls(options)
        if camera.opening == 0:
            time.sleep(FOR_EVER_S)
        return camera


class EndingCamera(SoundCamera):
    """Gives twenty pictures."""

    def read(self) -> Frame | None:
        return super().read() if self.number < 20 else None


class MaskedCamera(SoundCamera):
    """A stop in its optics leaves the last rows black."""

    def sound_picture(self) -> RGBImage:
        rgb = super().sound_picture()
        rgb[-len(rgb) // 5 :] = 0
        return rgb


class FieldsCamera:
    """Gives every real field in a folder once, as a sensor would."""

    def __init__(self, options: CameraOptions) -> None:
        self.fields = [read_image(path) for path in find_images([Path(options.source)])]
        self.number = 0

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        return cls(options)

    @property
    def name(self) -> str:
        return type(self).__name__

    def read(self) -> Frame | None:
        if self.number == len(self.fields):
            return None
        self.number += 1
        return Frame(self.picture(), self.number - 1, time.monotonic())

    def picture(self) -> RGBImage:
        return self.fields[self.number - 1]

    def close(self) -> None:
        pass


class TornFieldsCamera(FieldsCamera):
    """Gives the upper part of each field with the lower part of the one before."""

    def picture(self) -> RGBImage:
        above, below = self.fields[self.number - 1], self.fields[self.number - 2]
        rows = 97 * self.number
        return np.concatenate([above[:rows], below[rows:]])
