"""Names of images in tables and annotations, and names of splits in paths."""

import pytest

from studio.data.folders.image_names import ImageNames
from studio.data.folders.split_folders import split_of_file, split_of_path, splits_of_paths

IMAGES = ["set/train/1.jpg", "set/val/1.jpg", "set/val/2.jpg", "set/a.b.png", "other/3.jpg"]


@pytest.mark.parametrize(
    ("name", "file", "meant"),
    [
        ("set/train/1.jpg", "x.csv", "set/train/1.jpg"),
        ("train/1.jpg", "x.csv", "set/train/1.jpg"),
        ("/home/me/train/1.jpg", "x.csv", None),
        ("1.jpg", "x.csv", None),
        ("1.jpg", "set/val/x.csv", "set/val/1.jpg"),
        ("1", "set/val/x.csv", "set/val/1.jpg"),
        ("1.jpg", "annotations/instances_train2017.json", "set/train/1.jpg"),
        ("2", "x.csv", "set/val/2.jpg"),
        (" .\\other\\3.jpg ", "x.csv", "other/3.jpg"),
        ("a.b", "x.csv", "set/a.b.png"),
        ("4.jpg", "x.csv", None),
        ("", "x.csv", None),
        (None, "x.csv", None),
        (float("nan"), "x.csv", None),
    ],
)
def test_which_image_is_meant(name: object, file: str, meant: str | None) -> None:
    assert ImageNames(IMAGES).inside(file)(name) == meant


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("train/images/1.jpg", "train"),
        ("images/val2017/1.jpg", "validation"),
        ("test/train/1.jpg", "train"),
        ("Valid/1.jpg", "validation"),
        ("contest/1.jpg", None),
        ("train.jpg", None),
    ],
)
def test_splits_of_paths(path: str, split: str | None) -> None:
    assert split_of_path(path) == split


def test_splits_of_names() -> None:
    names = ["instances_val2017.json", "a/train.csv", "dev-labels.csv", "testing.txt", "contest.csv", "trainval.txt"]
    assert [split_of_file(name) for name in names] == ["validation", "train", "validation", "test", None, None]


def test_one_folder_among_others_that_is_called_like_a_split_is_none() -> None:
    assert splits_of_paths(["train/1.jpg", "cats/1.jpg"]) == [None, None]
    assert splits_of_paths(["train/1.jpg", "test/1.jpg", "cats/1.jpg"]) == ["train", "test", None]
    assert splits_of_paths(["train/1.jpg"]) == ["train"]
