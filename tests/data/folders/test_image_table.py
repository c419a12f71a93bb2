"""Images, and a table that names them."""

import random
import time
from pathlib import Path

import pytest
import tiny
from upload_files import import_folder, put, upload_of

from studio.data.folders import image_table
from studio.data.media import IMAGES


@pytest.fixture
def png() -> bytes:
    return tiny.image("across", random.Random(1))


@pytest.mark.parametrize(
    "cells",
    [["pics/one.png", "pics/two.png"], ["one.png", "./two.png"], ["one", "two"], ["pics\\one.png", "two"]],
)
def test_a_table_names_the_images(tmp_path: Path, png: bytes, cells: list[str]) -> None:
    table = f"file,kind,split\n{cells[0]},x,train\n{cells[1]},y,test\nmissing.png,x,train\n,y,train\n"
    files = {"set/labels.csv": table, "set/pics/one.png": png, "set/pics/two.png": png}
    result = import_folder(tmp_path / "up", files)
    assert list(result.table.columns) == ["image", "kind", "split"]
    assert list(result.table["image"]) == ["set/pics/one.png", "set/pics/two.png"]
    assert list(result.table["kind"]) == ["x", "y"]
    assert [p.row for p in result.problems] == [3, 4]
    assert "'missing.png'" in result.problems[0].what
    assert result.reading.delimiter == ","


def test_one_table_per_split(tmp_path: Path, png: bytes) -> None:
    result = import_folder(
        tmp_path / "up",
        {
            "train.csv": "id,label\n1,x\n2,y\n9,y\n",
            "test.csv": "id,label\n3,x\n",
            "img/1.png": png,
            "img/2.png": png,
            "img/3.png": png,
        },
    )
    by_image = result.table.set_index("image")
    assert dict(by_image["split"]) == {"img/1.png": "train", "img/2.png": "train", "img/3.png": "test"}
    assert result.table.index.is_unique
    assert len([p for p in result.problems if p.drops]) == 1


def test_a_table_about_something_else_is_ignored(tmp_path: Path, png: bytes) -> None:
    files = {"a/1.png": png, "b/2.png": png, "prices.csv": "what,price\nx,10.50\ny,20.50\n"}
    result = import_folder(tmp_path / "up", files)
    assert list(result.table["label"]) == ["a", "b"]
    assert "prices.csv" in result.problems[0].why


def test_a_small_file_beside_each_image_costs_nothing(tmp_path: Path) -> None:
    """Sets made for finding things bring one text file an image: none of them is the table."""
    images = put(tmp_path / "up", {f"cat/{n}.png": b"" for n in range(3000)})
    notes = put(tmp_path / "up", {f"cat/{n}.txt": "0 0.5 0.5 0.1 0.1\n" for n in range(3000)})
    begin = time.process_time()
    assert not image_table.recognises(IMAGES, upload_of(tmp_path / "up", [*images, *notes]))
    assert time.process_time() - begin < 5  # about 0.1 s


def test_a_bare_list_of_images_has_no_header(tmp_path: Path, png: bytes) -> None:
    files: dict[str, bytes | str] = {f"img/photo_{n}.png": png for n in range(4)}
    files |= {"train.txt": "photo_0\nphoto_1\n", "test.txt": "photo_2\nphoto_3\n"}
    result = import_folder(tmp_path / "up", files)
    assert list(result.table["image"]) == [f"img/photo_{n}.png" for n in (2, 3, 0, 1)]
    assert list(result.table["split"]) == ["test", "test", "train", "train"]
    assert result.reading.header is False


def test_images_that_the_table_forgets_are_reported(tmp_path: Path, png: bytes) -> None:
    files: dict[str, bytes | str] = {f"{n}.png": png for n in range(5)}
    result = import_folder(tmp_path / "up", {**files, "labels.csv": "file,label\n0.png,a\n1.png,b\n"})
    assert len(result.table) == 2
    assert [(p.row, p.drops, p.what) for p in result.problems] == [
        (0, False, "3 images are not named by the table and left out.")
    ]
