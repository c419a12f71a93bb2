"""What the Test page says first: how good a model is, in plain words, from the scores as they are stored."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from studio.data.fields.boxes import Box
from studio.data.fields.spans import Span
from studio.language import in_percent
from studio.metrics import METRICS
from studio.tasks import TASKS
from studio.tasks.base import Answer, Scorer, all_unpacked
from studio.tasks.boxes import BoxScorer
from studio.tasks.classes import ClassScorer
from studio.tasks.numbers import NumberScorer
from studio.tasks.token_classification import SpanScorer


def verdict(task: str, scorer: Scorer, answers: Sequence[Answer], rows: Sequence[Mapping[str, Any]]) -> str:
    scorer.add(answers, rows)
    return TASKS[task].verdict(all_unpacked(json.loads(json.dumps(scorer.scores().as_dict()))))


def sorted_texts(pairs: Sequence[tuple[str, str]]) -> str:
    rows, answers = [{"label": true} for true, _ in pairs], [Answer(answered) for _, answered in pairs]
    return verdict("text-classification", ClassScorer(("ham", "news", "spam")), answers, rows)


def test_classes_are_counted_and_the_two_that_are_confused_are_named() -> None:
    assert sorted_texts([("ham", "ham")] * 4) == "100% right: 4 of 4."
    assert sorted_texts([("ham", "ham"), ("ham", "spam")]) == "50% right: 1 of 2.", "once is not often"
    mixed = [("spam", "spam")] * 55 + [("news", "spam"), ("spam", "news"), ("ham", "news")]
    assert sorted_texts(mixed) == "95% right: 55 of 58. Most often confused: 'news' with 'spam'."


def test_things_are_found_missed_and_made_up() -> None:
    right, wrong = Span(0, 3, "person"), Span(8, 12, "place")
    rows = [{"spans": [right, wrong]}] * 3
    found = [Answer([{"start": 0, "end": 3, "label": label}]) for label in ("person", "person", "place")]
    said = verdict("token-classification", SpanScorer(("person", "place")), found, rows)
    assert said == "33% found: 2 of 6. 1 found wrongly. Most often missed: 'place'."
    size = {"width": 20, "height": 20}
    box = {"box": [1.0, 1.0, 8.0, 8.0], "label": "cat", "score": 0.9}
    said = verdict(
        "object-detection", BoxScorer(("cat",)), [Answer([box], size)], [{"boxes": [Box(1, 1, 8, 8, "cat")]}]
    )
    assert said == "100% found: 1 of 1. Nothing was found wrongly."


def test_numbers_are_compared_with_always_answering_the_average() -> None:
    answers, rows = [Answer(1.0), Answer(2.0), Answer(3.5)], [{"number": 1.0}, {"number": 2.0}, {"number": 3.0}]
    said = verdict("text-regression", NumberScorer("number", 1.0), answers, rows)
    assert said == "Typically off by 0.289. Always answering the average would be off by 0.816."


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_without_anything_counted_says_its_headline_metric(task: Any) -> None:
    said = task.verdict({"metrics": {task.headline: 0.5}, "views": []})
    assert said.endswith(".") and METRICS[task.headline].text(0.5) in said


def test_nearly_all_is_not_all() -> None:
    assert [in_percent(part / 1000) for part in (0, 1, 500, 998, 1000)] == ["0%", "0.1%", "50%", "99.8%", "100%"]
    assert in_percent(99_999 / 100_000) == "99.9%" and in_percent(1 / 100_000) == "0.1%"
