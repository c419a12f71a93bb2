"""COCO files beside images."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from upload_files import blank, import_folder

from studio.data.content import Content
from studio.errors import StudioError

CATEGORIES = [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]


def coco(images: list[Any], annotations: list[Any], categories: list[Any] | None = None) -> str:
    return json.dumps(
        {"images": images, "annotations": annotations, "categories": CATEGORIES if categories is None else categories}
    )


def image(key: Any, name: Any) -> dict[str, Any]:
    return {"id": key, "file_name": name, "width": 100, "height": 80}


def box(image_id: Any, category: Any = 3, bbox: Any = (10, 20, 30, 40), **more: Any) -> dict[str, Any]:
    return {"image_id": image_id, "category_id": category, "bbox": bbox, **more}


def boxes(content: Content) -> list[list[dict[str, Any]]]:
    return [json.loads(cell) for cell in content.table["boxes"]]


CAT, DOG = ({"box": [10, 20, 30, 40], "label": label} for label in ("cat", "dog"))
PNG = blank(100, 80)


def test_one_file(tmp_path: Path) -> None:
    files = {
        "pics/a.png": PNG,
        "pics/b.png": PNG,
        "pics/c.png": PNG,
        "annotations.json": coco(
            [image(1, "a.png"), image(2, "b.png"), image(3, "gone.png")], [box(1), box("1", 7), box(3)]
        ),
    }
    content = import_folder(tmp_path / "up", files)
    assert (content.format, content.kind, list(content.table.columns)) == ("COCO", "image", ["image", "boxes"])
    assert boxes(content) == [[CAT, DOG], []]
    assert {(problem.row, problem.what) for problem in content.problems} == {
        (0, "1 image is not annotated and left out."),
        (0, "1 image has no boxes."),
        (3, "There is no image 'gone.png'."),
    }


def test_the_official_folders_with_the_same_names_in_both(tmp_path: Path) -> None:
    files = {
        "annotations/instances_train2017.json": coco([image(1, "1.png")], [box(1)]),
        "annotations/instances_val2017.json": coco([image(1, "1.png")], [box(1, 7)]),
        "annotations/captions_train2017.json": json.dumps(
            {"images": [image(1, "1.png")], "annotations": [{"image_id": 1, "caption": 'no "bbox" here'}]}
        ),
        "train2017/1.png": PNG,
        "val2017/1.png": PNG,
    }
    content = import_folder(tmp_path / "up", files)
    assert list(content.table["image"]) == ["train2017/1.png", "val2017/1.png"]
    assert list(content.table["split"]) == ["train", "validation"]
    assert boxes(content) == [[CAT], [DOG]]


def test_a_file_in_the_folder_of_each_split(tmp_path: Path) -> None:
    files = {
        f"{split}/{name}": content
        for split in ("train", "valid", "test")
        for name, content in {"1.png": PNG, "_annotations.coco.json": coco([image(0, "1.png")], [box(0)])}.items()
    }
    content = import_folder(tmp_path / "up", files)
    assert dict(zip(content.table["image"], content.table["split"], strict=True)) == {
        "train/1.png": "train",
        "valid/1.png": "validation",
        "test/1.png": "test",
    }


def test_two_files_about_the_same_images(tmp_path: Path) -> None:
    files = {
        "a.png": PNG,
        "cats.json": coco([image(1, "a.png")], [box(1)]),
        "more.json": coco([image(1, "a.png")], [box(1), box(1, 7)]),
    }
    assert boxes(import_folder(tmp_path / "up", files)) == [[CAT, DOG]]


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    annotations = [
        box(1, bbox=[1, 2, 0, 4]),
        box(1, bbox=[1, 2, 3]),
        box(1, bbox="1 2 3 4"),
        box(1, bbox=[1, 2, float("nan"), 4]),
        box(1, category=99),
        box(1, bbox=[300, 2, 3, 4]),
        box(1, iscrowd=1),
        box(1),
        box(50),
        "nonsense",
    ]
    files = {"a.png": PNG, "x.json": coco([image(1, "a.png"), image(1, "b.png"), 5], annotations)}
    content = import_folder(tmp_path / "up", files)
    assert boxes(content) == [[CAT]]
    assert not any(problem.drops for problem in content.problems)
    assert [problem.what for problem in content.problems if problem.row == 1] == [
        f"a.png: annotation {n} of x.json is left out." for n in (1, 2, 3, 4, 5, 6)
    ]
    whys = ["no area", "3 numbers", "no 'bbox'", "'nan' is not", "category 99 is not", "outside the image"]
    assert all(why in problem.why for why, problem in zip(whys, content.problems[-6:], strict=True))
    assert [problem.what for problem in content.problems if problem.row == 0] == [
        "Image 2 in the list of x.json is left out.",
        "Image 3 in the list of x.json is left out.",
        "Annotation 9 of x.json is left out.",
        "Annotation 10 of x.json is left out.",
        "1 box round a crowd is left out.",
    ]


def test_an_image_without_an_id_gets_nothing_that_is_no_annotation(tmp_path: Path) -> None:
    files = {"a.png": PNG, "x.json": coco([{**image(1, "a.png"), "id": ""}], [{**box(1), "image_id": ""}, "nonsense"])}
    content = import_folder(tmp_path / "up", files)
    assert boxes(content) == [[CAT]]
    assert [(problem.what, problem.why) for problem in content.problems] == [
        ("Annotation 2 of x.json is left out.", "It is no object with names.")
    ]


def test_without_names_of_categories_their_numbers_are_the_labels(tmp_path: Path) -> None:
    files = {"a.png": PNG, "x.json": coco([image(1, "a.png")], [box(1), box(1, 7)], [])}
    assert [each["label"] for each in boxes(import_folder(tmp_path / "up", files))[0]] == ["3", "7"]


@pytest.mark.parametrize("text", [coco([image(1, "a.png")], [box(1)])[:-9], '{"images" "annotations" "bbox"'])
def test_broken_json_is_reported(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudioError, match="not valid JSON"):
        import_folder(tmp_path / "up", {"a.png": PNG, "x.json": text})


ODD = [None, 5, -1, "x", [], {}, [1], {"id": 1}, float("nan"), float("inf"), 10**400, True, "\ud800", [[[]]]]


def test_wrong_types_never_raise_anything_else(tmp_path: Path) -> None:
    """Every value of a document replaced by every odd one."""
    rng = random.Random(5)
    for turn in range(60):
        document = json.loads(coco([image(1, "a.png"), image(2, "b.png")], [box(1), box(2), box(2)]))
        owner: Any = document
        while isinstance(owner, dict | list) and owner:
            key = rng.choice(list(owner)) if isinstance(owner, dict) else rng.randrange(len(owner))
            if rng.random() < 0.4 or not isinstance(owner[key], dict | list):
                owner[key] = rng.choice(ODD)
                break
            owner = owner[key]
        files = {"a.png": PNG, "b.png": PNG, "x.json": json.dumps(document)}
        try:
            content = import_folder(tmp_path / str(turn), files)
        except StudioError:
            continue
        content.table.to_parquet(tmp_path / "table.parquet")
        json.dumps([problem.what + problem.why for problem in content.problems], ensure_ascii=False).encode()
