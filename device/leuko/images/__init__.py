"""Image files: which ones there are, and their pixels as 8-bit RGB."""

from leuko.images._finding import SUFFIXES, find_images, unread_folders, unread_images
from leuko.images._reading import (
    LARGEST_AREA,
    LARGEST_SIDE,
    SMALLEST_SIDE,
    decoded_picture,
    file_digest,
    image_size,
    page_count,
    read_image,
)
from leuko.images._results import is_result, pixel_digest, plain_png, result_mark, result_png
from leuko.images._scale_mark import scale_in, with_scale

__all__ = [
    "LARGEST_AREA",
    "LARGEST_SIDE",
    "SMALLEST_SIDE",
    "SUFFIXES",
    "decoded_picture",
    "file_digest",
    "find_images",
    "image_size",
    "is_result",
    "page_count",
    "pixel_digest",
    "plain_png",
    "read_image",
    "result_mark",
    "result_png",
    "scale_in",
    "unread_folders",
    "unread_images",
    "with_scale",
]
