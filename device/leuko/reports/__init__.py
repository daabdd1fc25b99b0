"""Results on disk: tables, overlays and label images, whole or not at all.

A folder of results is whole when it holds ``differential.json``. To keep that true whatever
happens, `ReportFolder` first removes the ``differential.json`` and ``cells.csv`` of an earlier
run and the pictures that its ``differential.json`` lists under ``files``, so that nobody takes
them for the new ones; then writes every file into a hidden folder
beside the final places, flushed to the disk; and moves them into place only when all are there,
``differential.json`` last. A full disk, an exception or Ctrl-C before the move leaves none of the
new files; one during the move, or a power cut, leaves at most files without a
``differential.json``. What was not yet moved the next run clears away.
"""

from leuko.reports._content import CSV_COLUMNS, FailedImage, FieldReport, label_image
from leuko.reports._folder import ReportFolder, write_result
from leuko.reports._media import find_usb_stick
from leuko.reports._names import name_images
from leuko.reports._overview import draw_overview, png_of
from leuko.reports._session import export_session
from leuko.reports._session_content import (
    LOG_CSV_COLUMNS,
    SESSION_CSV_COLUMNS,
)

__all__ = [
    "CSV_COLUMNS",
    "LOG_CSV_COLUMNS",
    "SESSION_CSV_COLUMNS",
    "FailedImage",
    "FieldReport",
    "ReportFolder",
    "draw_overview",
    "export_session",
    "find_usb_stick",
    "label_image",
    "name_images",
    "png_of",
    "write_result",
]
