"""What was found, missed and made up: the scores and views that marked pieces and boxes share."""

import json
from typing import Any

import pytest

from studio.data.fields.boxes import Box, read_boxes
from studio.data.fields.spans import read_spans
from studio.tasks.base import RIGHT, WRONG, Answer, Scores, View
from studio.tasks.boxes import BoxScorer
from studio.tasks.token_classification import SpanScorer


def piece(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


def found(left: float, label: str, score: float) -> dict[str, Any]:
    return {"box": [left, 0.0, 10.0, 10.0], "label": label, "score": score}


@pytest.fixture
def spans() -> tuple[list[Any], Scores]:
    """A text in which all is right, and one with a piece taken for another, one missed, and one made up."""
    scorer = SpanScorer(["city", "name"])
    true = [[piece(0, 4, "name")], [piece(0, 4, "name"), piece(5, 9, "city")]]
    answered = [[piece(0, 4, "name")], [piece(0, 4, "city"), piece(6, 9, "city")]]
    rows = [{"spans": read_spans(json.dumps(spans))} for spans in true]
    return scorer.add([Answer(pieces) for pieces in answered], rows), scorer.scores()


def test_only_whole_pieces_count(spans: tuple[list[Any], Scores]) -> None:
    assert spans[1].metrics == pytest.approx({"f1": 1 / 3, "precision": 1 / 3, "recall": 1 / 3})


def test_what_was_counted_and_what_is_never_found_is_said(spans: tuple[list[Any], Scores]) -> None:
    assert spans[1].intervals["f1"].counted == "1 of 3 found, 2 found wrongly"
    scorer = SpanScorer(["city", "name"])
    scorer.add([Answer([piece(0, 4, "name")])], [{"spans": read_spans(json.dumps([piece(5, 9, "city")]))}])
    never, absent = scorer.scores().remarks
    assert never == "The model never finds 'city', though there is 1 of that class."
    assert absent == "There is nothing of class 'name' here, so nothing is known about it."


def test_a_row_carries_what_happened_in_it(spans: tuple[list[Any], Scores]) -> None:
    right, wrong = spans[0]
    assert right == ("name → name", RIGHT)
    assert wrong == (
        *("name → city", "city, missed", "city, made up", WRONG),
        *("Mistakes with name", "Mistakes with city"),
    )


def test_views_tell_what_was_found_missed_and_made_up(spans: tuple[list[Any], Scores]) -> None:
    confusion, each = spans[1].views
    assert confusion.data["labels"] == ["city", "name", "(nothing)"]
    assert confusion.data["counts"] == [[0, 0, 1], [1, 1, 0], [1, 0, 0]]
    assert confusion.data["marks"][0][2] == "city, missed" and confusion.data["marks"][2][0] == "city, made up"
    assert [(row["label"], row["support"], row["mark"]) for row in each.data["rows"]] == [
        ("city", 1, "Mistakes with city"),
        ("name", 2, "Mistakes with name"),
    ]
    assert (each.data["label_title"], each.data["support_title"]) == ("Label", "Marked pieces")


def marks_of(view: View) -> set[str]:
    rows = view.data["rows"] if view.kind == "classes" else []
    cells = [
        mark
        for counts, marks in zip(view.data.get("counts", ()), view.data.get("marks", ()), strict=True)
        for count, mark in zip(counts, marks, strict=True)
        if count
    ]
    return {*cells, *(row["mark"] for row in rows if row["mark"])}


def test_whatever_can_be_chosen_of_the_boxes_selects_images() -> None:
    scorer = BoxScorer(["bar", "square"])
    true = [[Box(0, 0, 10, 10, "bar"), Box(50, 0, 10, 10, "square")], [Box(0, 0, 10, 10, "square")], []]
    answered = [[found(1, "bar", 0.9), found(80, "square", 0.8)], [found(0, "bar", 0.7)], [found(0, "bar", 0.3)]]
    size = {"width": 100, "height": 20}
    marks = scorer.add([Answer(boxes, size) for boxes in answered], [{"boxes": boxes} for boxes in true])
    scores = scorer.scores()
    assert marks[0] == ("bar → bar", "square, made up", "square, missed", WRONG, "Mistakes with square")
    assert marks[2] == (RIGHT,)  # what the model is not sure of is not counted
    assert set().union(*map(marks_of, scores.views)) <= {mark for row in marks for mark in row}
    assert [row["support"] for row in scores.views[1].data["rows"]] == [1, 2]
    assert 0 < scores.metrics["map_50"] < 1
    assert scores.intervals["map"].counted == "3 objects in 3 images" and scores.intervals["map"].low is None
    assert scores.remarks == ("The model never finds 'square', though there are 2 of that class.",)


def test_boxes_of_nothing_at_all_have_no_precision() -> None:
    scorer = BoxScorer(["bar"])
    scorer.add([Answer([], {"width": 9, "height": 9})], [{"boxes": read_boxes("[]")}])
    assert scorer.scores().metrics == {"map": 0.0, "map_50": 0.0, "recall_100": 0.0}
