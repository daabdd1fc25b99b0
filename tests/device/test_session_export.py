"""One session on a USB stick: right, whole or not there, and never over another."""

import csv
import io
import json
import os
import subprocess
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leuko.cells import LEUKOCYTES, CellClass, CellStatus, RGBImage
from leuko.clock import Moment
from leuko.counting import STATEMENT, DifferentialCount, Entry
from leuko.errors import OutputError, StoreError
from leuko.images import read_image, scale_in
from leuko.reports import (
    LOG_CSV_COLUMNS,
    SESSION_CSV_COLUMNS,
    export_session,
    find_usb_stick,
)
from leuko.status import SessionState, Target
from leuko.store import CellRecord, LogEntry, SessionRecord, SessionSpec

MOMENT = Moment("boot-1", 12.5, datetime(2026, 11, 2, 8, 30, tzinfo=UTC), clock_is_set=False)
ENTRIES = (
    [Entry(name, CellStatus.COUNTED) for name in LEUKOCYTES for _ in range(5)]
    + [Entry(CellClass.ERYTHROBLAST, CellStatus.EXCLUDED)] * 2
    + [Entry(CellClass.MONOCYTE, CellStatus.UNCLASSIFIED)]
)
COUNT = replace(DifferentialCount.from_entries(ENTRIES), smudge_cells=4)
SPEC = SessionSpec(
    specimen="H 2026/0815",
    operator="ana",
    target=Target(None, 5.0),
    bundle="tiny 1 abababab",
    bundle_sha256="ab" * 32,
    settings={"threads": 1},
    calibration={"um_per_px": 0.1},
    device_serial="10000000abcdef01",
    um_per_px=0.1,
)
SESSION = SessionRecord(
    id=12,
    spec=SPEC,
    state=SessionState.FINISHED,
    started=MOMENT,
    changed=replace(MOMENT, monotonic_s=99.0),
    sequence=2,
)
PICTURE = np.random.default_rng(1).integers(0, 256, (96, 96, 3), np.uint8)


def png(rgb: RGBImage) -> bytes:
    content = io.BytesIO()
    Image.fromarray(rgb).save(content, "PNG")
    return content.getvalue()


def cell(number: int, *, reason: str = "", merged_into: int | None = None) -> CellRecord:
    return CellRecord(
        number=number,
        segment=1,
        x_um=-12.345,
        y_um=7.0,
        status=CellStatus.EXCLUDED if reason else CellStatus.COUNTED,
        cell_class=CellClass.LYMPHOCYTE,
        probabilities=(0.03, 0.9, *[0.0117] * 6),
        views=4,
        area_um2=80.0,
        sharpness=123.4,
        reason=reason,
        picture=png(PICTURE) if number % 2 else None,
        merged_into=merged_into,
    )


CELLS = (cell(1), cell(2), cell(3, merged_into=1), cell(4, reason="cut by the border"))
LOG = (
    LogEntry(1, MOMENT, 12, "session started", {"target": "±5 %"}),
    LogEntry(2, MOMENT, 12, "session finished", {}),
)


def export(
    folder: Path,
    session: SessionRecord = SESSION,
    *,
    cells: Iterable[CellRecord] = CELLS,
    log: Iterable[LogEntry] = LOG,
    pictures: bool = False,
) -> Path:
    return export_session(session, folder, count=COUNT, cells=cells, log=log, pictures=pictures)


def named(specimen: str) -> SessionRecord:
    return replace(SESSION, spec=replace(SPEC, specimen=specimen))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_a_session_is_a_folder_of_its_own_with_three_files(tmp_path: Path) -> None:
    made = export(tmp_path)
    assert made == tmp_path / "session-12-H-2026-0815"
    assert sorted(path.name for path in made.iterdir()) == [
        "cells.csv",
        "differential.json",
        "log.csv",
    ]
    assert list(tmp_path.iterdir()) == [made]


def test_the_summary_says_what_a_count_says_and_which_session_it_was(tmp_path: Path) -> None:
    summary = json.loads((export(tmp_path) / "differential.json").read_text(encoding="utf-8"))
    assert summary["statement"] == STATEMENT
    assert (summary["n"], summary["unclassified"]) == (25, 1)
    assert summary["counts"]["basophil"] == 5
    assert summary["percent"] == dict.fromkeys(LEUKOCYTES, 100 * 5 / 25)
    assert summary["interval95"]["basophil"] == list(COUNT.interval95[CellClass.BASOPHIL])
    assert summary["excluded"]["erythroblast"] == 2
    assert summary["excluded_per_100"] == dict(COUNT.beside_per_100)
    assert summary["tallied_by_eye"] == {"smudge_cells": 4, "smudge_per_100": 16.0}
    assert summary["bundle"] == {"id": "tiny", "version": "1", "sha256": "ab" * 32}
    assert (summary["session"], summary["specimen"]) == (12, "H 2026/0815")
    assert (summary["target"], summary["state"]) == ("±5 %", "finished")
    assert (summary["settings"], summary["calibration"]) == ({"threads": 1}, {"um_per_px": 0.1})
    assert summary["started"] == {
        "wall": "2026-11-02T08:30:00+00:00",
        "clock_is_set": False,
        "boot_id": "boot-1",
        "monotonic_s": 12.5,
    }


