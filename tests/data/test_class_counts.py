"""Classes of which there is too little: to learn them, or to say how well they were learned."""

import json

import pandas
import pytest

from studio.data.class_counts import count_classes, describe_classes, first_names
from studio.tasks import TASKS

ROWS = {"train": 80, "validation": 10, "test": 10}


def counts(**classes: tuple[int, int]) -> dict[str, dict[str, int]]:
    """class = (training, test) examples."""
    return {name: {"train": train, "validation": 1, "test": test} for name, (train, test) in classes.items()}


def test_enough_of_every_class_needs_no_word() -> None:
    assert describe_classes(counts(good=(10, 5), bad=(70, 5)), ROWS) == []
    assert describe_classes({}, ROWS) == [], "a task without classes"


def test_too_few_are_named_with_what_is_needed() -> None:
    assert describe_classes(counts(good=(70, 6), odd=(9, 4), rare=(1, 2)), ROWS) == [
        "Fewer than 10 training examples, too few to learn it well: rare (1), odd (9).",
        "Fewer than 5 test examples, so its score says little: rare (2), odd (4). "
        "About 50 examples of a class put 5 of them into the test split.",
    ]


def test_none_at_all_is_said_as_such() -> None:
    unlearned, unexamined = describe_classes(counts(good=(70, 10), gone=(0, 9), unseen=(20, 0)), ROWS)
    assert unlearned == "No training example, so the model cannot learn it: gone."
    assert unexamined.startswith("No test example, so the result says nothing about it: unseen. About 50 examples")


def test_of_many_classes_the_rarest_are_named() -> None:
    many = counts(**{f"class{number}": (number, 9) for number in range(1, 10)})
    (said,) = describe_classes(many, ROWS)
    assert "class1 (1), class2 (2), class3 (3), class4 (4), class5 (5) and 4 more." in said
    assert first_names(["a", "b"]) == "a, b"


@pytest.mark.parametrize("name", ["token-classification", "object-detection"])
def test_labels_of_marked_pieces_and_boxes_are_counted_too(name: str) -> None:
    """One each, not one a row."""
    task = TASKS[name]
    thing = {"start": 0, "end": 1} if name == "token-classification" else {"box": [0, 0, 1, 1]}
    cells = [json.dumps([{**thing, "label": "dog"}, *([{**thing, "label": "cat"}] * (n < 3))]) for n in range(100)]
    answer = task.targets[0]
    table = pandas.DataFrame({"row": range(1, 101), answer.name: cells, "split": "train"})
    counts = count_classes(table, answer)
    assert counts["cat"]["train"] == 3 and counts["dog"]["train"] == 100
    said = describe_classes(counts, {"train": 100, "validation": 0, "test": 0})
    assert said[0] == "Fewer than 10 training examples, too few to learn it well: cat (3)."
