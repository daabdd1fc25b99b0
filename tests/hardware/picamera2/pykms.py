"""Stands in for pykms, which no index has: picamera2 imports it for a preview that nobody opens."""


class PixelFormat:
    """Formats that a preview would choose from."""

    RGB888 = BGR888 = XRGB8888 = XBGR8888 = YUV420 = YVU420 = NV12 = None
