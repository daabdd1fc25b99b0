"""What the control socket tells and writes of the sessions that are kept."""

import threading
from collections.abc import Sequence
from pathlib import Path

from leuko.control import Differential, SeenSlide, SessionEntry, SessionReply
from leuko.reports import export_session, find_usb_stick
from leuko.service._changes import changes_of_log
from leuko.service._slide_picture import slide_picture
from leuko.service._stain import stain_of_log
from leuko.service._wbc import wbc_of_log
from leuko.store import SessionRecord, Store, StoreReader


class KeptSessions:
    """Reads the store through connections of its own; fulfils `leuko.control.Archive`."""

    def __init__(self, path: Path) -> None:
        """Read a store that another part of the service writes.

        Args:
            path: the store.
        """
        self._path = path
        # Socket and bench may both ask for one.
        self._one_export = threading.Lock()

    def sessions(self, *, limit: int) -> Sequence[SessionEntry]:
        """See `leuko.control.Archive`."""
        with Store.reading(self._path) as reader:
            return [_entry(reader, record) for record in reader.sessions(limit=limit)]

    def session(self, number: int) -> SessionReply:
        """See `leuko.control.Archive`."""
        with Store.reading(self._path) as reader:
            record = reader.session(number)
            return SessionReply(
                session=_entry(reader, record),
                differential=Differential.of(reader.count(number)),
                bundle=record.spec.bundle,
                um_per_px=record.spec.um_per_px,
                changes=changes_of_log(reader.log(number)),
                device=record.spec.device_serial,
                estimated_wbc=wbc_of_log(reader.log(number), record.state),
            )

    def overview(self, seen: SeenSlide) -> bytes:
        """See `leuko.control.Archive`."""
        with Store.reading(self._path) as reader:
            return slide_picture(reader, seen)

    def export(
        self, number: int, *, folder: Path | None, pictures: bool, seen: SeenSlide | None
    ) -> Path:
        """See `leuko.control.Archive`."""
        with self._one_export, Store.reading(self._path) as reader, reader.snapshot():
            return export_session(
                reader.session(number),
                folder or find_usb_stick(),
                count=reader.count(number),
                cells=reader.cells(number, pictures=pictures),
                log=reader.log(number),
                changes=changes_of_log(reader.log(number)),
                stain=stain_of_log(reader.log(number)),
                wbc=wbc_of_log(reader.log(number), reader.session(number).state),
                pictures=pictures,
                overview=slide_picture(reader, seen) if seen else reader.overview(number),
            )


def _entry(reader: StoreReader, record: SessionRecord) -> SessionEntry:
    return SessionEntry(
        session=record.id,
        specimen=record.spec.specimen,
        operator=record.spec.operator,
        state=record.state,
        target=record.spec.target,
        started=record.started.wall.isoformat(timespec="seconds"),
        clock_is_set=record.started.clock_is_set,
        n=reader.count(record.id).n,
    )
