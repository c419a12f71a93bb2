"""The better of two answers: the formulas, what they compare with, and that a model learns it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas
import pytest
import tiny
import torch
from overfitting import ROWS, learn
from prepared import prepare_table

from studio.engine.forward import Forward
from studio.engine.preparation import Prepared
from studio.engine.reference import record_reference
from studio.tasks import TASKS
from studio.tasks.base import Batch
from studio.tasks.preference import PairScorer, dpo, last_run, orpo, pair_logs

TASK = TASKS["preference"]


def table() -> pandas.DataFrame:
    """Half of the praise is better, and half of the blame."""
    rows = [(one, two) for one in tiny.FILLER[:8] for two in range(4)]
    pairs = [(tiny.WORDS["good"][at], tiny.WORDS["bad"][at]) for _, at in rows]
    turned = [pair if number % 2 else pair[::-1] for number, pair in enumerate(pairs)]
    return pandas.DataFrame(
        {
            "prompt": [f"{one} {tiny.FILLER[8 + two]}" for one, two in rows],
            "chosen": [better for better, _ in turned],
            "rejected": [f"{worse} film" for _, worse in turned],
        }
    ).assign(row=range(1, ROWS + 1), split="train")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]]
    return tiny.write_language_model(tmp_path_factory.mktemp("speaker") / "llama", words)


def prepared(folder: Path, **options: Any) -> Prepared:
    found = prepare_table(TASK.name, table(), folder, max_length=32, longest_answer=6, temperature=0.0, **options)
    record_reference(Forward(found.model, found, torch.device("cpu")), 16, lambda done, total: None)
    return found


def batch_of(found: Prepared, rows: Sequence[int]) -> Batch:
    items = found.examples["train"].plain(list(rows))
    return Batch(found.collate(items), items)


def test_before_the_first_step_nothing_is_preferred(folder: Path) -> None:
    found = prepared(folder)
    batch = batch_of(found, range(8))
    with torch.no_grad():
        loss = TASK.loss(found.model, batch)
        answers = TASK.answer(found.tools, found.model, batch, loss.outputs)
    assert float(loss.mean) == pytest.approx(math.log(2), abs=1e-5) and int(loss.units) == 8
    assert all(abs(answer.details["margin"]) < 1e-4 for answer in answers)
    alone = [float(TASK.loss(found.model, batch_of(found, [row])).total.detach()) for row in range(8)]
    assert sum(alone) == pytest.approx(float(loss.total), rel=1e-4)


@pytest.mark.parametrize("method", ["dpo", "orpo"])
def test_thirty_two_preferences_are_learned_by_heart(method: str, folder: Path) -> None:
    found = prepared(folder, method=method, odds_weight=1.0)
    learn(found, 60, 5e-3)
    batch = batch_of(found, range(ROWS))
    with torch.no_grad():
        loss = TASK.loss(found.model, batch)
        answers = TASK.answer(found.tools, found.model, batch, loss.outputs)
    scorer = TASK.scorer(found.tools)
    marks = scorer.add(answers, [{}] * ROWS)
    scores = scorer.scores()
    assert scores.metrics["reward_accuracy"] >= 0.98 and scores.metrics["reward_margin"] > 0.1
    assert [answer.value for answer in answers] == table()["chosen"].tolist() and set(marks) == {("right",)}
    item = TASK.encode(found.tools, [{"prompt": [{"role": "user", "content": "the film"}]}])
    (said,) = TASK.answer(found.tools, found.model, Batch(found.collate(item), item))
    assert isinstance(said.value, str) and "margin" not in said.details


def test_the_formulas() -> None:
    sums, reference = torch.tensor([[-2.0, -5.0], [-3.0, -1.0]]), torch.tensor([[-2.5, -4.0], [-2.0, -1.0]])
    margins = [0.5 - -1.0, -1.0 - 0.0]
    expected = [-math.log(1 / (1 + math.exp(-0.3 * margin))) for margin in margins]
    assert dpo(sums, reference, 0.3).tolist() == pytest.approx(expected)
    sizes = torch.tensor([[2, 5], [3, 2]])
    found = orpo(sums, sizes, 0.7)
    for at in range(2):
        better, worse = (math.exp(float(sums[side, at] / sizes[side, at])) for side in (0, 1))
        ratio = math.log((better / (1 - better)) / (worse / (1 - worse)))
        assert float(found[at]) == pytest.approx(
            -math.log(better) - 0.7 * math.log(1 / (1 + math.exp(-ratio))), rel=1e-5
        )


def test_log_probabilities_are_those_of_the_last_answer_alone() -> None:
    assert last_run([False, True, True, False, True, True, False]) == [False] * 4 + [True, True, False]
    assert last_run([False]) == [False]
    logits = torch.randn(4, 5, 7, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[-100, -100, 3, 4, -100], [-100, 2, -100, -100, -100], [-100, -100, -100, 1, 6], [-100] * 5])
    sums, sizes = pair_logs(logits, labels)
    logs = logits.log_softmax(-1)
    assert float(sums[0, 0]) == pytest.approx(float(logs[0, 1, 3] + logs[0, 2, 4]), rel=1e-5)
    assert float(sums[1, 0]) == pytest.approx(float(logs[2, 2, 1] + logs[2, 3, 6]), rel=1e-5)
    assert sizes.tolist() == [[2, 1], [2, 1]] and float(sums[1, 1]) == 0.0


def test_the_same_answer_twice_teaches_nothing() -> None:
    rows = pandas.DataFrame({"row": [1, 2], "prompt": ["a"] * 2, "chosen": ["b", "c"], "rejected": ["b ", "d"]})
    (told,) = TASK.check(rows, None)
    assert told.row == 1 and told.drops
    assert PairScorer().scores().metrics == {}
