"""Images with a table that has one box a row."""

import contextlib
import json
import random
from pathlib import Path

import pytest
from upload_files import blank, import_folder

from studio.data.content import Content
from studio.data.folders.box_table import find_form
from studio.errors import StudioError

PNG = blank(100, 80)
CAT, DOG = ({"box": [10, 20, 30, 40], "label": label} for label in ("cat", "dog"))


def boxes(content: Content) -> dict[str, list]:
    return {image: json.loads(cell) for image, cell in zip(content.table["image"], content.table["boxes"], strict=True)}


@pytest.mark.parametrize(
    ("header", "numbers"),
    [
        ("filename,xmin,ymin,xmax,ymax,class", "10,20,40,60"),
        ("image_path,x1,y1,x2,y2,label", "10,20,40,60"),
        ("Image,x0,y0,x1,y1,Label", "10,20,40,60"),
        ("ImageID,XMin,YMin,XMax,YMax,LabelName", "0.1,0.25,0.4,0.75"),
        ("file,left,top,right,bottom,category", "10,20,40,60"),
        ("image,bbox_x1,bbox_y1,bbox_x2,bbox_y2,name", "10,20,40,60"),
        ("filename,x,y,width,height,class", "10,20,30,40"),
        ("image_name,bbox_x,bbox_y,bbox_width,bbox_height,label_name", "10,20,30,40"),
        ("img,left,top,w,h,type", "0.1,0.25,0.3,0.5"),
        ("img,x_center,y_center,width,height,object", "0.25,0.5,0.3,0.5"),
        ("image_id,bbox,class", '"[10, 20, 30, 40]"'),
    ],
)
def test_spellings(tmp_path: Path, header: str, numbers: str) -> None:
    files = {
        "pics/a.png": PNG,
        "pics/b.png": PNG,
        "boxes.csv": f"{header}\na.png,{numbers},cat\na.png,{numbers},dog\nb,{numbers},dog\n",
    }
    content = import_folder(tmp_path / "up", files)
    assert (content.format, content.kind) == ("images with a table of boxes", "image")
    assert boxes(content) == {"pics/a.png": [CAT, DOG], "pics/b.png": [DOG]}
    assert content.problems == []


@pytest.mark.parametrize("header", ["filename,label", "file,width,height,class", "image,x,y,label"])
def test_other_tables_are_none_of_boxes(header: str) -> None:
    assert find_form(header.split(",")) is None


def test_the_size_of_the_image_may_stand_in_the_table(tmp_path: Path) -> None:
    table = "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,200,160,cat,20,40,80,120\n"
    content = import_folder(tmp_path / "up", {"a.png": PNG, "train_labels.csv": table})
    assert boxes(content) == {"a.png": [CAT]}
    assert "the boxes were scaled" in content.problems[0].what


def test_splits_stand_in_the_table_or_in_its_name(tmp_path: Path) -> None:
    head = "image,xmin,ymin,xmax,ymax,label"
    files = {
        "a.png": PNG,
        "b.png": PNG,
        "train_labels.csv": f"{head}\na.png,10,20,40,60,cat\n",
        "test_labels.csv": f"{head}\nb.png,10,20,40,60,cat\n",
    }
    table = import_folder(tmp_path / "two", files).table
    assert dict(zip(table["image"], table["split"], strict=True)) == {"a.png": "train", "b.png": "test"}
    one = f"split,{head}\nTRAIN,a.png,10,20,40,60,cat\nTRAIN,a.png,0,0,9,9,cat\nVal,b.png,10,20,40,60,cat\n"
    table = import_folder(tmp_path / "one", {"a.png": PNG, "b.png": PNG, "all.csv": one}).table
    assert list(table["split"]) == ["train", "validation"]


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    rows = [
        "a.png,10,20,40,60,cat",
        "a.png,10,20,10,60,cat",
        "a.png,10,,40,60,cat",
        "a.png,10,20,40,60,",
        "b.png,,,,,",
        "gone.png,1,2,3,4,cat",
        ",1,2,3,4,cat",
        "a.png,1,2",
    ]
    files = {"a.png": PNG, "b.png": PNG, "c.png": PNG, "x.csv": "\n".join(["file,xmin,ymin,xmax,ymax,class", *rows])}
    content = import_folder(tmp_path / "up", files)
    assert boxes(content) == {"a.png": [CAT], "b.png": []}
    assert {(problem.row, problem.drops, problem.what) for problem in content.problems} == {
        (0, False, "Row 8 of x.csv: This line has 3 fields instead of 6."),
        (0, False, "Row 7 of x.csv names no image."),
        (0, False, "1 image is not annotated and left out."),
        (0, False, "1 image has no boxes."),
        (1, False, "a.png: row 2 of x.csv is left out."),
        (1, False, "a.png: row 3 of x.csv is left out."),
        (1, False, "a.png: row 4 of x.csv is left out."),
        (3, True, "There is no image 'gone.png'."),
    }


def test_without_a_column_of_classes_everything_is_an_object(tmp_path: Path) -> None:
    table = 'image_id,width,height,bbox,source\na,100,80,"[10.0, 20.0, 30.0, 40.0]",farm\n'
    content = import_folder(tmp_path / "up", {"train/a.png": PNG, "train.csv": table})
    assert boxes(content) == {"train/a.png": [{"box": [10, 20, 30, 40], "label": "object"}]}
    assert [problem.what for problem in content.problems] == ["No column of train.csv says what the boxes show."]


def test_odd_cells_never_raise_anything_else(tmp_path: Path) -> None:
    rng = random.Random(11)
    cells = ["", "1", "-5", "1e308", "nan", "x", "[1,2]", '"a,b"', "½", "9" * 400, '"', "{}", "a.png"]
    for turn in range(60):
        rows = [",".join(rng.choices(cells, k=rng.choice((6, 6, 6, 5)))) for _ in range(6)]
        table = "\n".join(["file,xmin,ymin,xmax,ymax,class", *["a.png,10,20,40,60,cat"] * 7, *rows])
        with contextlib.suppress(StudioError):
            import_folder(tmp_path / str(turn), {"a.png": PNG, "x.csv": table})