def test_every_cell_and_every_event_has_its_row(tmp_path: Path) -> None:
    made = export(tmp_path)
    cells, log = rows(made / "cells.csv"), rows(made / "log.csv")
    assert tuple(cells[0]) == SESSION_CSV_COLUMNS
    assert [one["cell"] for one in cells] == ["1", "2", "4"]
    assert (cells[0]["x_um"], cells[0]["cell_class"]) == ("-12.35", "lymphocyte")
    assert (cells[0]["probability"], cells[0]["p_lymphocyte"]) == ("0.9000", "0.9000")
    assert cells[2]["reason"] == "cut by the border"
    assert tuple(log[0]) == LOG_CSV_COLUMNS
    assert [(one["sequence"], one["kind"], one["detail"]) for one in log] == [
        ("1", "session started", '{"target": "±5 %"}'),
        ("2", "session finished", "{}"),
    ]
    assert log[0]["clock_is_set"] == "no"


def test_pictures_lie_beside_the_table_that_names_them(tmp_path: Path) -> None:
    made = export(tmp_path, pictures=True)
    names = [one["picture"] for one in rows(made / "cells.csv")]
    assert names == ["cells/00001-lymphocyte.png", "", ""]
    assert np.array_equal(read_image(made / names[0]), PICTURE)
    assert scale_in(made / names[0]) == pytest.approx(0.2)


def test_a_session_exported_again_gets_a_folder_beside_the_first(tmp_path: Path) -> None:
    first = export(tmp_path)
    (first / "note.txt").write_text("looked at", encoding="utf-8")
    assert [export(tmp_path).name for _ in range(2)] == [f"{first.name}-2", f"{first.name}-3"]
    assert (first / "note.txt").is_file()


@pytest.mark.parametrize(
    ("specimen", "name"),
    [
        ("", "session-12"),
        ("../../etc", "session-12-etc"),
        ("é/ü:*?", "session-12-e-u"),
        ("血", "session-12"),
        ("x" * 90, f"session-12-{'x' * 40}"),
        ("H-1.", "session-12-H-1"),
    ],
)
def test_a_specimens_id_becomes_a_name_that_every_file_system_takes(
    tmp_path: Path, specimen: str, name: str
) -> None:
    made = export(tmp_path, named(specimen))
    assert made == tmp_path / name
    summary = json.loads((made / "differential.json").read_text(encoding="utf-8"))
    assert summary["specimen"] == specimen


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r\n-"])
def test_no_text_is_a_formula_for_a_spreadsheet(tmp_path: Path, start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    made = export(tmp_path, cells=[cell(1, reason=evil)], log=[LogEntry(1, MOMENT, 12, evil, {})])
    assert rows(made / "cells.csv")[0]["reason"] == f"'{evil.strip()}"
    assert rows(made / "log.csv")[0]["kind"] == f"'{evil.strip()}"


def test_what_an_interrupted_export_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".leuko-unfinished" / "cells").mkdir(parents=True)
    made = export(tmp_path)
    assert list(tmp_path.iterdir()) == [made]


