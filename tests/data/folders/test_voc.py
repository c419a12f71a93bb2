"""Pascal VOC folders."""

import json
import random
from pathlib import Path

import pytest
from upload_files import blank, import_folder, upload_of

from studio.data.folders import find_folder_format
from studio.data.folders.voc import parse_xml
from studio.errors import StudioError


def xml(name: str, *boxes: tuple[object, ...], size: tuple[int, int] = (100, 80)) -> str:
    """boxes: (label, xmin, ymin, xmax, ymax)."""
    objects = "".join(
        f"<object><name>{label}</name><bndbox><ymin>{y}</ymin><xmin>{x}</xmin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
        "</bndbox></object>"
        for label, x, y, x2, y2 in boxes
    )
    return (
        f"<annotation><filename>{name}</filename><size><width>{size[0]}</width><height>{size[1]}</height></size>"
        f"{objects}</annotation>"
    )


CAT, DOG = ("cat", 10, 20, 40, 60), ("dog", 0, 0, 50, 50)
BOXES = {"cat": {"box": [10, 20, 30, 40], "label": "cat"}, "dog": {"box": [0, 0, 50, 50], "label": "dog"}}


@pytest.fixture
def files() -> dict[str, bytes | str]:
    image = blank(100, 80)
    return {
        "set/JPEGImages/a.png": image,
        "set/JPEGImages/b.png": image,
        "set/JPEGImages/c.png": image,
        "set/Annotations/a.xml": xml("a.png", CAT, DOG),
        "set/Annotations/b.xml": xml("b.png", DOG),
        "set/Annotations/c.xml": xml("c.png", CAT),
        "set/ImageSets/Main/train.txt": "a\n",
        "set/ImageSets/Main/val.txt": "b\n",
        "set/ImageSets/Main/trainval.txt": "a\nb\n",
        "set/ImageSets/Main/test.txt": "c\n",
        "set/SOURCE.txt": "somewhere",
    }


def test_official_folders(tmp_path: Path, files: dict[str, bytes | str]) -> None:
    content = import_folder(tmp_path / "up", files)
    assert (content.format, content.kind) == ("Pascal VOC", "image")
    assert list(content.table.columns) == ["image", "boxes", "split"]
    assert [json.loads(cell) for cell in content.table["boxes"]] == [
        [BOXES["cat"], BOXES["dog"]],
        [BOXES["dog"]],
        [BOXES["cat"]],
    ]
    assert list(content.table["split"]) == ["train", "validation", "test"]
    assert content.problems == []
    assert (tmp_path / "up stored/thumbnails/set/JPEGImages/a.png.jpg").is_file()


def test_images_beside_their_files_in_folders_of_splits(tmp_path: Path) -> None:
    """The names of the images are the same in both."""
    files = {
        "train/1.png": blank(100, 80),
        "train/1.xml": xml("1.png", CAT),
        "valid/1.png": blank(50, 80),
        "valid/1.xml": xml("1.png", ("dog", 0, 0, 50, 50), size=(50, 80)),
    }
    table = import_folder(tmp_path / "up", files).table
    assert list(table["image"]) == ["train/1.png", "valid/1.png"]
    assert list(table["split"]) == ["train", "validation"]
    assert ["cat" in cell for cell in table["boxes"]] == [True, False]


def test_invalid_boxes_are_named_and_their_image_stays(tmp_path: Path, files: dict[str, bytes | str]) -> None:
    bad = xml("b.png", DOG, ("cat", 7, 7, 7, 7), ("cat", 500, 0, 600, 40), ("", 1, 1, 9, 9), ("cat", "x", 1, 9, 9))
    files["set/Annotations/b.xml"] = bad.replace("</annotation>", "<object><name>cat</name></object></annotation>")
    content = import_folder(tmp_path / "up", files)
    assert [json.loads(cell) for cell in content.table["boxes"]][1] == [BOXES["dog"]]
    assert [(problem.row, problem.drops) for problem in content.problems] == [(2, False)] * 5
    assert [problem.what for problem in content.problems] == [f"b.png: box {n} is left out." for n in (2, 3, 4, 5, 6)]
    whys = "no area", "outside", "no class", "'x' is not a number", "no <bndbox>"
    assert all(why in problem.why for why, problem in zip(whys, content.problems, strict=True))


def test_what_does_not_belong_together_is_reported(tmp_path: Path, files: dict[str, bytes | str]) -> None:
    del files["set/JPEGImages/a.png"]
    files |= {
        "set/Annotations/b.xml": xml("b.png"),
        "set/Annotations/broken.xml": "<annotation><object>",
        "set/Annotations/other.xml": "<catalogue/>",
        "set/JPEGImages/extra.png": blank(9, 9),
    }
    content = import_folder(tmp_path / "up", files)
    assert list(content.table["image"]) == ["set/JPEGImages/b.png", "set/JPEGImages/c.png"]
    assert content.table["boxes"].iloc[0] == "[]"
    found = {(problem.row, problem.drops, problem.what) for problem in content.problems}
    assert found == {
        (0, False, "1 image is not annotated and left out."),
        (0, False, "1 image has no boxes."),
        (1, True, "There is no image 'a.png'."),
        (3, True, "set/Annotations/broken.xml cannot be used."),
    }


def test_an_image_in_two_lists_is_reported(tmp_path: Path, files: dict[str, bytes | str]) -> None:
    files["set/ImageSets/Main/test.txt"] = "c\nb\n"
    problems = import_folder(tmp_path / "up", files).problems
    assert [problem.what for problem in problems] == ["1 image is in the lists of several splits."]


def test_nothing_usable(tmp_path: Path) -> None:
    files = {"a.png": blank(9, 9), "x.xml": xml("x.png", CAT)}
    with pytest.raises(StudioError, match="annotated images") as caught:
        import_folder(tmp_path / "up", files)
    assert "x.png" in caught.value.explanation.why


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>'
OTHER_FILE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation><filename>&a;</filename></annotation>'


@pytest.mark.parametrize("text", [BOMB, OTHER_FILE, '<!DOCTYPE a SYSTEM "a.dtd"><annotation/>'])
def test_document_types_are_refused(text: str) -> None:
    with pytest.raises(StudioError) as caught:
        parse_xml(text.encode())
    assert "document type" in caught.value.explanation.why


@pytest.mark.parametrize(
    "content",
    [b"", b"<", b"\0\xff", b"<a></b>", b'<?xml version="1.0" encoding="utf-99"?><a/>', b"<a>&nope;</a>", b"<a/><b/>"],
)
def test_broken_xml_is_reported(content: bytes) -> None:
    with pytest.raises(StudioError):
        parse_xml(content)


def test_deep_nesting_does_no_harm() -> None:
    root = parse_xml(b"<a>" * 200_000 + b"</a>" * 200_000)
    del root


def test_damaged_files_never_raise_anything_else(tmp_path: Path, files: dict[str, bytes | str]) -> None:
    rng = random.Random(3)
    whole = xml("a.png", CAT, DOG)
    for turn in range(40):
        damaged = bytearray(whole.encode())[: rng.randrange(1, len(whole))] if turn % 2 else bytearray(whole.encode())
        for _ in range(turn % 5):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        files["set/Annotations/a.xml"] = bytes(damaged)
        names = list(files)
        import_folder(tmp_path / str(turn), files)
        assert find_folder_format(upload_of(tmp_path / str(turn), names)).name == "voc"
