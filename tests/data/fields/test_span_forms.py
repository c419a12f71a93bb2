"""Spans in the forms that people write, and cells that are none."""

import json
import random

import pandas
import pytest

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.span_forms import in_one_form
from studio.data.fields.spans import Span, read_spans, spans_outside
from studio.errors import StudioError

FIELD = FIELDS["spans"]
COLUMN = Column("spans", "Spans", "spans", "")
EXPECTED = [Span(0, 4, "person"), Span(8, 13, "place")]


@pytest.mark.parametrize(
    "cell",
    [
        '[{"start": 0, "end": 4, "label": "person"}, {"start": 8, "end": 13, "label": "place"}]',
        '[[8, 13, "place"], [0, 4, "person"]]',
        '[{"id": 1, "start_offset": 0, "end_offset": 4, "label": "person"},'
        ' {"id": 2, "start_offset": 8, "end_offset": 13, "label": "place"}]',
        '[{"start": 0.0, "end": "4", "entity_group": "person", "score": 0.9}, {"start": 8, "end": 13, "tag": "place"}]',
        '[{"start": 0, "end": 4, "labels": ["person"]}, {"begin": 8, "end": 13, "type": "place"}]',
        '{"entities": [[0, 4, "person"], [8, 13, "place"]]}',
        "[(0, 4, 'person'), (8, 13, 'place')]",
        "{'entities': [(0, 4, 'person'), (8, 13, 'place'), (8, 13, 'place')]}",
    ],
)
def test_forms(cell: str) -> None:
    stored = FIELD.stored(pandas.Series([cell, None], dtype="str"))
    assert read_spans(stored[0]) == EXPECTED
    assert pandas.isna(stored[1])


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "x",
        "5",
        "[5]",
        "[[1, 2]]",
        '[["a", "b", "c"]]',
        '[{"start": 1}]',
        "{}",
        '[[0, 4, ["a", "b"]]]',
        "[[0, true, 1]]",
    ],
)
def test_what_is_no_list_of_spans_stays_and_is_named(cell: str) -> None:
    assert in_one_form(cell) == cell
    if cell:
        problems = list(FIELD.problems(pandas.Series([cell], index=[7]), COLUMN, None)) or [None]
        assert (cell == "{}") or problems[0].row == 7  # type: ignore[union-attr]


def test_overlapping_and_backward_spans_are_named() -> None:
    cells = pandas.Series(['[[0, 4, "x"], [3, 6, "y"]]', '[[4, 0, "x"]]', '[[2, 2, "x"]]', '[[-1, 2, "x"]]', "[]"])
    problems = list(FIELD.problems(FIELD.stored(cells.astype("str")), COLUMN, None))
    assert [problem.row for problem in problems] == [0, 1, 2, 3]
    assert "overlap" in problems[0].what


def test_spans_outside_their_text() -> None:
    spans = [Span(0, 2, "a"), Span(2, 3, "b"), Span(4, 6, "c"), Span(5, 9, "d")]
    assert spans_outside("ab cd", spans) == [Span(2, 3, "b"), Span(4, 6, "c"), Span(5, 9, "d")]


def test_odd_values_never_raise_anything_else() -> None:
    rng = random.Random(17)
    odd = [None, 5, -1, 1.5, "x", "", [], {}, True, float("nan"), float("inf"), 10**400, "\ud800", [[]], {"a": 1}]
    for _ in range(2000):
        each = rng.choice(
            [
                {"start": rng.choice(odd), "end": rng.choice(odd), "label": rng.choice(odd)},
                [rng.choice(odd), rng.choice(odd), rng.choice(odd)],
                rng.choice(odd),
            ]
        )
        cell = json.dumps(rng.choice([[each], each, {"entities": [each]}]))
        cell = cell[: rng.randrange(len(cell))] if rng.random() < 0.2 else cell
        stored = FIELD.stored(pandas.Series([cell], dtype="str"))[0]
        try:
            read_spans(stored)
        except StudioError:
            assert list(FIELD.problems(pandas.Series([stored]), COLUMN, None))


@pytest.mark.parametrize(
    "cell", ["[" * 100_000, "(" * 1000, "[" * 900 + "]" * 900, "[" + "-" * 5000 + "1]", "[1e999999]"]
)
def test_deep_nesting_does_no_harm(cell: str) -> None:
    assert in_one_form(cell) == cell
