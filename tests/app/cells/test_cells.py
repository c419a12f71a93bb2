"""How cells are shown: each alone, drawn over each other, and whole columns at a glance."""

from pathlib import Path

import pandas
import pytest

from studio.app.cells import CELLS
from studio.app.cells.overview import overview_of
from studio.app.cells.rows import drawings, legend
from studio.app.preview import preview_page
from studio.data.assembly import Assembled, assemble
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.paths import Home
from studio.tasks.base import Task

EVIL = "<img src=x onerror=\"alert('x')\">"
TEXT, IMAGE = Column("text", "Text", "text", ""), Column("image", "Image", "image", "")
SPANS, BOXES = Column("spans", "Pieces", "spans", ""), Column("boxes", "Objects", "boxes", "")
SCORE, LABEL = Column("score", "Score", "number", ""), Column("label", "Class", "label", "")


def task_with(*columns: Column) -> Task:
    made = Task()
    made.inputs, made.targets = columns[:1], columns[1:]  # type: ignore[misc]
    return made


def taken_in(file: Path, text: str, home: Home) -> Imported:
    file.write_text(text, encoding="utf-8")
    return import_source(str(file), ReadingOptions(), home, Limits())


def used(imported: Imported, *columns: Column) -> Assembled:
    return assemble(imported, DataOptions(source="-"), columns, lambda table, files: [])


def test_every_field_can_be_shown() -> None:
    assert set(CELLS.names) == set(FIELDS.names)


def test_spans_and_boxes_are_drawn_over_what_they_belong_to() -> None:
    assert [(each.kind, each.name, each.is_seen) for each in drawings([TEXT, SPANS, LABEL])] == [
        ("drawing", "text", False),
        ("badge", "label", False),
    ]
    (framed,) = drawings([IMAGE, BOXES])
    assert framed.kind == "drawing" and framed.is_seen and framed.columns == (IMAGE, BOXES)
    assert [each.kind for each in drawings([SPANS])] == ["text"], "marks without their text are shown as they came"


@pytest.mark.parametrize("cell", ["brown fox", '["brown fox"]', '{"text": ["brown fox"], "answer_start": [204]}'])
def test_an_answer_is_marked_in_its_passage_however_it_is_written(cell: str) -> None:
    passage = f"{'a ' * 100}the brown fox {EVIL}{' and' * 200}"
    html = CELLS["answers"].drawn_over(cell, passage, None)
    assert ">brown fox<span" in html and "<img" not in html and html.count("…") == 2 and len(html) < 800
    assert "<mark" not in CELLS["answers"].drawn_over("[]", passage, None)
    assert (
        CELLS["answers"].short('[{"text": "a"}, {"text": "a"}]') == "a" and CELLS["answers"].short("[]") == "no answer"
    )


@pytest.mark.parametrize(("cell", "short"), [('["a", "b"]', "a, b"), ("[]", "none"), ("a; b", "a; b")])
def test_labels_are_named(cell: str, short: str) -> None:
    assert CELLS["labels"].short(cell) == CELLS["labels"].drawn(cell, None) == short


def test_marks_are_drawn_in_the_text_and_broken_ones_leave_it_plain() -> None:
    (marked, *_) = drawings([TEXT, SPANS])
    row = {"text": f"Ann {EVIL}", "spans": '[{"start": 0, "end": 3, "label": "person"}]'}
    html = marked.draw(row, None)
    assert ">Ann<span" in html and "person" in html and "<img" not in html
    for broken in ("not a list", '[{"start": 5, "end": 2, "label": "x"}]'):
        html = marked.draw({**row, "spans": broken}, None)
        assert "<mark" not in html and "Ann &lt;img" in html
    assert marked.draw({"text": None, "spans": None}, None) == ""
    assert "<mark" not in marked.draw({**row, "spans": float("nan")}, None)


def test_a_long_text_is_cut_with_the_marks_behind_the_cut() -> None:
    (marked,) = drawings([TEXT, SPANS])
    html = marked.draw({"text": "x" * 5000, "spans": '[{"start": 4000, "end": 4010, "label": "far"}]'}, None)
    assert len(html) < 1000 and "…" in html and "far" not in html


def test_the_preview_shows_columns_as_their_fields_are(tmp_path: Path, home: Home) -> None:
    lines = [
        '{"sentence": "Ann saw it", "names": [{"start": 0, "end": 3, "label": "person"}], "stars": 4, "more": "x"}'
    ]
    imported = taken_in(tmp_path / "a.jsonl", "\n".join(lines * 8), home)
    roles = {"text": "sentence", "spans": "names", "score": "stars"}
    page = preview_page(imported, [TEXT, SPANS, SCORE], roles, 0, 3)
    assert [(column["key"], column["kind"]) for column in page["columns"]] == [
        ("row", "number"), ("sentence", "drawing"), ("stars", "number"), ("more", "text"),
    ]  # fmt: skip
    assert len(page["rows"]) == 3 and page["total"] == 8 and page["layout"] == "table"
    assert "<mark" in page["rows"][0]["sentence"] and page["rows"][0]["stars"] == "4"
    unmapped = preview_page(imported, [TEXT, SPANS], {}, 0, 3)
    assert [column["key"] for column in unmapped["columns"]] == ["row", "sentence", "names", "stars", "more"]


