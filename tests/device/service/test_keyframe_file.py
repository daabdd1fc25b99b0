"""What is kept of the keyframes of a slide when the file is damaged or cannot be read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leuko.cells import RGBImage
from leuko.service import KeyframeFile
from leuko.tracking import Keyframe, Position, SlideTracker, Track

BYTES = 1600
MANY = 9
HEADER_BYTES = 32


def keyframe(number: int, segment: int = 1) -> Keyframe:
    return Keyframe(number, Position(segment, 10.0 * number, 5.0), 1.0)


def picture(number: int) -> bytes:
    return bytes([number + 1]) * BYTES


def opened(path: Path) -> tuple[KeyframeFile, Sequence[Keyframe]]:
    file = KeyframeFile(path, session=1, um_per_px=0.2)
    return file, file.begin(BYTES)


def spoil(path: Path, *, record: int, offset: int) -> None:
    content = bytearray(path.read_bytes())
    record_bytes = (len(content) - HEADER_BYTES) // MANY
    content[HEADER_BYTES + record * record_bytes + offset % record_bytes] ^= 0x40
    path.write_bytes(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with many keyframes."""
    path = tmp_path / "keyframes"
    file, _ = opened(path)
    for number in range(MANY):
        file.put(keyframe(number), picture(number))
    return path


def test_keyframes_are_there_again_after_a_restart(path: Path) -> None:
    file, kept = opened(path)
    assert list(kept) == list(map(keyframe, range(MANY)))
    assert [file.get(number) for number in range(MANY)] == list(map(picture, range(MANY)))


@pytest.mark.parametrize("offset", [0, 700, BYTES - 1, BYTES, BYTES + 9, BYTES + 33, -1])
def test_a_spoilt_keyframe_takes_no_other_with_it(path: Path, offset: int) -> None:
    spoil(path, record=3, offset=offset)
    others = [number for number in range(MANY) if number != 3]
    for _ in range(2):
        file, kept = opened(path)
        assert [one.number for one in kept] == list(range(MANY - 1))
        assert [one.position for one in kept] == [keyframe(one).position for one in others]
        assert [file.get(one.number) for one in kept] == list(map(picture, others))


def test_keyframes_go_on_behind_those_that_are_left(path: Path) -> None:
    spoil(path, record=3, offset=5)
    file, kept = opened(path)
    file.put(keyframe(len(kept)), picture(100))
    file, kept = opened(path)
    assert len(kept) == MANY
    assert file.get(MANY - 1) == picture(100)


def test_a_keyframe_that_moved_or_was_improved_is_whole(path: Path) -> None:
    file, _ = opened(path)
    file.move(keyframe(2, segment=7))
    file.put(replace(keyframe(4), sharpness=0.5), picture(50))
    file.move(keyframe(4, segment=7))
    file, kept = opened(path)
    assert len(kept) == MANY
    assert (kept[2], file.get(2)) == (keyframe(2, segment=7), picture(2))
    assert (kept[4], file.get(4)) == (keyframe(4, segment=7), picture(50))


def test_moves_that_are_held_are_kept_when_the_cells_are(path: Path) -> None:
    file = KeyframeFile(path, session=1, um_per_px=0.2, holds_moves=True)
    file.begin(BYTES)
    file.move(keyframe(2, segment=7))
    assert opened(path)[1][2] == keyframe(2)
    file.commit()
    assert opened(path)[1][2] == keyframe(2, segment=7)


def test_a_picture_that_cannot_be_read_is_all_zero(path: Path) -> None:
    file, _ = opened(path)
    spoil(path, record=3, offset=5)
    assert file.get(3) == bytes(BYTES)
    path.write_bytes(b"")
    assert file.get(0) == bytes(BYTES)


def test_what_no_disk_takes_stays_in_memory(tmp_path: Path) -> None:
    file, kept = opened(tmp_path / "missing" / "keyframes")
    file.put(keyframe(0), picture(0))
    file.move(keyframe(0, segment=2))
    assert not kept
    assert file.get(0) == picture(0)


def test_a_tracker_goes_on_without_the_keyframe_that_is_spoilt(tmp_path: Path) -> None:
    path = tmp_path / "keyframes"
    noise = np.random.default_rng(0).integers(0, 256, (120, 1600, 3), np.uint8)
    slide = np.repeat(np.repeat(noise, 2, axis=0), 2, axis=1)
    frames: list[RGBImage] = [slide[:, left : left + 320] for left in range(0, 2000, 40)]
    tracker = SlideTracker(um_per_px=0.2, archive=KeyframeFile(path, session=1, um_per_px=0.2))
    places = [tracker.locate(frame).position for frame in frames]
    content = bytearray(path.read_bytes())
    content[HEADER_BYTES + 100] ^= 0x40
    path.write_bytes(content)
    again = SlideTracker(um_per_px=0.2, archive=KeyframeFile(path, session=1, um_per_px=0.2))
    found = again.locate(frames[-1])
    assert found.track is Track.REGAINED
    before = places[-1]
    assert before is not None
    assert found.position is not None
    assert found.position.segment == before.segment
    assert abs(found.position.x_um - before.x_um) < 0.1
    overview = again.overview()
    assert overview is not None
    assert overview.view == found.position
