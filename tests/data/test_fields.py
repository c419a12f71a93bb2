"""What cells hold: what is parsed, what is refused, what is counted, and what a split keeps in the same mix."""

import json
from pathlib import Path

import pandas
import pytest

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.boxes import Box
from studio.data.fields.number import read_number
from studio.data.fields.spans import Span
from studio.errors import StudioError


def problems(kind: str, cells: list[str], files: Path | None = None) -> list[tuple[int, str, bool]]:
    column = Column("c", "C", kind, "")
    series = pandas.Series(cells, index=range(10, 10 + len(cells)), dtype="str")
    return [(problem.row, problem.what, problem.drops) for problem in FIELDS[kind].problems(series, column, files)]


def test_a_very_long_text_is_kept_with_a_remark() -> None:
    assert problems("text", ["fine", "x" * 5000]) == [(11, "Very long text", False)]


def test_labels_that_look_alike_are_pointed_out() -> None:
    ((row, what, drops),) = problems("label", ["Spam", "spam", "ham", "spam "])
    assert (row, drops) == (0, False) and "'Spam'" in what
    assert any("class of its own" in what for _, what, _ in problems("label", [f"id-{i}" for i in range(80)]))


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12", 12.0), (" 3.5 ", 3.5), ("3,5", 3.5), ("1,234.5", 1234.5), ("1 000", 1000.0), ("-2e3", -2000.0)],
)
def test_numbers(cell: str, value: float) -> None:
    assert read_number(cell) == value == FIELDS["number"].parse(cell, None)


@pytest.mark.parametrize("cell", ["many", "inf", "nan", "12 %", "1,2,3", ""])
def test_what_is_no_number(cell: str) -> None:
    assert read_number(cell) is None
    assert [row for row, _, drops in problems("number", ["1", cell, "2"]) if drops] == [11]


def test_numbers_that_no_model_can_hold() -> None:
    found = problems("number", ["1", "2", "1e200", "-3.5e38", "3.4e38"])
    assert found == [(12, "'1e200' is too large.", True), (13, "'-3.5e38' is too large.", True)]


def test_only_one_number_is_said_without_a_sign_for_zero() -> None:
    series = pandas.Series(["-0", "0.0", "1e300"], dtype="str")
    (_, same) = FIELDS["number"].problems(series, Column("c", "C", "number", ""), None)
    assert (same.what, same.why) == ("Only one number", "Every row is 0; there is nothing to learn.")


def test_numbers_are_mixed_by_size() -> None:
    strata = FIELDS["number"].strata(pandas.Series([str(n) for n in range(100)], dtype="str"))
    assert strata is not None and strata.value_counts().tolist() == [20] * 5
    assert strata.iloc[0] != strata.iloc[99]


def test_a_missing_image_and_one_outside_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.png").write_bytes(b"")
    (tmp_path / "secret.png").write_bytes(b"")
    assert problems("image", ["a.png", "gone.png"], tmp_path / "files") == [(11, "Image not found", True)]
    with pytest.raises(StudioError, match="leads out"):
        FIELDS["image"].parse("../secret.png", tmp_path / "files")


def test_spans() -> None:
    cell = '[{"start": 5, "end": 9, "label": "place"}, {"start": 0, "end": 4, "label": "person"}]'
    assert FIELDS["spans"].parse(cell, None) == [Span(0, 4, "person"), Span(5, 9, "place")]
    assert FIELDS["spans"].classes(cell) == ("place", "person")
    wrong = [
        "nothing",
        "{}",
        '[{"start": false, "end": true, "label": "x"}]',
        '[{"start": 3, "end": 3, "label": "x"}]',
        '[{"start": 0, "end": 3}]',
        "[1]",
    ]
    overlapping = '[{"start": 0, "end": 4, "label": "x"}, {"start": 3, "end": 5, "label": "y"}]'
    assert [row for row, _, drops in problems("spans", [cell, "[]", *wrong, overlapping]) if drops] == [*range(12, 19)]


def test_boxes() -> None:
    cell = '[{"box": [1, 2.5, 3, 4], "label": "cat"}]'
    assert FIELDS["boxes"].parse(cell, None) == [Box(1, 2.5, 3, 4, "cat")]
    assert Box(1, 2, 3, 4, "cat").scaled(2) == Box(2, 4, 6, 8, "cat")
    wrong = ["x", '[{"box": [1, 2, 0, 4], "label": "c"}]', '[{"box": [1, 2, 3], "label": "c"}]', '[{"box": [1,2,3,4]}]']
    wrong += ['[{"box": [1, 2, NaN, 4], "label": "c"}]', '[{"box": [true, 2, 3, 4], "label": "c"}]']
    assert [row for row, _, drops in problems("boxes", [cell, "[]", *wrong]) if drops] == [*range(12, 18)]


def test_the_rarest_label_decides_where_a_row_goes() -> None:
    common, rare = '[{"start": 0, "end": 1, "label": "common"}]', '[{"start": 0, "end": 1, "label": "rare"}]'
    both = common[:-1] + "," + rare[1:].replace('"start": 0, "end": 1', '"start": 2, "end": 3')
    strata = FIELDS["spans"].strata(pandas.Series([common, common, both, "[]"], dtype="str"))
    assert strata is not None and strata.tolist() == ["common", "common", "rare", ""]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_says_what_people_need(field) -> None:  # type: ignore[no-untyped-def]
    assert field.missing.endswith((".", "].")) and field.similarity("1", "1") == 1.0


def test_what_a_person_says_in_very_many_parts_is_one_message() -> None:
    """In the time that it takes to read them: a part at a time, the whole would be copied each time."""
    cell = json.dumps([{"role": "user", "content": "x" * 30}] * 50_000)
    (message,) = FIELDS["messages"].parse(cell, None)
    assert message == {"role": "user", "content": "\n\n".join(["x" * 30] * 50_000)}


def test_objects_inside_of_objects_without_end_are_no_record() -> None:
    with pytest.raises(StudioError, match="cannot be read"):
        FIELDS["record"].parse('{"a":' * 100_000, None)


def test_a_conversation_longer_than_any_model_reads_is_named() -> None:
    turns = [{"role": ("user", "assistant")[at % 2], "content": "x"} for at in range(2001)]
    ((row, what, drops),) = problems("messages", [json.dumps(turns)])
    assert (row, drops) == (10, True) and "2,001 messages" in what


UNPAIRED = {  # a surrogate that JSON can spell, and that nothing can store
    "messages": '[{"role": "user", "content": "\\ud800"}]',
    "answers": '[{"text": "\\ud800"}]',
    "labels": '["\\ud800"]',
    "spans": '[{"start": 0, "end": 1, "label": "\\ud800"}]',
    "boxes": '[{"box": [1, 1, 1, 1], "label": "\\ud800"}]',
    "record": '{"a": "\\ud800"}',
}


@pytest.mark.parametrize("kind", UNPAIRED)
def test_what_json_can_spell_and_nothing_can_store_is_a_question_mark(kind: str) -> None:
    field = FIELDS[kind]
    stored = field.stored(pandas.Series([UNPAIRED[kind]] * 2, dtype="str"))
    assert "?" in repr(field.parse(stored[0], None))
    for text in (repr(field.parse(stored[0], None)), *field.classes(stored[0]), field.typed(UNPAIRED[kind])):
        assert text.encode()
    assert field.strata(stored) is None or len(field.strata(stored)) == 2
