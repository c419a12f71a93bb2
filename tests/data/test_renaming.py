"""Classes that are renamed or made one, in cells of every kind."""

import json
from collections.abc import Mapping

import pandas
import pytest

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.renaming import for_corrections, rename_labels, with_name
from studio.errors import StudioError

ONE = {"dog": "animal", "cat": "animal"}
CELLS = {
    "label": ("cat", "animal"),
    "labels": ('["cat", "dog", "tree"]', '["animal", "tree"]'),
    "spans": (
        '[{"start": 0, "end": 3, "label": "cat"}, {"start": 4, "end": 8, "label": "tree"}]',
        '[{"start": 0, "end": 3, "label": "animal"}, {"start": 4, "end": 8, "label": "tree"}]',
    ),
    "boxes": ('[{"box": [1, 2, 3, 4], "label": "dog"}]', '[{"box": [1, 2, 3, 4], "label": "animal"}]'),
    "mask": (
        '{"mask": "masks/1.png", "labels": [null, "cat", "dog", "tree"]}',
        '{"mask": "masks/1.png", "labels": [null, "animal", "animal", "tree"]}',
    ),
}


@pytest.mark.parametrize("kind", [field.name for field in FIELDS])
def test_every_field_that_has_classes_renames_them(kind: str) -> None:
    field = FIELDS[kind]
    if kind not in CELLS:
        assert not any(field.classes(cell) for cell in field.examples), "its classes can be renamed, too"
        assert field.renamed("cat", ONE) == "cat"
        return
    before, after = CELLS[kind]
    assert field.renamed(before, ONE) == after
    assert {"cat", "dog"} & set(field.classes(before)) and not {"cat", "dog"} & set(field.classes(after))
    field.parse(after, None)
    field.renamed("no such cell", ONE)


def table(**rows: int) -> pandas.DataFrame:
    cells = [name for name, count in rows.items() for _unused in range(count)]
    return pandas.DataFrame({"row": range(1, len(cells) + 1), "label": pandas.Series(cells, dtype="str")})


def test_few_rows_are_told_one_by_one_and_many_in_one_sentence() -> None:
    rows = table(cat=3, dog=11, tree=5)
    told = rename_labels(rows, Column("label", "Class", "label", ""), ONE)
    assert rows["label"].value_counts().to_dict() == {"animal": 14, "tree": 5}
    assert [problem.row for problem in told] == [1, 2, 3, 0]
    assert told[0].what == "'cat' was renamed to 'animal'."
    assert told[-1].what == "'dog' was renamed to 'animal' in 11 rows."


def test_an_empty_cell_stays_empty() -> None:
    rows = table(cat=2)
    rows.loc[0, "label"] = None
    rename_labels(rows, Column("label", "Class", "label", ""), ONE)
    assert rows["label"].isna().tolist() == [True, False] and rows["label"][1] == "animal"


@pytest.mark.parametrize(
    ("names", "chosen", "new", "named"),
    [
        ({}, ["cat"], " pet ", {"cat": "pet"}),
        ({}, ["cat", "dog"], "dog", {"cat": "dog"}),
        ({"kitten": "cat"}, ["cat", "dog"], "animal", {"kitten": "animal", "cat": "animal", "dog": "animal"}),
        ({"kitten": "cat"}, ["cat"], "kitten", {"cat": "kitten"}),
        ({"kitten": "cat"}, ["dog"], "hound", {"kitten": "cat", "dog": "hound"}),
    ],
)
def test_chosen_classes_get_one_name(
    names: Mapping[str, str], chosen: list[str], new: str, named: Mapping[str, str]
) -> None:
    assert with_name(names, chosen, new, ["cat", "dog", "tree"]) == named


@pytest.mark.parametrize(
    ("chosen", "new"), [([], "x"), (["cat"], "  "), (["cat"], "x" * 201), (["bird"], "x"), (["cat"], "cat")]
)
def test_what_is_no_choice_or_no_name_is_refused(chosen: list[str], new: str) -> None:
    with pytest.raises(StudioError) as refused:
        with_name({}, chosen, new, ["cat", "dog"])
    assert refused.value.explanation.what_to_do


def test_a_correction_follows_a_class_that_was_renamed_later() -> None:
    assert for_corrections(ONE) == ONE
    assert for_corrections({"cat": "dog", "dog": "hound"}) == {"cat": "dog"}, "'dog' may be meant as it stands"


def test_the_examples_of_fields_stay_what_they_are() -> None:
    for kind, (before, _after) in CELLS.items():
        again = FIELDS[kind].renamed(before, {"nothing": "x"})
        assert again == before or json.loads(again) == json.loads(before)
