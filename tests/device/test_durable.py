"""Files that are replaced as a whole, and leave nothing beside them when that fails."""

import stat
from pathlib import Path

import pytest

from leuko.durable import flush, put, write_whole


def test_a_file_gives_way_to_a_whole_new_one(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_whole(file, b"first and longer")
    write_whole(file, b"second", mode=0o640)
    assert file.read_bytes() == b"second"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_replaced_stays_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "state.json"
    (folder / "within").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_whole(folder, b"content")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_is_put_into_its_place_whole(tmp_path: Path) -> None:
    prepared, place = tmp_path / "prepared", tmp_path / "place"
    prepared.mkdir()
    (prepared / "file").write_bytes(b"content")
    flush(prepared)
    put(prepared, place)
    assert (place / "file").read_bytes() == b"content"
    assert not prepared.exists()
