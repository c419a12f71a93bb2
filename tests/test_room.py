"""What is said where the disk is full."""

import errno
from pathlib import Path

import pytest

from studio import room
from studio.room import disk_words, megabytes, room_words


def test_what_is_needed_is_never_said_to_be_there() -> None:
    assert room_words(free=1_999_999, needed=2_000_000) == "It needs 2 MB, and 1 MB are free."
    assert room_words(free=0, needed=1) == "It needs 1 MB, and 0 MB are free."
    assert room_words(free=3_000_000_000) == "3,000 MB are free."
    assert megabytes(1_234_567_890) == "1,234.6 MB"


def test_why_nothing_could_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_disk_bytes", lambda path: 5_000_000)
    full = OSError(errno.ENOSPC, "No space left on device")
    assert disk_words(full, tmp_path, 7_000_000) == "The disk is full. It needs 7 MB, and 5 MB are free."
    assert disk_words(full, tmp_path) == "The disk is full. 5 MB are free."
    assert disk_words(PermissionError(13, "Permission denied"), tmp_path) == "The disk says: Permission denied."
