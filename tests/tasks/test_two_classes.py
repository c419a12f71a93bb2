"""Two classes as a test for one of them: scikit-learn's numbers, and a point chosen on other rows than those scored."""

from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from sklearn.metrics import confusion_matrix, roc_auc_score

from studio.metrics.two_classes import operating_threshold
from studio.tasks import TASKS
from studio.tasks.base import Answer, Scores, Tools
from studio.tasks.calibration import cooled, divisor
from studio.tasks.two_classes import SETTING, positive_class


def said(count: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray, list[Answer], list[dict[str, str]]]:
    """Whether each row is ill, its probability, the answers, and the rows."""
    rng = numpy.random.default_rng(seed)
    true = rng.random(count) < 0.3
    shares = 1 / (1 + numpy.exp(-rng.normal(numpy.where(true, 0.0, -2.0), 1.2)))
    answers = [
        Answer("ill" if share >= 0.5 else "well", {"probabilities": {"ill": float(share), "well": 1 - float(share)}})
        for share in shares
    ]
    return true, shares, answers, [{"label": "ill" if each else "well"} for each in true]


def tools() -> Tools:
    return Tools(None, SimpleNamespace(id2label={0: "ill", 1: "well"}), None)


def scored(known: Tools, answers: list[Answer], rows: list[dict[str, str]]) -> Scores:
    scorer = TASKS["text-classification"].scorer(known)
    scorer.add(answers[:100], rows[:100])
    scorer.add(answers[100:], rows[100:])
    return scorer.scores()


def test_the_metrics_are_those_of_scikit_learn() -> None:
    true, shares, answers, rows = said(400, 0)
    scores = scored(tools(), answers, rows)
    (specific, _alarms), (_missed, found) = confusion_matrix(true, shares >= 0.5, normalize="true")
    assert scores.metrics["roc_auc"] == pytest.approx(roc_auc_score(true, shares))
    assert scores.metrics["sensitivity"] == pytest.approx(found)
    assert scores.metrics["specificity"] == pytest.approx(specific)
    assert scores.intervals["sensitivity"].counted == f"{int((shares >= 0.5)[true].sum())} of {int(true.sum())}"


def as_calibrated(answers: list[Answer], known: Tools) -> list[Answer]:
    """As the model says them once its temperature is settled."""
    shares = [cooled(answer.details["probabilities"], divisor(known.config)) for answer in answers]
    return [Answer(answer.value, {"probabilities": each}) for answer, each in zip(answers, shares, strict=True)]


@pytest.mark.parametrize("task", ["text-classification", "image-classification", "text-pairs"])
def test_the_point_of_operation_comes_from_the_validation_split(task: str) -> None:
    known = tools()
    assert TASKS[task].settles(known)
    true, _shares, answers, rows = said(300, 1)
    TASKS[task].settle(known, answers, rows)
    point = getattr(known.config, SETTING)
    calibrated = as_calibrated(answers, known)
    wanted = operating_threshold(true, numpy.array([answer.details["probabilities"]["ill"] for answer in calibrated]))
    assert point["label"] == "ill" and point["threshold"] == pytest.approx(wanted, abs=1e-6)
    others = said(300, 2)
    answered = as_calibrated(others[2], known)
    others = (
        others[0],
        numpy.array([answer.details["probabilities"]["ill"] for answer in answered]),
        answered,
        others[3],
    )
    table, roc, precision = scored(known, *others[2:]).views[-3:]
    assert [view.kind for view in (table, roc, precision)] == ["table", "line", "line"]
    plain, chosen = roc.data["places"]
    found = others[1] >= point["threshold"]
    assert chosen["y"] == pytest.approx(found[others[0]].mean())
    assert chosen["x"] == pytest.approx(found[~others[0]].mean())
    assert chosen["y"] > plain["y"], "fewer are missed than at one half"
    assert precision.data["level"] == pytest.approx(others[0].mean())
    assert [row["name"].rpartition("%, ")[2] for row in table.data["rows"]] == [
        "as the model answers", "chosen on the validation split",
    ]  # fmt: skip


def test_the_point_is_where_both_together_are_highest() -> None:
    true, shares, _answers, _rows = said(200, 3)

    def both(threshold: float) -> Any:
        found = shares >= threshold
        return found[true].mean() + (~found[~true]).mean()

    assert both(operating_threshold(true, shares)) == pytest.approx(max(both(each) for each in shares))


def test_curves_reach_both_corners_and_stay_small() -> None:
    *_unused, answers, rows = said(5000, 4)
    roc = scored(tools(), answers, rows).views[-2].data["points"]
    assert roc[0] == {"x": 0.0, "y": 0.0} and roc[-1] == {"x": 1.0, "y": 1.0} and len(roc) <= 200


def test_nothing_is_said_where_there_is_nothing_to_tell_apart() -> None:
    *_unused, answers, _rows = said(20, 5)
    scores = scored(tools(), answers, [{"label": "ill"}] * 20)
    assert "roc_auc" not in scores.metrics and [view.kind for view in scores.views] == ["confusion", "classes"]
    known = tools()
    TASKS["text-classification"].settle(known, answers, [{"label": "ill"}] * 20)
    assert not hasattr(known.config, SETTING)


@pytest.mark.parametrize(
    ("labels", "rows", "wanted"),
    [
        (("Benign", "Malignant"), {"Benign": 1, "Malignant": 9}, "Malignant"),
        (("ham", "something"), {}, "something"),
        (("spam", "ham"), {}, "spam"),
        (("a", "b"), {"a": 3, "b": 9}, "a"),
        (("a", "b"), {"a": 3, "b": 3}, "b"),
    ],
)
def test_the_positive_class_is_found_by_name_or_is_the_rarer_one(
    labels: tuple[str, str], rows: dict[str, int], wanted: str
) -> None:
    assert positive_class(labels, rows) == wanted
