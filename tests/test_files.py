"""Files are whole or not there."""

import sys
from pathlib import Path

import pytest

from studio.files import (
    give_usual_rights,
    is_complete,
    mark_complete,
    read_json,
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
