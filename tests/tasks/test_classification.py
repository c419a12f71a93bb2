"""Labels, row problems, scores and answers that both kinds of classification share."""

import numpy
import pandas
import pytest
from studio.tasks.classification import answers_from, class_names, in_stored_order, label_problems, score

from studio.errors import StudioError
from studio.tasks.base import Predictions


def frame(*labels: str | None) -> pandas.DataFrame:
    return pandas.DataFrame({"row": [10 + i for i in range(len(labels))], "label": list(labels)})


def test_classes_are_sorted_and_at_least_two():
    assert class_names(frame("b", "a", "b")) == ("a", "b")
    with pytest.raises(StudioError, match="nothing to tell apart"):
        class_names(frame("a", "a"))


def test_a_checkpoint_s_own_order_is_kept_for_the_same_labels():
    assert in_stored_order(("neg", "pos"), {0: "pos", 1: "neg"}) == ("pos", "neg")
    assert in_stored_order(("ham", "spam"), {0: "pos", 1: "neg"}) == ("ham", "spam")


def test_a_missing_label_is_named_by_its_row():
    (problem,) = label_problems(frame("a", None, "b"))
    assert (problem.row, problem.drops, problem.column) == (11, True, "label")


def test_labels_that_look_alike_are_pointed_out():
    (problem,) = label_problems(frame("Spam", "spam", "ham", "spam "))
    assert problem.row == 0 and not problem.drops
    assert "'Spam'" in problem.what and "capitals or spaces" in problem.why


def test_a_column_that_cannot_be_classes_is_pointed_out():
    problems = list(label_problems(frame(*(f"id-{i}" for i in range(80)))))
    assert any("class of its own" in problem.what for problem in problems)


def test_scores_by_hand():
    logits = numpy.array([[2.0, 0.0], [0.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
    scores = score(Predictions(logits, numpy.array([0, 0, 1, 1]), ("a", "b"), 0.7))
    assert scores.metrics == pytest.approx(
        {"accuracy": 0.5, "precision_macro": 0.5, "recall_macro": 0.5, "f1_macro": 0.5, "loss": 0.7}
    )
    assert scores.confusion == ((1, 1), (1, 1))
    assert [entry["support"] for entry in scores.per_class] == [2, 2]


def test_a_class_that_the_split_lacks_is_shown_but_pulls_no_average_down():
    scores = score(Predictions(numpy.eye(3)[[0, 1]], numpy.array([0, 1]), ("a", "b", "c"), 0.1))
    assert scores.metrics["f1_macro"] == 1.0
    assert scores.per_class[2] == {"label": "c", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    assert scores.confusion == ((1, 0, 0), (0, 1, 0), (0, 0, 0))


def test_scores_of_an_empty_split_are_empty():
    assert score(Predictions(numpy.zeros((0, 2)), numpy.zeros(0, dtype=int), ("a", "b"), 0.0)).metrics == {}


def test_answers_are_probabilities_most_likely_first():
    (answer,) = answers_from(numpy.array([[0.0, 1000.0, 999.0]]), ("a", "b", "c"))
    assert answer.label == "b"
    assert list(answer.probabilities) == ["b", "c", "a"]
    assert sum(answer.probabilities.values()) == pytest.approx(1.0)
    assert answer.probabilities["b"] == pytest.approx(1 / (1 + numpy.exp(-1)))
