"""Which column plays which role."""

import pandas
import pytest

from studio.data.columns import Column
from studio.data.guessing import guess_columns
from studio.data.importing import Imported
from studio.data.options import ReadingOptions
from studio.data.profile import profile_columns

TEXT = Column("text", "Text", "text", "", hints=("text", "review"))
LABEL = Column("label", "Label", "label", "", hints=("label", "class", "y"))
IMAGE = Column("image", "Picture", "image", "")


def imported(kind: str = "text", **columns: list[str]) -> Imported:
    from pathlib import Path

    table = pandas.DataFrame({name: pandas.Series(cells, dtype="str") for name, cells in columns.items()})
    profiles = tuple(profile_columns(table))
    return Imported(Path(), "", "csv", kind, ReadingOptions(), tuple(columns), len(table), profiles)  # type: ignore[arg-type]


SENTENCES = [f"this is sentence number {n}" for n in range(60)]
CLASSES = [("good", "bad", "so so")[n % 3] for n in range(60)]
NUMBERS = [str(n) for n in range(60)]
PARTS = [("train", "test")[n % 10 == 0] for n in range(60)]


def test_names_count_most() -> None:
    data = imported(summary=SENTENCES, review=[s.upper() for s in SENTENCES], genre=CLASSES, y=CLASSES)
    assert guess_columns(data, (TEXT, LABEL)) == {"text": "review", "label": "y"}


def test_content_counts_where_names_say_nothing() -> None:
    data = imported(a=NUMBERS, b=CLASSES, c=SENTENCES)
    assert guess_columns(data, (TEXT, LABEL)) == {"text": "c", "label": "b"}


@pytest.mark.parametrize("name", ["split", "Set", "fold"])
def test_the_part_of_a_row_is_no_label(name: str) -> None:
    assert guess_columns(imported(text=SENTENCES, **{name: PARTS}), (TEXT, LABEL)) == {"text": "text"}
    data = imported(text=SENTENCES, **{name: PARTS}, kind_of_thing=CLASSES)
    assert guess_columns(data, (TEXT, LABEL)) == {"text": "text", "label": "kind_of_thing"}
    assert guess_columns(data, (TEXT, LABEL), {"label": name})["label"] == name  # unless the person says so


def test_pictures_are_the_image_column_of_picture_data() -> None:
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
