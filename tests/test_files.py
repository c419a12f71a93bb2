"""Files are whole or not there."""

import sys
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.files import (
    give_usual_rights,
    is_complete,
    mark_complete,
    read_as,
    read_cache,
    read_json,
    reading,
    replace_cache,
    replace_json,
    replace_text,
    replace_with,
)


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "file.txt"
    replace_text(path, "größe")
    replace_text(path, "zwei")
    assert path.read_text(encoding="utf-8") == "zwei"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    replace_text(path, "old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_with(path, fail)
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="rights of this kind are POSIX's")
def test_a_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").touch()
    replace_text(tmp_path / "replaced.txt", "x")
    usual = (tmp_path / "plain.txt").stat().st_mode
    assert (tmp_path / "replaced.txt").stat().st_mode == usual

    def write_for_the_owner_alone(temporary: Path) -> None:
        temporary.unlink()
        temporary.touch(mode=0o600)

    replace_with(tmp_path / "closed.bin", write_for_the_owner_alone)
    assert (tmp_path / "closed.bin").stat().st_mode == usual
    (tmp_path / "other.bin").touch(mode=0o600)
    give_usual_rights(tmp_path)
    assert {file.stat().st_mode for file in tmp_path.iterdir()} == {usual}


def test_json_comes_back(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") is None
    replace_json(tmp_path / "some.json", {"ä": [1, None]})
    assert read_json(tmp_path / "some.json") == {"ä": [1, None]}


def test_completion_is_marked_last(tmp_path: Path) -> None:
    assert not is_complete(tmp_path)
    mark_complete(tmp_path)
    assert is_complete(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b'{"b": 2}', b"5", b"[" * 100_000])
def test_another_shape_is_damage_or_for_a_cache_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(content)
    with pytest.raises(StudioError, match=r"some\.json is damaged"):
        read_as(file, lambda values: values["a"])
    assert read_cache(file, lambda values: values["a"]) is None


def test_a_cache_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.mkdir()
    assert read_cache(file, dict) is None
    replace_cache(file, {"a": 1})
    assert read_cache(file, dict) == read_as(file, dict) == {"a": 1}
    assert read_as(tmp_path / "none.json", dict) is None


def test_a_newer_version_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="Update"), reading(tmp_path / "file"):
        raise StudioError("It is newer.", "", "Update.")
