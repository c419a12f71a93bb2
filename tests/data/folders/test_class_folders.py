"""Folders of images, one a class."""

import random
from pathlib import Path

import numpy
import pandas
import pytest
import tiny
from PIL import Image
from upload_files import encoded, import_folder

from studio.data.folders.base import find
from studio.data.folders.class_folders import from_folders, wrapping
from studio.errors import StudioError


@pytest.mark.parametrize("around", ["", "photos/", "my set/photos/"])
@pytest.mark.parametrize(
    ("paths", "labels", "splits"),
    [
        (["ant/1.jpg", "bee/1.jpg"], ["ant", "bee"], None),
        (["train/ant/1.jpg", "val/bee/1.jpg"], ["ant", "bee"], ["train", "validation"]),
        (
            ["Test/ant/1.jpg", "Train/bee/1.jpg", "valid/bee/2.jpg"],
            ["ant", "bee", "bee"],
            ["test", "train", "validation"],
        ),
        (["ant/big/1.jpg", "bee/1.jpg"], ["ant", "bee"], None),
        (["train/ant/1.jpg", "train/bee/1.jpg"], ["ant", "bee"], ["train", "train"]),
        (["extra/ant/1.jpg", "test/bee/1.jpg", "train/ant/1.jpg"], [None, "bee", "ant"], [None, "test", "train"]),
        (["test/loose.jpg", "train/ant/1.jpg"], [None, "ant"], ["test", "train"]),
    ],
)
def test_layouts(around: str, paths: list[str], labels: list, splits: list | None) -> None:
    table = from_folders([around + path for path in paths])
    assert [None if pandas.isna(label) else label for label in table["label"]] == labels
    assert list(table.index) == list(range(1, len(paths) + 1))
    if splits is None:
        assert "split" not in table
    else:
        assert [None if pandas.isna(split) else split for split in table["split"]] == splits


def test_what_systems_leave_behind_is_passed_over() -> None:
    found = find(["a/1.JPG", "__MACOSX/a/._1.jpg", "a/.DS_Store", "a/Thumbs.db", "README.md", "labels.csv", ".x/1.png"])
    assert (found.images, found.tables, found.others) == (["a/1.JPG"], ["labels.csv"], ["README.md"])


def test_one_class_alone_is_no_wrapping() -> None:
    assert wrapping(["ant/1.jpg", "ant/2.jpg"]) == 0
    assert wrapping(["train/ant/1.jpg"]) == 0


def test_broken_images_are_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    png = tiny.image("across", random.Random(1))
    jpeg = encoded(Image.fromarray(numpy.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype("uint8")))
    result = import_folder(
        tmp_path / "up",
        {
            "a/cut.jpg": jpeg[: len(jpeg) // 2],
            "a/empty.png": b"",
            "a/fine.png": png,
            "b/not.jpg": "hello",
            "b/phone.heic": b"....ftypheic",
            "b/fine.jpg": jpeg,
            "notes.md": "read me",
        },
    )
    assert list(result.table["image"]) == ["a/fine.png", "b/fine.jpg"]
    assert [(p.row, p.drops) for p in result.problems] == [(0, False), (1, True), (2, True), (5, True), (6, True)]
    assert "a/cut.jpg" in result.problems[1].what
    assert "notes.md" in result.problems[0].why
    assert not any(str(tmp_path) in f"{p.what} {p.why}" for p in result.problems), "where things lie here is not theirs"
    assert (tmp_path / "up stored/files/a/fine.png").read_bytes() == png  # small ones stay byte for byte


def test_nothing_usable(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="None of the images"):
        import_folder(tmp_path / "up", {"a/1.jpg": "no", "b/1.jpg": "no"})
