"""How sure a classifier says it is: set right on one split, measured on another, and taken into the weights."""

from types import SimpleNamespace
from typing import Any

import numpy
import pytest
import torch

from studio.metrics.calibration import Bins
from studio.tasks import TASKS
from studio.tasks.base import Answer, Tools
from studio.tasks.calibration import SETTING, best_temperature, cooled, divisor
from studio.tasks.classes import ClassScorer, class_answers

LABELS = ("ant", "bee", "cat")
CLASSIFIERS = (
    *("text-classification", "text-pairs", "image-classification"),
    *("tabular-classification", "audio-classification"),
)


def tools(**config: Any) -> Tools:
    return Tools(None, SimpleNamespace(id2label=dict(enumerate(LABELS)), **config), None)


def said(count: int, seed: int, factor: float) -> tuple[torch.Tensor, list[dict[str, str]]]:
    """Logits that are `factor` times what the classes were drawn by, and the rows."""
    rng = numpy.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, len(LABELS)))
    shares = numpy.exp(logits) / numpy.exp(logits).sum(axis=1, keepdims=True)
    true = [rng.choice(len(LABELS), p=row) for row in shares]
    return torch.tensor(logits * factor), [{"label": LABELS[place]} for place in true]


def scored(known: Tools, answers: list[Answer], rows: list[dict[str, str]]) -> Any:
    scorer = ClassScorer(LABELS, known.config)
    for start in range(0, len(rows), 7):
        scorer.add(answers[start : start + 7], rows[start : start + 7])
    return scorer.scores()


@pytest.mark.parametrize("task", CLASSIFIERS)
@pytest.mark.parametrize("factor", [4.0, 1.0, 0.4])
def test_the_temperature_is_what_the_logits_are_too_large_by(task: str, factor: float) -> None:
    known = tools()
    assert TASKS[task].settles(known)
    logits, rows = said(2000, 0, factor)
    TASKS[task].settle(known, class_answers(logits, known), rows)
    settled = getattr(known.config, SETTING)
    assert settled["temperature"] == pytest.approx(factor, rel=0.15) and not settled["in_weights"]
    assert divisor(known.config) == settled["temperature"]


def test_an_overconfident_model_is_set_right() -> None:
    known = tools()
    logits, rows = said(1000, 0, 4.0)
    raw = class_answers(logits, known)
    TASKS["text-classification"].settle(known, raw, rows)
    others, other_rows = said(1000, 1, 4.0)
    before = scored(tools(), class_answers(others, tools()), other_rows)
    after = scored(known, class_answers(others, known), other_rows)
    assert before.metrics["accuracy"] == after.metrics["accuracy"]
    assert before.metrics["calibration_error"] > 0.15 and after.metrics["calibration_error"] < 0.05
    (remark,) = [remark for remark in after.remarks if "calibration" in remark]
    assert f"before by {100 * before.metrics['calibration_error']:.1f}%" in remark
    assert not [remark for remark in before.remarks if "calibration" in remark]
    diagram = next(view for view in after.views if view.kind == "line")
    assert all(abs(point["x"] - point["y"]) < 0.25 for point in diagram.data["points"])


def test_the_weights_take_the_temperature_in() -> None:
    """Plain transformers then says what the studio said, and nothing is divided twice."""
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, num_labels=3,
        id2label=dict(enumerate(LABELS)), label2id={label: place for place, label in enumerate(LABELS)},
    )  # fmt: skip
    torch.manual_seed(0)
    model = BertForSequenceClassification(config).eval()
    setattr(model.config, SETTING, {"temperature": 2.5, "in_weights": False})
    known, tokens = Tools(None, model.config, None), torch.arange(10).reshape(2, 5)
    with torch.no_grad():
        told = class_answers(model(tokens).logits, known)
        TASKS["text-classification"].finish(model, known)
        again, plain = class_answers(model(tokens).logits, known), model(tokens).logits.softmax(-1)
        TASKS["text-classification"].finish(model, known)
        assert torch.equal(model(tokens).logits.softmax(-1), plain)
    assert model.config.calibration == {"temperature": 2.5, "in_weights": True} and divisor(model.config) == 1.0
    for one, two, row in zip(told, again, plain, strict=True):
        assert one.details["probabilities"] == pytest.approx(two.details["probabilities"], abs=1e-6)
        assert two.details["probabilities"] == pytest.approx(dict(zip(LABELS, row.tolist(), strict=True)), abs=1e-6)


def test_few_rows_settle_and_say_nothing() -> None:
    known = tools()
    logits, rows = said(40, 0, 4.0)
    answers = class_answers(logits, known)
    TASKS["text-classification"].settle(known, answers, rows)
    assert not hasattr(known.config, SETTING)
    assert "calibration_error" not in scored(known, answers, rows).metrics


def test_a_model_without_a_mistake_is_not_made_certain() -> None:
    shares = numpy.full((60, 2), 0.1)
    shares[:, 0] = 0.9
    found = best_temperature(shares, numpy.zeros(60, dtype=int))
    assert 0.2 < found < 1.0 and cooled({"a": 0.9, "b": 0.1}, found)["a"] < 0.99


def test_cooling_is_undone_by_its_inverse() -> None:
    shares = {"a": 0.7, "b": 0.2, "c": 0.1}
    assert cooled(cooled(shares, 3.0), 1 / 3.0) == pytest.approx(shares)
    assert sum(cooled({"a": 1.0, "b": 0.0}, 20.0).values()) == pytest.approx(1)


def test_the_error_is_the_distance_of_certainty_and_accuracy() -> None:
    bins = Bins.empty()
    bins.add([0.95] * 10, [True] * 6 + [False] * 4)
    bins.add([0.5, 1.0], [False, True])
    assert bins.error() == pytest.approx((10 * 0.35 + 0.5 + 0.0) / 12)
    # few answers count with those of the next bin
    assert bins.curve() == [
        {"x": pytest.approx((9.5 + 1.0 + 0.5) / 12, abs=1e-4), "y": pytest.approx(7 / 12, abs=1e-4)}
    ]
