"""YOLO folders."""

import contextlib
import json
import random
import time
from pathlib import Path

import pytest
from upload_files import blank, import_folder, put, upload_of

from studio.data.content import Content
from studio.data.folders import yolo
from studio.errors import StudioError

PNG = blank(100, 80)
LINE = "0 0.25 0.5 0.3 0.5"
CAT = {"box": [10, 20, 30, 40], "label": "cat"}


def boxes(content: Content) -> dict[str, list]:
    return {image: json.loads(cell) for image, cell in zip(content.table["image"], content.table["boxes"], strict=True)}


@pytest.mark.parametrize(
    "names",
    [
        {"data.yaml": "path: ../x\nnc: 2\nnames: [cat, dog]\n"},
        {"data.yaml": "names:\n  0: cat\n  1: dog\n"},
        {"data.yaml": "names:\n- cat\n- yes\n"},
        {"classes.txt": "cat\ndog\n"},
        {"labels/classes.txt": "cat\r\ndog\r\n"},
        {"obj.names": "cat\ndog"},
    ],
)
def test_names_of_classes(tmp_path: Path, names: dict[str, str]) -> None:
    content = import_folder(tmp_path / "up", {"images/a.png": PNG, "labels/a.txt": f"{LINE}\n\n", **names})
    assert (content.format, content.kind, content.problems) == ("YOLO", "image", [])
    assert boxes(content) == {"images/a.png": [CAT]}


@pytest.mark.parametrize(
    ("file", "names"), [("data.yaml", 'names: ["", " ", "\\n"]'), ("sub/classes.txt", " \n\n"), ("obj.names", "\n")]
)
def test_empty_names_of_classes(tmp_path: Path, file: str, names: str) -> None:
    content = import_folder(tmp_path / "up", {"images/a.png": PNG, "labels/a.txt": LINE, file: names})
    assert boxes(content) == {"images/a.png": [{**CAT, "label": "0"}]}
    assert [(problem.row, problem.what, problem.why) for problem in content.problems] == [
        (
            0,
            "Nothing says what the classes are called.",
            f"The names in {file} are empty; the numbers of the classes stand for them.",
        )
    ]


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("{}/images/1.png", "{}/labels/1.txt"),
        ("images/{}/1.png", "labels/{}/1.txt"),
        ("set/images/{}/1.png", "set/labels/{}/1.txt"),
        ("images/{}/images/1.png", "images/{}/labels/1.txt"),
        ("{}/1.png", "{}/1.txt"),
        ("{}/1.png", "{}/labels/1.txt"),
        ("images/{}/1.png", "yolo/labels/{}/1.txt"),
    ],
)
def test_places_of_labels(tmp_path: Path, image: str, label: str) -> None:
    if image.startswith("images") and label.startswith("yolo"):
        image, label = image.replace("1.png", "{}.png"), label.replace("1.txt", "{}.txt")
    files: dict[str, bytes | str] = {"data.yaml": "names: [cat]"}
    for split in ("train", "val"):
        files |= {image.replace("{}", split): PNG, label.replace("{}", split): LINE if split == "train" else ""}
    content = import_folder(tmp_path / "up", files)
    assert sorted(content.table["split"]) == ["train", "validation"]
    train = content.table[content.table["split"] == "train"]
    assert json.loads(train["boxes"].iloc[0]) == [CAT]
    assert [problem.what for problem in content.problems] == ["1 image has no boxes."]


def test_lists_name_the_splits(tmp_path: Path) -> None:
    files = {
        "obj_train_data/a.png": PNG,
        "obj_train_data/a.txt": LINE,
        "obj_train_data/b.png": PNG,
        "obj_train_data/b.txt": LINE,
        "obj.names": "cat",
        "train.txt": "data/obj_train_data/a.png\n",
        "valid.txt": "data/obj_train_data/b.png\n",
    }
    content = import_folder(tmp_path / "up", files)
    assert list(content.table["split"]) == ["train", "validation"]
    assert content.problems == []


