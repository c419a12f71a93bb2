"""Labels, answers and scores that tasks for classification share; the scores are scikit-learn's."""

import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

from studio.errors import StudioError
from studio.language import Message, Text
from studio.tasks.base import Answer, Scores, Tools, all_unpacked
from studio.tasks.classes import ClassScorer, class_answers, class_config, label_maps, pair_marks
from studio.tasks.loading import in_stored_order
from studio.tasks.results import mark_words, worth

LABELS = ("ant", "bee", "cat", "dog")


def test_classes_are_sorted_and_at_least_two() -> None:
    assert class_config(pandas.DataFrame({"label": ["b", "a", "b"]}))["id2label"] == {0: "a", 1: "b"}
    with pytest.raises(StudioError, match="only one class"):
        class_config(pandas.DataFrame({"label": ["a", "a"]}))


def test_a_checkpoint_s_own_order_is_kept_for_the_same_labels() -> None:
    values = label_maps(("neg", "pos"))
    assert in_stored_order(values, ("pos", "neg"))["id2label"] == {0: "pos", 1: "neg"}
    assert in_stored_order(values, ("ham", "spam"))["id2label"] == {0: "neg", 1: "pos"}


def scored(targets: list[str], answers: list[str], batch_size: int = 7) -> Scores:
    scorer = ClassScorer(LABELS)
    for start in range(0, len(targets), batch_size):
        some = slice(start, start + batch_size)
        scorer.add([Answer(answer) for answer in answers[some]], [{"label": target} for target in targets[some]])
    return scorer.scores()


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_scikit_learn_s(seed: int) -> None:
    random = numpy.random.default_rng(seed)
    targets, answers = (random.choice(LABELS, 60).tolist() for _ in range(2))
    found = scored(targets, answers)
    wishes: dict[str, Any] = {"average": "macro", "zero_division": 0}
    assert found.metrics == pytest.approx(
        {
            "accuracy": accuracy_score(targets, answers),
            "precision_macro": precision_score(targets, answers, **wishes),
            "recall_macro": recall_score(targets, answers, **wishes),
            "f1_macro": f1_score(targets, answers, **wishes),
        }
    )
    confusion, classes = found.views
    assert confusion.data["counts"] == confusion_matrix(targets, answers, labels=LABELS).tolist()
    assert [row["support"] for row in classes.data["rows"]] == [targets.count(label) for label in LABELS]
    each = f1_score(targets, answers, labels=LABELS, average=None, zero_division=0)
    assert [row["f1"] for row in classes.data["rows"]] == pytest.approx(each)


def test_a_class_that_the_split_lacks_is_shown_but_pulls_no_average_down() -> None:
    scores = scored(["ant", "bee"], ["ant", "bee"])
    assert scores.metrics["f1_macro"] == 1.0
    rows = scores.views[1].data["rows"]
    assert rows[2] == {"label": "cat", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0, "mark": None}


def test_rows_carry_the_mark_of_their_cell_in_the_matrix() -> None:
    scorer = ClassScorer(LABELS)
    marks = scorer.add([Answer("bee"), Answer("ant")], [{"label": "ant"}, {"label": "ant"}])
    cells = scorer.scores().views[0].data["marks"]
    assert marks == [
        (cells[0][1], "wrong", "Mistakes with ant", "Mistakes with bee"),
        (cells[0][0], "right"),
    ]
    rows = scorer.scores().views[1].data["rows"]
    assert [row["mark"] for row in rows[:3]] == ["Mistakes with ant", "Mistakes with bee", None]


def test_a_row_of_several_objects_carries_what_happened_with_each() -> None:
    pairs = [("cat", "cat"), ("cat", "dog"), ("(nothing)", "dog"), ("cat", "cat")]
    assert pair_marks(pairs) == (
        *("cat → cat", "cat → dog", "dog, made up", "wrong"),
        *("Mistakes with cat", "Mistakes with dog"),
    )
    assert pair_marks([]) == ("right",), "nothing is there, and nothing was said"


def test_scores_of_an_empty_split_are_empty() -> None:
    assert scored([], []).metrics == {}


def test_answers_are_probabilities_most_likely_first() -> None:
    (answer,) = class_answers(
        torch.tensor([[0.0, 1000.0, 999.0, -1e4]]), Tools(None, SimpleNamespace(id2label=dict(enumerate(LABELS))), None)
    )
    shares = answer.details["probabilities"]
    assert answer.value == "bee" and list(shares)[:2] == ["bee", "cat"]
    assert sum(shares.values()) == pytest.approx(1.0) and shares["dog"] == 0.0
    assert shares["bee"] == pytest.approx(1 / (1 + numpy.exp(-1)))


# --- what the scores are worth --------------------------------------------------------------------------


def test_accuracy_carries_its_count_and_stands_beside_what_costs_nothing() -> None:
    found = scored(["ant"] * 90 + ["bee"] * 10, ["ant"] * 88 + ["bee"] * 12)
    assert found.intervals["accuracy"].counted == "98 of 100"
    assert found.remarks[0] == "Always answering 'ant', the largest class, would be right in 90.0% of cases."
    lazy = scored(["ant"] * 90 + ["bee"] * 10, ["ant"] * 100)
    assert lazy.remarks[:2] == (
        "Always answering 'ant', the largest class, would be right in 90.0% of cases. "
        "The model is not clearly better than that.",
        "The model never answers 'bee', though 10 examples are of that class.",
    )


def test_classes_of_which_nothing_is_known_are_named() -> None:
    assert scored(["ant", "bee"], ["ant", "bee"]).remarks[1:] == (
        "There is nothing of class 'cat' or 'dog' here, so nothing is known about it.",
    )


def test_stored_scores_can_be_said_in_any_language_later() -> None:
    scores = scored(["ant"] * 9 + ["bee"], ["ant"] * 10)
    kept = json.loads(json.dumps(scores.as_dict()))
    read = all_unpacked(kept)
    assert all(isinstance(said, Text) for said in (*worth({"test": kept}), *read["remarks"], read["views"][0]["title"]))
    assert read["remarks"] == list(scores.remarks) and read["views"] == [asdict(view) for view in scores.views]
    earlier = {**kept, "remarks": ["Words."], "intervals": {}}
    assert worth({"test": all_unpacked(earlier)}) == ["Words."]


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("ant, missed", "{label}, missed"),
        ("a, b\nc, made up", "{label}, made up"),
        ("Mistakes with ant", "Mistakes with {label}"),
        ("Predicted 3.5, correct 4", "Predicted {predicted}, correct {correct}"),
        ("over 2 too low", "over {low} too low"),
        ("1 to 2 too high", "{low} to {high} too high"),
    ],
)
def test_marks_are_plain_and_have_words(mark: str, words: str) -> None:
    said = mark_words(mark)
    assert said == mark and isinstance(said, Text) and isinstance(said.origin, Message) and said.origin.one == words
    assert type(mark_words("ant → bee")) is str


def test_the_page_the_card_and_the_command_line_say_one_and_the_same() -> None:
    found = json.loads(json.dumps(scored(["ant"] * 60 + ["bee"] * 4, ["ant"] * 64).as_dict()))
    said = worth({"validation": found, "test": found})
    assert said[0] == ("Accuracy on the test split: 93.8%; 60 of 64, so likely between 85.0% and 97.5% (95% interval).")
    assert said[1:] == all_unpacked(found["remarks"])
    assert worth({"validation": found, "test": {"metrics": {}, "views": []}})[0].startswith(
        "Accuracy on the validation"
    )
    assert worth({"test": {"metrics": {"accuracy": 0.5}, "views": []}}) == [], "an earlier version's run"
