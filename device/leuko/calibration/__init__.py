"""What a device knows of its own microscope and camera: measured, kept with its origin, applied.

The parts are measured one by one (`measure_light`, `measure_with_ruler`, `measure_by_red_cells`,
`measure_focus`), kept in a numbered history that is only added to (`CalibrationHistory`), and
applied to frames before anything else looks at them (`CalibratedFrames`). The adaptation to a
laboratory's cells (`measure_site`) is applied where cells are named.
"""

from leuko.calibration._archive import LARGEST_BYTES, Calibration, coded_gain, packed, unpacked
from leuko.calibration._circumstances import Circumstances
from leuko.calibration._colours import measure_white_balance
from leuko.calibration._exposure import measure_exposure
from leuko.calibration._fields import MOVING, SHOWN, different_fields
from leuko.calibration._history import FOLDER_NAME, CalibrationHistory
from leuko.calibration._kept import Entry
from leuko.calibration._label_table import read_labels
from leuko.calibration._labels import (
    MOST_CELLS,
    LabelledCell,
    cells_of_folder,
    cells_of_session,
    class_named,
    evenly,
    refuse_own_names,
)
from leuko.calibration._light import FIELDS, LightMeasurement, measure_light
from leuko.calibration._lines import as_line
from leuko.calibration._loading import load_calibration
from leuko.calibration._middle import MIDDLE_UM, middle_of
from leuko.calibration._numbered import NumberedFiles
from leuko.calibration._origin import CameraUsed, FrameUsed, Origin
from leuko.calibration._record import (
    CalibrationRecord,
    ExposurePart,
    FlatFieldPart,
    FocusPart,
    Part,
    ScalePart,
    SitePart,
    StainPart,
    WBCFactorPart,
    WhiteBalancePart,
)
from leuko.calibration._sharpness import SWEEP, measure_focus
from leuko.calibration._shots import (
    FILES,
    Shot,
    ShotSource,
    from_all_over,
    shots_of_camera,
    shots_of_folder,
)
from leuko.calibration._site import SiteMeasurement, measure_site
from leuko.calibration._size import measure_by_red_cells, measure_with_ruler
from leuko.calibration._stain import STAIN_CELLS, StainMeasurement, measure_stain
from leuko.calibration._stain_watch import FEWEST_SEEN, STAIN_DIFFERS, STAIN_LIMIT, StainWatch
from leuko.calibration._tuning import LEVEL, BackdropAdvice, Tunable, TunedCamera, advised
from leuko.calibration._use import (
    CalibratedFrames,
    adapter_for,
    calibrated_locks,
    calibrated_scale,
    calibrated_tone,
    camera_used,
    check_camera,
    other_bundles,
    quality_limits,
    summary_for,
)
from leuko.calibration._wbc import WBCEstimate, estimated_wbc, measure_wbc_factor

__all__ = [
    "FEWEST_SEEN",
    "FIELDS",
    "FILES",
    "FOLDER_NAME",
    "LARGEST_BYTES",
    "LEVEL",
    "MIDDLE_UM",
    "MOST_CELLS",
    "MOVING",
    "SHOWN",
    "STAIN_CELLS",
    "STAIN_DIFFERS",
    "STAIN_LIMIT",
    "SWEEP",
    "BackdropAdvice",
    "CalibratedFrames",
    "Calibration",
    "CalibrationHistory",
    "CalibrationRecord",
    "CameraUsed",
    "Circumstances",
    "Entry",
    "ExposurePart",
    "FlatFieldPart",
    "FocusPart",
    "FrameUsed",
    "LabelledCell",
    "LightMeasurement",
    "NumberedFiles",
    "Origin",
    "Part",
    "ScalePart",
    "Shot",
    "ShotSource",
    "SiteMeasurement",
    "SitePart",
    "StainMeasurement",
    "StainPart",
    "StainWatch",
    "Tunable",
    "TunedCamera",
    "WBCEstimate",
    "WBCFactorPart",
    "WhiteBalancePart",
    "adapter_for",
    "advised",
    "as_line",
    "calibrated_locks",
    "calibrated_scale",
    "calibrated_tone",
    "camera_used",
    "cells_of_folder",
    "cells_of_session",
    "check_camera",
    "class_named",
    "coded_gain",
    "different_fields",
    "estimated_wbc",
    "evenly",
    "from_all_over",
    "load_calibration",
    "measure_by_red_cells",
    "measure_exposure",
    "measure_focus",
    "measure_light",
    "measure_site",
    "measure_stain",
    "measure_wbc_factor",
    "measure_white_balance",
    "measure_with_ruler",
    "middle_of",
    "other_bundles",
    "packed",
    "quality_limits",
    "read_labels",
    "refuse_own_names",
    "shots_of_camera",
    "shots_of_folder",
    "summary_for",
    "unpacked",
]
