"""The driver on libcamera's virtual camera, where picamera2 has to be met halfway.

The virtual camera has no raw stream for picamera2 to list, and takes only buffers in which luma
and chroma are apart, as libcamera itself makes them.
"""

import importlib
from types import ModuleType
from typing import Self

from leuko.cameras import CameraOptions
from leuko.cameras.picamera import PiCamera


class VirtualPiCamera(PiCamera):
    """The driver as it is, on a picamera2 that can open the virtual camera."""

    @classmethod
    def opened(cls, options: CameraOptions) -> Self:
        module = importlib.import_module("picamera2")
        module.Picamera2 = _halfway(module)  # type: ignore[attr-defined]
        return super().opened(options)


def _halfway(module: ModuleType) -> type:
    real = module.Picamera2
    allocators = importlib.import_module("picamera2.allocators")

    def configure(camera: object, configuration: object) -> None:
        buffers = allocators.LibcameraAllocator(vars(camera)["camera"])
        vars(camera)["allocator"] = buffers
        real.configure(camera, configuration)

    def raw_modes(_: object) -> list[dict[str, object]]:
        return [{"format": "SRGGB10", "size": (1280, 960)}]

    return type("Picamera2", (real,), {"configure": configure, "_get_raw_modes": raw_modes})
