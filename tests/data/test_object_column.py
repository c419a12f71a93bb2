"""Boxes in a column of JSON."""

import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from upload_files import blank, import_folder

from studio.data.object_column import find_column, read_cell, take_boxes

PNG = blank(100, 80)
CAT, DOG = ({"box": [10, 20, 30, 40], "label": label} for label in ("cat", "dog"))
SIDES, CORNERS = [10, 20, 30, 40], {"xmin": 10, "ymin": 20, "xmax": 40, "ymax": 60}


@pytest.mark.parametrize(
    "objects",
    [
        [{"box": SIDES, "label": "cat"}, {"box": SIDES, "label": "dog"}],
        [{"bbox": SIDES, "category": "cat"}, {"bbox": SIDES, "class": "dog"}],
        [{**CORNERS, "label": "cat"}, {"box": CORNERS, "label": "dog"}],
        {"bbox": [SIDES, SIDES], "categories": ["cat", "dog"], "id": [1, 2]},
    ],
)
def test_forms_in_a_table_beside_images(tmp_path: Path, objects: Any) -> None:
    rows = [{"file_name": "a.png", "objects": objects}, {"file_name": "b.png", "objects": []}, {"file_name": "c.png"}]
    files = {f"train/{name}.png": PNG for name in "abc"}
    content = import_folder(tmp_path / "up", {**files, "train/metadata.jsonl": "\n".join(map(json.dumps, rows))})
    assert content.format == "images with a table"
    assert list(content.table.columns) == ["image", "boxes"]
    cells = content.table["boxes"].tolist()
    assert [json.loads(cell) for cell in cells[:2]] == [[CAT, DOG], []]
    assert pandas.isna(cells[2]), "nobody looked at this one"
    assert content.problems == []


def test_boxes_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    objects = [{"box": SIDES, "label": "cat"}, {"box": [1, 2, 3], "label": "cat"}, {"box": 5, "label": "cat"}]
    names = [f"{letter}.png" for letter in "abcdefghijkl"]
    bad = {"j.png": [5], "k.png": "see l", "l.png": {"bbox": [SIDES], "category": ["cat", "dog"]}}
    rows = [{"file": name, "boxes": bad.get(name, objects)} for name in names]
    files = dict.fromkeys(names, PNG)
    content = import_folder(tmp_path / "up", {**files, "x.jsonl": "\n".join(map(json.dumps, rows))})
    assert [json.loads(cell) for cell in content.table["boxes"]] == [[CAT]] * 9
    assert [problem.what for problem in content.problems if problem.row in (1, 10)] == [
        "a.png: box 2 is left out.",
        "a.png: box 3 is left out.",
        "'[5]' is no list of boxes.",
    ]
    assert [problem.row for problem in content.problems if problem.drops] == [10, 11, 12]


def test_an_image_in_several_rows_comes_once_with_all_its_boxes(tmp_path: Path) -> None:
    """So that it cannot be trained on with one half of them and examined with the other."""
    cells = [[], [{"box": SIDES, "label": "cat"}], [{"box": SIDES, "label": "dog"}, {"box": SIDES, "label": "cat"}], []]
    rows = [{"file": "a.png"}, *({"file": "a.png", "boxes": cell} for cell in cells), {"file": "b.png", "boxes": []}]
    rows += [{"file": "c.png"}, {"file": "c.png"}]
    files = {f"{name}.png": PNG for name in "abc"}
    content = import_folder(tmp_path / "up", {**files, "x.jsonl": "\n".join(map(json.dumps, rows))})
    assert content.table["image"].to_dict() == {2: "a.png", 6: "b.png", 7: "c.png", 8: "c.png"}
    assert [json.loads(cell) for cell in content.table["boxes"].dropna()] == [[CAT, DOG], []]
    assert [(problem.row, problem.what) for problem in content.problems] == [(0, "1 image stands in several rows.")]


@pytest.mark.parametrize(
    "cell", ["", "x", "5", "[5]", "{}", "[{}]", '[{"start": 1, "end": 2, "label": "x"}]', "[" * 9000]
)
def test_other_cells_are_no_boxes(cell: str) -> None:
    assert not read_cell(cell)


def test_a_table_without_boxes_stays_as_it_is() -> None:
    table = pandas.DataFrame({"image": ["a.png"], "label": ["cat"], "tags": ['["x"]'], "none": [None]}, dtype="str")
    assert find_column(table) is None
    assert take_boxes(table) == (table, None, [])