@pytest.fixture
def small_stick(tmp_path: Path) -> Generator[Path]:
    """The folder that a file system of 64 kB is mounted on."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    folder = tmp_path / "stick"
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))
    subprocess.run(["mount", *options], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.hardware
@pytest.mark.parametrize("pictures", [False, True])
def test_a_full_stick_is_said_and_nothing_half_stays_there(
    small_stick: Path, *, pictures: bool
) -> None:
    with pytest.raises(OutputError, match=r"session 12 cannot be .*; it is kept on the device; "):
        export(small_stick, cells=[cell(number) for number in range(1, 2000)], pictures=pictures)
    assert list(small_stick.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "remedy"),
    [
        ("/proc", "make room there or choose another"),
        ("/media/no such stick", "plug the stick in, or make that folder"),
    ],
)
def test_a_folder_that_is_gone_or_takes_nothing_is_said(folder: str, remedy: str) -> None:
    with pytest.raises(
        OutputError, match=f"session 12 cannot be exported to {folder}: .*; {remedy}"
    ):
        export(Path(folder))


def test_a_store_that_breaks_off_is_no_fault_of_the_stick(tmp_path: Path) -> None:
    def broken() -> Iterator[CellRecord]:
        yield cell(1)
        raise StoreError("the store is damaged; restore the kept copy")

    with pytest.raises(StoreError, match="the store is damaged"):
        export(tmp_path, cells=broken())
    assert list(tmp_path.iterdir()) == []


class Machine:
    """Folders laid out as ``/proc/self/mounts`` and ``/sys/class/block`` show a machine's disks."""

    def __init__(self, folder: Path) -> None:
        self.mounts = folder / "mounts"
        self.blocks = folder / "block"
        self.blocks.mkdir()
        self._bus = folder / "devices"
        self._on_demand: dict[Path, str] = {}
        self.mounts.write_text(
            "proc /proc proc rw 0 0\n/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n", encoding="utf-8"
        )
        self.add_disk("mmcblk0", "mmc0", removable=False)

    def add_disk(self, name: str, bus: str, *, removable: bool) -> None:
        disk = self._bus / bus / name
        (disk / f"{name}1").mkdir(parents=True)
        (disk / "removable").write_text(f"{int(removable)}\n", encoding="ascii")
        (self.blocks / name).symlink_to(disk)
        (self.blocks / f"{name}1").symlink_to(disk / f"{name}1")

    def mount(self, device: str, folder: str, options: str = "rw,nosuid") -> None:
        with self.mounts.open("a", encoding="utf-8") as mounts:
            mounts.write(f"/dev/{device} {folder} vfat {options} 0 0\n")

    def mount_on_demand(self, device: str, folder: str) -> None:
        """Mount a device as soon as somebody looks into its folder, as systemd does."""
        self._on_demand[Path(folder)] = device
        with self.mounts.open("a", encoding="utf-8") as mounts:
            mounts.write(f"systemd-1 {folder} autofs rw,direct 0 0\n")

    def visit(self, folder: Path) -> None:
        device = self._on_demand[folder]
        if not (self.blocks / device).exists():
            raise FileNotFoundError(2, "No such device", str(folder))
        self.mount(device, str(folder))

    def stick(self) -> Path:
        return find_usb_stick(mounts=self.mounts, blocks=self.blocks, visit=self.visit)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("folder", ["/media/pi/STICK", "/run/media/ana/STICK", "/mnt"])
def test_the_one_stick_is_found(machine: Machine, folder: str) -> None:
    machine.add_disk("sda", "scsi", removable=True)
    machine.mount("sda1", folder)
    assert machine.stick() == Path(folder)


def test_a_disk_on_usb_that_does_not_call_itself_removable_is_found(machine: Machine) -> None:
    machine.add_disk("sda", "usb1/1-1.2", removable=False)
    machine.mount("sda1", r"/media/MY\040DISK")
    assert machine.stick() == Path("/media/MY DISK")


def test_a_stick_without_partitions_mounted_twice_is_one_stick(machine: Machine) -> None:
    machine.add_disk("sda", "usb2/2-1", removable=True)
    machine.mount("sda", "/media/a")
    machine.mount("sda", "/media/b")
    assert machine.stick() == Path("/media/b")


def test_a_stick_that_is_mounted_on_demand_is_found_once_it_is_plugged_in(
    machine: Machine,
) -> None:
    machine.mount_on_demand("binfmt", "/proc/sys/fs/binfmt_misc")
    machine.mount_on_demand("sda1", "/media/leuko")
    with pytest.raises(OutputError, match="no USB stick is mounted"):
        machine.stick()
    machine.add_disk("sda", "usb1/1-1", removable=True)
    assert machine.stick() == Path("/media/leuko")


def test_disks_that_are_no_sticks_are_left_alone(machine: Machine) -> None:
    machine.mount("mmcblk01", "/srv/data")
    machine.add_disk("sda", "usb1/1-1", removable=True)
    machine.mount("sda1", "/boot/firmware")
    with pytest.raises(OutputError, match="no USB stick is mounted; plug one in, or name a folder"):
        machine.stick()


def test_of_several_sticks_one_has_to_be_named(machine: Machine) -> None:
    for name in ("sda", "sdb"):
        machine.add_disk(name, "usb1/1-1", removable=True)
        machine.mount(f"{name}1", f"/media/{name}")
    with pytest.raises(OutputError, match="several USB sticks: /media/sda, /media/sdb; name the"):
        machine.stick()


def test_a_stick_that_is_mounted_read_only_is_said(machine: Machine) -> None:
    machine.add_disk("sda", "usb1/1-1", removable=True)
    machine.mount("sda1", "/media/a", "ro,nosuid")
    with pytest.raises(OutputError, match="the USB stick at /media/a is mounted read-only; "):
        machine.stick()


def test_a_machine_that_does_not_tell_its_mounts_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot tell what is mounted: No such file"):
        find_usb_stick(mounts=tmp_path / "mounts")
