"""Results on disk: tables, overlays and label images, whole or not at all.

A folder of results is whole when it holds ``differential.json``. To keep that true whatever
happens, `ReportFolder` first removes the ``differential.json`` and ``cells.csv`` of an earlier
run, so that nobody takes them for the new ones; then writes every file into a hidden folder
beside the final places, flushed to the disk; and moves them into place only when all are there,
``differential.json`` last. A full disk, an exception or Ctrl-C leaves none of the new files; a
power cut leaves at most files without a ``differential.json``, and the next run clears up.
"""

from leuko.reports._content import CSV_COLUMNS, FailedImage, FieldReport, label_image
from leuko.reports._folder import ReportFolder
from leuko.reports._names import name_images

__all__ = [
    "CSV_COLUMNS",
    "FailedImage",
    "FieldReport",
    "ReportFolder",
    "label_image",
    "name_images",
]
