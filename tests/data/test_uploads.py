"""Half copies of uploads do not stay."""

import os
import time
from pathlib import Path

import pytest

from studio.data.limits import Limits
from studio.data.uploads import keep_upload
from studio.errors import StudioError
from studio.paths import Home


def test_half_copies_of_an_ended_server_go_away(home: Home, reviews: Path) -> None:
    home.uploads.mkdir(parents=True)
    old, young = home.uploads / ".upload-old", home.uploads / ".upload-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * 24 * 3600,) * 2)
    keep_upload(reviews, "reviews.csv", home, Limits())
    assert not old.exists()
    assert young.exists()  # another server may be writing it


def test_the_same_content_under_two_names(home: Home, reviews: Path) -> None:
    first = keep_upload(reviews, "one.csv", home, Limits())
    second = keep_upload(reviews, "two.csv", home, Limits())
    assert (first.parent, first.name, second.name) == (second.parent, "one.csv", "two.csv")


def test_a_full_disk_is_said_with_what_is_needed(home: Home, reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StudioError, match=r"It needs 1 MB, and [\d,]+ MB are free. .*`studio clean`"):
        keep_upload(reviews, "reviews.csv", home, Limits())


def test_an_upload_that_is_gone_is_said_in_words(home: Home, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"gone\.csv could not be stored"):
        keep_upload(tmp_path / "gone.csv", "gone.csv", home, Limits())
    assert list(home.uploads.iterdir()) == []