def test_outlines_become_the_box_round_them(tmp_path: Path) -> None:
    line = "0 0.1 0.25 0.4 0.3 0.2 0.75"
    content = import_folder(tmp_path / "up", {"a.png": PNG, "a.txt": line, "classes.txt": "cat"})
    assert boxes(content) == {"a.png": [CAT]}


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    lines = [
        LINE,
        "0 0.5 0.5 0.3",
        "5 0.5 0.5 0.3 0.3",
        "x 0.5 0.5 0.3 0.3",
        "0 0.5 nan 0.3 0.3",
        "0 0.5 0.5 0 0.3",
        "0 1.8 0.5 0.1 0.1",
        "0 320 240 50 60",
        "0 0.1 0.1 0.2 x 0.3 0.3",
        "-1 0.5 0.5 0.3 0.3",
        "0 1 0.5 0.5 0.5",
    ]
    files = {
        "images/a.png": PNG,
        "images/b.png": PNG,
        "labels/a.txt": "\n".join(lines),
        "labels/lost.txt": LINE,
        "data.yaml": "names: [cat]",
    }
    content = import_folder(tmp_path / "up", files)
    assert boxes(content) == {"images/a.png": [CAT, {"box": [75, 20, 25, 40], "label": "cat"}], "images/b.png": []}
    assert not any(problem.drops for problem in content.problems)
    assert {problem.what for problem in content.problems if not problem.row} == {
        "1 image has no file of boxes.",
        "1 image has no boxes.",
        "1 file of boxes has no image of the same name.",
    }
    left = [problem for problem in content.problems if "is left out" in problem.what]
    assert [problem.what for problem in left] == [f"a.png: line {n} of a.txt is left out." for n in range(2, 11)]
    whys = [
        "4 numbers instead of 5",
        "class 5 is not among those",
        "'x' is not the number",
        "'nan' is not",
        "no area",
        "outside the image",
        "no shares",
        "outline is not a number",
        "'-1' is not the number",
    ]
    assert all(why in problem.why for why, problem in zip(whys, left, strict=True))


def test_without_names_the_numbers_stand_for_them(tmp_path: Path) -> None:
    content = import_folder(tmp_path / "up", {"a.png": PNG, "a.txt": LINE})
    assert boxes(content)["a.png"][0]["label"] == "0"
    assert [problem.what for problem in content.problems] == ["Nothing says what the classes are called."]


def test_other_texts_beside_images_are_no_boxes(tmp_path: Path) -> None:
    files = {"cat/a.png": PNG, "cat/a.txt": "a cat on a sofa", "dog/b.png": PNG, "dog/b.txt": "1 dog"}
    assert import_folder(tmp_path / "up", files).format == "folders of images"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "names",
        "names: 5",
        "names: {a: [1]}",
        "[",
        "names: !!python/object:os.system x",
        "? [a]\n: b",
        "a: &a [x]\nnames: [*a]",
        "a: *missing",
        "[" * 3000,
        "\0",
    ],
)
def test_odd_yaml_names_nothing(text: str) -> None:
    assert yolo.names_in_yaml(text) == {}


def test_yaml_that_grows_without_end_takes_no_time() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    begin = time.process_time()
    assert yolo.names_in_yaml("\n".join([*lines, "names: *a29"])) == {}
    assert time.process_time() - begin < 2


def test_many_files_are_found_quickly(tmp_path: Path) -> None:
    images = put(tmp_path, {f"images/{n}.png": b"" for n in range(3000)})
    labels = put(tmp_path, {f"labels/{n}.txt": LINE for n in range(3000)})
    begin = time.process_time()
    assert len(yolo.label_files(upload_of(tmp_path, [*images, *labels]))) == 3000
    assert time.process_time() - begin < 5  # about 0.1 s


def test_more_boxes_than_the_limits_allow(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="too many rows"):
        import_folder(tmp_path / "up", {"a.png": PNG, "a.txt": f"{LINE}\n" * 20}, rows=10)


def test_damaged_lines_never_raise_anything_else(tmp_path: Path) -> None:
    rng = random.Random(7)
    words = ["0", "1", "0.5", "1e308", "-3", "nan", "inf", "x", "9" * 5000, "\ufeff", "½", "0x1", "1_0", "٣"]
    for turn in range(60):
        lines = [LINE, *(" ".join(rng.choices(words, k=rng.randrange(1, 9))) for _ in range(6))]
        with contextlib.suppress(StudioError):
            import_folder(tmp_path / str(turn), {"a.png": PNG, "a.txt": "\n".join(lines), "classes.txt": "cat\ndog"})
