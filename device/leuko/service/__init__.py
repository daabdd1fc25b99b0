"""``leuko run``: the live count as a service, hour after hour."""

from leuko.service._archive import KeptSessions
from leuko.service._assembly import KEYFRAMES_NAME, camera_options, run_service
from leuko.service._bench import bench_health, open_bench
from leuko.service._calibrated import CalibratedSource
from leuko.service._chosen import Chosen
from leuko.service._counter import make_counter
from leuko.service._display import check_display, display_options
from leuko.service._ground_file import GroundFile
from leuko.service._keyframe_file import KeyframeFile
from leuko.service._notify import Notifier
from leuko.service._parts import FrameSource, Parts
from leuko.service._service import LiveService
from leuko.service._session import OpenSession
from leuko.service._stain import StainGuard, stain_of_log
from leuko.service._wbc import WBCNotes, wbc_of_log
from leuko.store import STORE_NAME

__all__ = [
    "KEYFRAMES_NAME",
    "STORE_NAME",
    "CalibratedSource",
    "Chosen",
    "FrameSource",
    "GroundFile",
    "KeptSessions",
    "KeyframeFile",
    "LiveService",
    "Notifier",
    "OpenSession",
    "Parts",
    "StainGuard",
    "WBCNotes",
    "bench_health",
    "camera_options",
    "check_display",
    "display_options",
    "make_counter",
    "open_bench",
    "run_service",
    "stain_of_log",
    "wbc_of_log",
]
