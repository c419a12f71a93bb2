"""Pairs of texts: read together as the model's own marks say, and learned by heart."""

from pathlib import Path
from types import SimpleNamespace

import numpy
import pandas
import pytest
import tiny
import torch
from overfitting import QUESTIONS, ROWS, overfit
from prepared import prepare_table
from scipy.stats import spearmanr
from sklearn.metrics import accuracy_score, f1_score

from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.metrics.numbers import rank_interval
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer, Tools


def pairs() -> pandas.DataFrame:
    """Thirty-two: each question beside the same one in other words, and beside another one."""
    rows = [
        {"text": one, "second": other, "label": label, "number": str(score)}
        for place, (one, same, different) in enumerate(QUESTIONS)
        for other, label, score in ((same, "same", 4 + place % 2), (different, "other", place % 3))
    ]
    return pandas.DataFrame(rows)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = pairs()
    words = tiny.words_of([*table["text"], *table["second"]])
    folder = tiny.write_text_model(tmp_path_factory.mktemp("pairs") / "model", words)
    tiny.write_tokenizer(folder, words, model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    return folder


def test_thirty_two_pairs_of_questions_are_learned_by_heart(model: Path) -> None:
    scores, _, _ = overfit("text-pairs", pairs()[["text", "second", "label"]], model)
    assert len(pairs()) == ROWS and scores.metrics["f1_macro"] >= 0.98


def test_their_scores_are_learned_by_heart(model: Path) -> None:
    scores, _, found = overfit("text-similarity", pairs()[["text", "second", "number"]], model)
    assert scores.metrics["spearman"] >= 0.95 and scores.metrics["rmse"] <= 0.2
    worth = scores.intervals["spearman"]
    assert worth.low is not None and worth.low < scores.metrics["spearman"]
    assert found.model.config.problem_type == "regression"


def test_the_model_is_told_which_text_is_which_and_nothing_is_lost_of_a_short_one(model: Path) -> None:
    table = pairs()[["text", "second", "label"]].assign(row=range(1, ROWS + 1), split="train")
    table.loc[0, "text"] = "lamp " * 50
    found = prepare_table("text-pairs", table, model, max_length=24)
    tokenizer = found.tools.processor
    item = found.examples["train"].plain([0])[0]
    second = tokenizer.convert_ids_to_tokens(item["input_ids"])[item["token_type_ids"].index(1) :]
    assert len(item["input_ids"]) == 24 and second == [*tiny.words_of([table["second"][0]]), "[SEP]"]
    batch = found.collate(found.examples["train"].plain([0, 1]))
    direct = tokenizer(
        table["text"][:2].tolist(), table["second"][:2].tolist(), truncation=True, max_length=24, padding=True,
        return_tensors="pt",
    )  # fmt: skip
    for name in ("input_ids", "token_type_ids", "attention_mask"):
        assert torch.equal(batch[name], direct[name]), name


@pytest.mark.parametrize(
    ("header", "task", "target"),
    [
        ("sentence1,sentence2,label", "text-pairs", "label"),
        ("hypothesis,premise,gold", "text-pairs", "gold"),
        ("question1,question2,is_duplicate", "text-pairs", "is_duplicate"),
        ("text_a,text_b,score", "text-similarity", "score"),
    ],
)
def test_columns_are_found_by_their_usual_names(
    header: str, task: str, target: str, home: Home, tmp_path: Path
) -> None:
    rows = [
        f"{row.text},{row.second},{row.label if task == 'text-pairs' else row.number}" for row in pairs().itertuples()
    ]
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    imported = import_source(str(path), ReadingOptions(), home, Limits())
    chosen = TASKS[task]
    assembled = assemble(imported, DataOptions(source="-"), chosen.columns, chosen.check)
    first, second, *_ = header.split(",")
    swapped = first == "hypothesis"
    wanted = {"text": second if swapped else first, "second": first if swapped else second}
    assert assembled.columns == {**wanted, chosen.targets[0].name: target}
    assert sum(assembled.rows.values()) == ROWS


def test_scores_are_those_of_scikit_learn_and_scipy_on_random_answers() -> None:
    rng = numpy.random.default_rng(0)
    true, said = rng.choice(["a", "b", "c"], 100), rng.choice(["a", "b", "c"], 100)
    config = SimpleNamespace(id2label={0: "a", 1: "b", 2: "c"}, target_deviation=1.0)
    scorer = TASKS["text-pairs"].scorer(Tools(None, config, None))
    scorer.add([Answer(str(each)) for each in said], [{"label": str(each)} for each in true])
    metrics = scorer.scores().metrics
    assert metrics["accuracy"] == pytest.approx(accuracy_score(true, said))
    assert metrics["f1_macro"] == pytest.approx(f1_score(true, said, average="macro"))
    numbers, guesses = rng.normal(size=100), rng.normal(size=100)
    ranked = TASKS["text-similarity"].scorer(Tools(None, config, None))
    ranked.add([Answer(float(each)) for each in guesses], [{"number": float(each)} for each in numbers])
    assert ranked.scores().metrics["spearman"] == pytest.approx(spearmanr(numbers, guesses).statistic)
    alike = TASKS["text-similarity"].scorer(Tools(None, config, None))
    alike.add([Answer(1.0)] * 3, [{"number": float(each)} for each in range(3)])
    assert alike.scores().metrics["spearman"] == 0.0


def test_the_interval_of_a_rank_correlation_holds_the_true_one() -> None:
    rng, held = numpy.random.default_rng(0), 0
    for _ in range(200):
        x = rng.normal(size=60)
        y = 0.6 * x + 0.8 * rng.normal(size=60)
        worth = rank_interval("", float(spearmanr(x, y).statistic), 60)
        held += worth.low is not None and worth.high is not None and worth.low < 0.582 < worth.high
    assert 180 <= held <= 198
    assert rank_interval("", 0.5, 3).low is None


def test_the_card_asks_for_both_texts() -> None:
    for name in ("text-pairs", "text-similarity"):
        assert TASKS[name].question(['"a"', '"b"']) == '{"text": "a", "text_pair": "b"}'
    assert TASKS["text-classification"].question(['"a text"']) == '"a text"'
