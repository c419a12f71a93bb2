"""Which column plays which role."""

import json

import pandas
import pytest

from studio.data.columns import Column
from studio.data.guessing import guess_columns
from studio.data.importing import Imported
from studio.data.options import ReadingOptions
from studio.data.profile import profile_columns

TEXT = Column("text", "Text", "text", "", hints=("text", "review"))
LABEL = Column("label", "Label", "label", "", hints=("label", "class", "y"))
IMAGE = Column("image", "Image", "image", "")


def imported(kind: str = "text", **columns: list[str]) -> Imported:
    from pathlib import Path

    table = pandas.DataFrame({name: pandas.Series(cells, dtype="str") for name, cells in columns.items()})
    profiles = tuple(profile_columns(table))
    return Imported(Path(), "", "csv", kind, ReadingOptions(), tuple(columns), len(table), profiles)  # type: ignore[arg-type]


SENTENCES = [f"this is sentence number {n}" for n in range(60)]
CLASSES = [("good", "bad", "so so")[n % 3] for n in range(60)]
NUMBERS = [str(n) for n in range(60)]
SPLITS = [("train", "test")[n % 10 == 0] for n in range(60)]


def test_names_count_most() -> None:
    data = imported(summary=SENTENCES, review=[s.upper() for s in SENTENCES], genre=CLASSES, y=CLASSES)
    assert guess_columns(data, (TEXT, LABEL)) == {"text": "review", "label": "y"}


def test_content_counts_where_names_say_nothing() -> None:
    data = imported(a=NUMBERS, b=CLASSES, c=SENTENCES)
    assert guess_columns(data, (TEXT, LABEL)) == {"text": "c", "label": "b"}


@pytest.mark.parametrize("name", ["split", "Set", "fold"])
def test_the_part_of_a_row_is_no_label(name: str) -> None:
    assert guess_columns(imported(text=SENTENCES, **{name: SPLITS}), (TEXT, LABEL)) == {"text": "text"}
    data = imported(text=SENTENCES, **{name: SPLITS}, kind_of_thing=CLASSES)
    assert guess_columns(data, (TEXT, LABEL)) == {"text": "text", "label": "kind_of_thing"}
    assert guess_columns(data, (TEXT, LABEL), {"label": name})["label"] == name  # unless the person says so


def test_images_are_the_image_column_of_image_data() -> None:
    paths = [f"a/{n}.png" for n in range(60)]
    assert guess_columns(imported("image", image=paths, label=CLASSES), (IMAGE, LABEL)) == {
        "image": "image",
        "label": "label",
    }
    assert "image" not in guess_columns(imported("text", image=paths, label=CLASSES), (IMAGE, LABEL))


def test_a_chosen_column_is_not_given_to_another_role() -> None:
    data = imported(text=SENTENCES, other=SENTENCES, label=CLASSES)
    assert guess_columns(data, (TEXT, LABEL), {"label": "text"}) == {"text": "other", "label": "text"}


def test_empty_columns_fit_nothing() -> None:
    data = imported(text=[None] * 60, words=SENTENCES, label=[None] * 60)  # type: ignore[list-item]
    assert guess_columns(data, (TEXT, LABEL)) == {"text": "words"}


NUMBER = Column("number", "Number", "number", "", hints=("number", "score", "label"))
SPANS = Column("spans", "Spans", "spans", "", hints=("spans", "entities", "label"))
BOXES = Column("boxes", "Boxes", "boxes", "", hints=("boxes", "objects"))
PRICES = [f"{3.25 * (n % 50):.2f}" for n in range(60)]
SPAN_LISTS = ['[[0, 4, "place"]]', '[{"start_offset": 0, "end_offset": 4, "label": "person"}]', "[]"] * 20
BOX_LISTS = ['[{"box": [1, 2, 3, 4], "label": "cat"}]', "[]", "[]"] * 20
TOKEN_LISTS = ['["this", "is"]', '["it"]'] * 30


def test_texts_with_numbers() -> None:
    data = imported(id=NUMBERS, words=SENTENCES, kind=CLASSES, price=PRICES)
    assert guess_columns(data, (TEXT, NUMBER)) == {"text": "words", "number": "price"}, "an id says nothing"
    stars = [str(n % 5 + 1) for n in range(60)]
    assert guess_columns(imported(id=NUMBERS, text=SENTENCES, stars=stars), (TEXT, NUMBER))["number"] == "stars"
    assert guess_columns(imported(text=SENTENCES, n=NUMBERS), (TEXT, NUMBER))["number"] == "n", (
        "where it is the only one"
    )
    assert guess_columns(imported(text=SENTENCES, label=stars), (TEXT, NUMBER)) == {"text": "text", "number": "label"}
    assert guess_columns(imported(text=SENTENCES, label=stars), (TEXT, LABEL)) == {"text": "text", "label": "label"}
    assert "number" not in guess_columns(imported(text=SENTENCES, label=CLASSES), (TEXT, NUMBER))
    commas = [price.replace(".", ",") for price in PRICES]
    assert guess_columns(imported(text=SENTENCES, betrag=commas), (TEXT, NUMBER))["number"] == "betrag"


def test_texts_with_spans() -> None:
    for name in ("label", "anything", "entities"):
        data = imported(id=NUMBERS, text=SENTENCES, words=TOKEN_LISTS, Comments=["[]"] * 60, **{name: SPAN_LISTS})
        assert guess_columns(data, (TEXT, SPANS)) == {"text": "text", "spans": name}
    assert "spans" not in guess_columns(imported(text=SENTENCES, words=TOKEN_LISTS, boxes=BOX_LISTS), (TEXT, SPANS))
    wrapped = ['{"entities": [[0, 4, "place"]]}', '{"entities": []}'] * 30
    assert guess_columns(imported(text=SENTENCES, annotation=wrapped), (TEXT, SPANS))["spans"] == "annotation"


def test_a_few_broken_spans_do_not_hide_their_column() -> None:
    """Among the shortest cells, too: their rows are listed afterwards."""
    overlapping = json.dumps([{"start": 0, "end": 3, "label": "a"}, {"start": 1, "end": 3, "label": "a"}])
    spans = [json.dumps([{"start": 0, "end": number, "label": "animal"}]) for number in range(1, 30)]
    data = imported(text=SENTENCES[:32], x=[*spans, "[5]", "[6]", overlapping])
    assert guess_columns(data, (TEXT, SPANS)) == {"text": "text", "spans": "x"}


def test_images_with_boxes() -> None:
    paths = [f"a/{n}.png" for n in range(60)]
    for name in ("boxes", "what"):
        data = imported("image", image=paths, spans=SPAN_LISTS, split=SPLITS, **{name: BOX_LISTS})
        assert guess_columns(data, (IMAGE, BOXES)) == {"image": "image", "boxes": name}
    assert guess_columns(imported("image", image=paths, label=CLASSES), (IMAGE, BOXES)) == {"image": "image"}


def test_texts_of_digits_are_texts() -> None:
    coded = [f"3750 {n} 900 {n * 7}" for n in range(60)]
    assert guess_columns(imported(words=coded, label=CLASSES), (TEXT, LABEL)) == {"text": "words", "label": "label"}
