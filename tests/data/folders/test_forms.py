"""What holds for every reader of folders, and which one is asked."""

import random
from pathlib import Path

import pytest
from upload_files import blank, import_folder, put, upload_of

from studio.data.folders import FOLDERS, find_folder_format
from studio.data.folders.base import find
from studio.errors import StudioError

NAMES = (
    "a.png", "a.txt", "a.xml", "a.json", "a.csv", "a.jsonl", "a.parquet", "a.xlsx", "a.conll", "labels/a.txt",
    "data.yaml", "classes.txt", "train.txt", "metadata.jsonl", "ImageSets/Main/train.txt", "README",
)  # fmt: skip


@pytest.mark.parametrize("form", FOLDERS, ids=lambda form: form.name)
def test_nothing_is_recognised_by_nobody(tmp_path: Path, form) -> None:  # type: ignore[no-untyped-def]
    assert not form.recognises(upload_of(tmp_path, []))


@pytest.mark.parametrize("form", FOLDERS, ids=lambda form: form.name)
def test_whatever_files_hold_a_reader_raises_nothing_else(tmp_path: Path, form) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(19)
    marks = [
        b"",
        b"<annotation>",
        b'{"images": [], "annotations": [{"bbox": 1}]}',
        b"0 0.5 0.5 0.1 0.1",
        b"a.png,1,2,3,4",
    ]
    marks += [b"\xff\xfe\0", b"PK\x03\x04", b"PAR1", b"[[[", b"a B-X\n\n", b"file_name\na.png\n", b"names: [x]"]
    for turn in range(40):
        folder = tmp_path / str(turn)
        put(folder, {name: rng.choice(marks) + rng.randbytes(rng.choice((0, 0, 9))) for name in NAMES})
        (folder / "a.png").write_bytes(blank(9, 9))
        upload = upload_of(folder, list(NAMES))
        if form.recognises(upload):
            try:
                assert len(form.read(upload).table)
            except StudioError as error:
                assert error.explanation.what


def test_the_most_particular_reader_comes_first(tmp_path: Path) -> None:
    names = put(tmp_path, {"cat/1.png": b"", "cat/1.xml": "<annotation/>", "cat/1.txt": "0 0.5 0.5 0.1 0.1"})
    assert find_folder_format(upload_of(tmp_path, names)).name == "voc"
    assert find_folder_format(upload_of(tmp_path, [name for name in names if "xml" not in name])).name == "yolo"
    assert find_folder_format(upload_of(tmp_path, names[:1])).name == "class-folders"


def test_what_nobody_knows_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        import_folder(tmp_path / "up", {"a.mp4": b"x", "b.mp4": b"x"})
    assert "a.mp4" in caught.value.explanation.why


def test_files_of_an_upload_are_sorted_by_what_they_are() -> None:
    found = find(["b.JPG", "a.png", "x.csv", "x.iob", "x.xml", "__MACOSX/a.png"])
    assert (found.images, found.tables, found.others) == (["a.png", "b.JPG"], ["x.csv", "x.iob"], ["x.xml"])