def test_boxes_are_drawn_over_the_thumbnail_in_pixels_of_the_image(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "files").mkdir()
    Image.new("RGB", (60, 40)).save(tmp_path / "files" / "a.png")
    imported = Imported(tmp_path, "t", "folder", "image", ReadingOptions(), ("image", "boxes"), 1, ())
    cell = '[{"box": [6, 4, 30, 20], "label": "cat"}]'
    html = CELLS["boxes"].drawn_over(cell, "a.png", imported)
    assert 'viewBox="0 0 60 40"' in html and '<rect class="ui-frame' in html and "thumbnails/a.png.jpg" in html
    assert "<rect" not in CELLS["boxes"].drawn_over("broken", "a.png", imported)
    assert CELLS["boxes"].drawn_over(cell, "a.png", None) == ""


def test_masks_are_coloured_over_the_thumbnail(tmp_path: Path) -> None:
    import numpy
    from PIL import Image

    (tmp_path / "files" / "masks").mkdir(parents=True)
    Image.new("RGB", (600, 400)).save(tmp_path / "files" / "a.png")
    mask = numpy.zeros((400, 600), "uint8")
    mask[:200] = 1
    Image.fromarray(mask).save(tmp_path / "files" / "masks" / "a.png.png")
    imported = Imported(tmp_path, "t", "folder", "image", ReadingOptions(), ("image", "mask"), 1, ())
    cell = '{"mask": "masks/a.png.png", "labels": ["background", "road"]}'
    html = CELLS["mask"].drawn_over(cell, "a.png", imported, ["lake", "road"])
    assert html.count("<i ") == 1 and "ui-colour-1" in html and "road 50%" in html and "thumbnails/a.png.jpg" in html
    assert "<i " not in CELLS["mask"].drawn_over("broken", "a.png", imported)
    assert CELLS["mask"].drawn_over(cell, "a.png", None) == "" and CELLS["mask"].short(cell) == "background, road"


def test_a_label_has_one_colour_in_all_rows_and_a_legend_where_it_is_not_written() -> None:
    rows = [{"image": "a.png", "boxes": '[{"box": [0, 0, 1, 1], "label": "dog"}]'}, {"image": "b.png"}]
    told = legend([IMAGE, BOXES], rows, ["cat", "dog"])
    assert "ui-colour-1" in told and ">dog<" in told.replace("</i>", ">") and "cat" not in told
    assert legend([IMAGE, LABEL], rows, ["cat"]) == "" == legend([IMAGE, BOXES], rows[1:], ["cat"])
    (marked,) = drawings([TEXT, SPANS], ["cat", "dog"])
    drawn = marked.draw({"text": "dogs", "spans": '[{"start": 0, "end": 3, "label": "dog"}]'}, None)
    assert "ui-colour-1" in drawn, "though it is the only label of this row"


TWO_SPANS = '[{""start"": 0, ""end"": 1, ""label"": ""x""}, {""start"": 2, ""end"": 3, ""label"": ""y""}]'
ONE_BOX = '[{""box"": [0, 0, 1, 1], ""label"": ""x""}]'


@pytest.mark.parametrize(
    ("column", "cells", "title", "words"),
    [
        (SCORE, ["1", "2.5", "4", "10"], "Distribution of the numbers", "1 to 10, on average 4.375; 20 examples"),
        (LABEL, ["a", "b"], "Examples per class", "2 classes and 20 examples"),
        (SPANS, [TWO_SPANS], "Marked pieces per label", "2 labels, 40 marked pieces and 20 texts"),
        (BOXES, [ONE_BOX], "Objects per label", "1 label, 20 objects and 20 images"),
    ],
    ids=["number", "label", "spans", "boxes"],
)
def test_a_column_at_a_glance(
    column: Column, cells: list[str], title: str, words: str, tmp_path: Path, home: Home
) -> None:
    rows = [f'a text number {n},"{cell}"' for n, cell in enumerate(cells * (20 // len(cells)))]
    imported = taken_in(tmp_path / "a.csv", "\n".join([f"text,{column.name}", *rows]), home)
    overview = overview_of(task_with(TEXT, column), used(imported, TEXT, column))
    assert overview.title == title and words in overview.sentence and "ui-" in overview.html


def test_without_anything_to_count_the_rows_are_reported() -> None:
    table = pandas.DataFrame({"row": [1, 2], "text": ["a", "b"], "split": ["train", "test"]})
    overview = overview_of(task_with(TEXT), Assembled(table, [], 0, {}, [], {"text": "text"}))
    assert overview.sentence == "2 examples are used."
