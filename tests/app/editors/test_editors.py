"""What a person corrects, as a widget shows it, and the cell that it becomes."""

from typing import Any

import gradio as gr
import pandas
import pytest

from studio.app.correcting import build_entries, learned
from studio.app.editors import EDITORS
from studio.app.editors.base import Example
from studio.app.editors.spans import with_marks, without_marks
from studio.data.fields import FIELDS
from studio.data.fields.spans import Span
from studio.errors import StudioError
from studio.tasks import TASKS

ODD = [None, "", "x", 3, [], ["x"], {}, {"rows": 3}, {"rows": [[], [1, 2, 3, 4, 5], "x"]}]


def test_there_is_an_editor_for_what_each_task_learns() -> None:
    with gr.Blocks():
        entries = build_entries()
    assert {entry.editor.name for entry in entries} == {column.kind for task in TASKS for column in learned(task)}
    for task in TASKS:
        assert [entry.column(task) for entry in entries if entry.column(task)] == list(learned(task))
    ids = [entry.widget.elem_id for entry in entries]
    assert len(ids) == len(set(ids)) and not any(entry.widget.visible for entry in entries)


@pytest.mark.parametrize("name", [editor.name for editor in EDITORS])
def test_an_example_of_the_field_comes_back_as_it_was(name: str) -> None:
    for cell in FIELDS[name].examples:
        stored = FIELDS[name].stored(pandas.Series([cell], dtype="str"))[0]
        example = Example(stored, answer=stored, over=f"{stored} The phone screen price is fair.", classes=("a", "b"))
        shown = EDITORS[name].shown(example)
        assert shown["visible"] and "label" not in shown
        again = EDITORS[name].cell(shown["value"], example)
        assert FIELDS[name].parse(again, None) == FIELDS[name].parse(stored, None)


@pytest.mark.parametrize("name", [editor.name for editor in EDITORS])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_what_no_widget_of_ours_sends_is_a_cell_or_refused(name: str, value: Any) -> None:
    try:
        cell = EDITORS[name].cell(value, Example("", over="x"))
    except StudioError:
        return
    assert isinstance(cell, str)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("a [b](c) \\ d", []),
        ("a [b](c) \\ d", [Span(2, 5, "x(y)"), Span(9, 10, "\\")]),
        ("two\nlines", [Span(0, 9, "both")]),
        ("ab", [Span(0, 1, "x"), Span(1, 2, "y")]),
    ],
)
def test_marks_are_written_into_the_text_and_read_again(text: str, spans: list[Span]) -> None:
    assert without_marks(with_marks(text, spans)) == (text, spans)


def test_a_mark_stands_where_it_is_however_lines_end() -> None:
    """A browser's field has one kind of line end."""
    spans = EDITORS["spans"].cell("one\ntwo [three](n)\nfour", Example("[]", over="one\r\ntwo three\rfour"))
    (span,) = FIELDS["spans"].parse(spans, None)
    assert (span.start, span.end) == (9, 14)


def test_an_answer_that_stood_there_keeps_its_place() -> None:
    example = Example('[{"text": "ten", "start": 8}]', over="ten and ten, or  a\nhundred")
    found = FIELDS["answers"].parse(EDITORS["answers"].cell("ten\nor a hundred\nTEN\nten", example), None)
    assert [(quote.text, quote.start) for quote in found] == [("ten", 8), ("or  a\nhundred", 13), ("ten", 0)]


def test_an_answer_of_very_many_words_is_looked_for_at_once() -> None:
    """Word for word, each of so many beginnings would be followed for so many words: a minute or more."""
    passage = Example("[]", over="a " * 50_000)
    with pytest.raises(StudioError, match="does not stand in the passage"):
        EDITORS["answers"].cell("a " * 24_999 + "b", passage)
