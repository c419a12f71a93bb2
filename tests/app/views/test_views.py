"""Every kind of view becomes a figure whose items carry the view's own marks."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from components.charts.figures import CHARTS, Figure
from studio.app.views import VIEWS
from studio.app.views.classes import AT_A_GLANCE
from studio.tasks.base import Answer, Scores
from studio.tasks.classes import ClassScorer

CLASS = {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 9}
DATA: dict[str, tuple[Mapping[str, Any], list[str]]] = {
    "confusion": (
        {"labels": ["a", "b"], "counts": [[3, 1], [0, 4]], "marks": [["a → a", "a → b"], ["b → a", "b → b"]]},
        ["a → a", "a → b", "b → a", "b → b"],
    ),
    "classes": (
        {"rows": [{"label": "a", **CLASS, "mark": "Mistakes with a"}, {"label": "b", **CLASS}]},
        ["Mistakes with a"],
    ),
    "scatter": (
        {
            "points": [{"x": 1.0, "y": 2.0, "mark": "row 1"}, {"x": 3.0, "y": 3.0, "mark": "row 2", "count": 2}],
            "x_title": "true",
            "y_title": "answered",
        },
        ["row 1", "row 2"],
    ),
    "line": (
        {
            "points": [{"x": 0.0, "y": 0.0}, {"x": 0.5, "y": 0.9}, {"x": 1.0, "y": 1.0}],
            "places": [{"x": 0.5, "y": 0.9, "title": "50 %"}],
            "x_title": "false alarms",
            "y_title": "found",
        },
        [],
    ),
    "histogram": (
        {"bars": [{"title": "0 to 1", "value": 7, "mark": "small"}, {"title": "1 to 2", "value": 0}]},
        ["small"],
    ),
    "bars": ({"bars": [{"title": "cat", "value": 0.5, "mark": "cat", "text": "50%"}]}, ["cat"]),
    "table": (
        {
            "columns": [{"key": "label", "title": "Label"}, {"key": "f1", "title": "F1", "kind": "number"}],
            "rows": [{"label": "a", "f1": 0.51239, "which": "of a"}, {"label": "b", "f1": 1}],
            "mark": "which",
        },
        ["of a"],
    ),
}


def marks_of(figure: Figure) -> list[str]:
    items: Iterable[Any] = [*figure.get("points", ()), *figure.get("bars", ()), *figure.get("rows", ())]
    found = [item.get("mark") for item in items] + [mark for row in figure.get("marks", ()) for mark in row]
    return [mark for mark in found if mark]


def test_every_kind_is_looked_at() -> None:
    assert set(DATA) == set(VIEWS.names)


@pytest.mark.parametrize("kind", DATA)
def test_a_figure_has_the_marks_of_its_view(kind: str) -> None:
    data, marks = DATA[kind]
    figure = VIEWS[kind].figure("A title", data)
    assert figure["chart"] in CHARTS and figure["title"].startswith("A title") and marks_of(figure) == marks


def test_the_axes_say_what_they_are_and_bars_keep_their_order() -> None:
    scatter = VIEWS["scatter"].figure("", DATA["scatter"][0])
    assert (scatter["x_title"], scatter["y_title"], scatter["diagonal"]) == ("true", "answered", True)
    assert VIEWS["scatter"].figure("", {"points": []})["x_title"] == "Correct"
    assert VIEWS["histogram"].figure("", DATA["histogram"][0])["upright"]
    assert "upright" not in VIEWS["bars"].figure("", DATA["bars"][0])


def test_numbers_in_tables_are_short() -> None:
    assert [row["f1"] for row in VIEWS["table"].figure("", DATA["table"][0])["rows"]] == ["0.512", 1]
    assert VIEWS["classes"].figure("", DATA["classes"][0])["rows"][0]["f1"] == "0.667"


def test_what_a_task_measures_of_a_class_besides_is_a_column_of_its_own() -> None:
    rows = [{"label": "a", **CLASS}, {"label": "b", **CLASS, "map_50": 0.25}]
    figure = VIEWS["classes"].figure("Every class", {"rows": rows})
    assert [column["title"] for column in figure["columns"]] == [
        *("Class", "Precision", "Recall", "F1", "mAP at 50% overlap", "Examples")
    ]
    assert [row.get("map_50") for row in figure["rows"]] == [None, "0.250"]


@pytest.mark.parametrize("count", [AT_A_GLANCE, AT_A_GLANCE + 1])
def test_of_many_classes_the_hardest_come_first(count: int) -> None:
    rows = [{"label": f"class {n}", **CLASS, "f1": 1 - n / 100} for n in range(count)]
    figure, many = VIEWS["classes"].figure("Every class", {"rows": rows}), count > AT_A_GLANCE
    assert figure["rows"][0]["label"] == ("class 12" if many else "class 0")
    assert ("hardest first" in figure["title"]) == many


def test_the_marks_of_a_scorer_s_views_are_those_of_its_rows() -> None:
    """What is clicked selects rows: each mark of a view is some row's, and each row can be reached."""
    scorer = ClassScorer(("a", "b", "c"))
    pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("c", "c")]
    marks = scorer.add([Answer(answered) for _, answered in pairs], [{"label": true} for true, _ in pairs])
    scores: Scores = scorer.scores()
    by_kind = {view.kind: VIEWS[view.kind].figure(view.title, view.data) for view in scores.views}
    assert marks_of(by_kind["classes"]) == ["Mistakes with a", "Mistakes with b"]
    assert [row for row in marks if "Mistakes with b" in row] == [marks[1]]
    matrix = by_kind["confusion"]
    filled = {
        mark
        for counts, row in zip(matrix["counts"], matrix["marks"], strict=True)
        for count, mark in zip(counts, row, strict=True)
        if count
    }
    assert filled == {row[0] for row in marks}
