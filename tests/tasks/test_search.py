"""Searching: the loss of sentence-transformers, the metrics of scikit-learn, and pairs learned by heart."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import tiny
import torch
from overfitting import QUESTIONS, ROWS, overfit
from prepared import prepare_table
from sklearn.metrics import ndcg_score

from studio.engine.answering import answer_rows
from studio.errors import StudioError
from studio.metrics.ranking import ranking_metrics
from studio.tasks import TASKS
from studio.tasks.base import RIGHT, WRONG, Answer
from studio.tasks.embedding import ranking_loss
from studio.tasks.loading import Bundle
from studio.tasks.ranking import RankingScorer, ranked, words_ndcg


def queries() -> pandas.DataFrame:
    """Thirty-two: each question beside the same one in other words, and the beginning of each other one beside it."""
    rows = [
        row
        for first, same, other in QUESTIONS
        for row in (
            {"query": first, "match": same, "negative": other},
            {"query": " ".join(other.split()[:4]), "match": other, "negative": ""},
        )
    ]
    return pandas.DataFrame(rows)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = tiny.words_of(text for column in queries() for text in queries()[column])
    return tiny.write_text_model(tmp_path_factory.mktemp("search") / "model", words)


def test_thirty_two_queries_are_learned_by_heart(model: Path) -> None:
    table = queries()
    scores, answers, found = overfit("search", table, model, steps=80)
    assert len(table) == ROWS and scores.metrics["mrr"] >= 0.95 and scores.metrics["ndcg_10"] >= 0.95
    bundle = Bundle(found.task, found.model, found.tools, table=lambda: table.assign(split="train"))
    for _unused in range(2):  # the catalogue is read once
        alone = answer_rows(bundle, [{"query": query} for query in table["query"]])
        assert [each.value[0]["text"] for each in alone] == [each.value[0]["text"] for each in answers]
        assert len(bundle.known) == 1


@pytest.mark.parametrize("with_negatives", [False, True])
def test_the_loss_is_that_of_sentence_transformers(with_negatives: bool) -> None:
    """MultipleNegativesRankingLoss: cross-entropy over scale * cosines with all matches and negatives."""
    torch.manual_seed(0)
    sides = ("query", "match", "negative") if with_negatives else ("query", "match")
    vectors = {side: torch.nn.functional.normalize(torch.randn(5, 7), dim=-1) for side in sides}
    items = [{side: f"{side} {place}" for side in sides} for place in range(5)]
    candidates = torch.cat([vectors[side] for side in sides[1:]])
    expected = torch.nn.functional.cross_entropy(20 * vectors["query"] @ candidates.T, torch.arange(5))
    loss = ranking_loss(vectors, items)
    torch.testing.assert_close(loss.mean, expected)
    assert loss.units == 5


def test_what_is_right_is_no_negative() -> None:
    """The same match twice in a batch, another match of the same query, and a negative that is right elsewhere."""
    torch.manual_seed(0)
    vectors = {side: torch.nn.functional.normalize(torch.randn(3, 4), dim=-1) for side in ("query", "match")}
    vectors["negative"] = torch.nn.functional.normalize(torch.randn(1, 4), dim=-1)
    items: list[dict[str, Any]] = [
        {"query": "a", "match": "x"}, {"query": "b", "match": "x"}, {"query": "a", "match": "y", "negative": "x"},
    ]  # fmt: skip
    scores = 20 * vectors["query"] @ torch.cat([vectors["match"], vectors["negative"]]).T
    rows = [([0], 0), ([1, 2], 1), ([2], 2)]  # the candidates that stay for each query, and its own
    losses = [scores[row, kept].logsumexp(0) - scores[row, own] for row, (kept, own) in enumerate(rows)]
    torch.testing.assert_close(ranking_loss(vectors, items).mean, torch.stack(losses).mean())


def test_wrong_matches_are_learned_from_where_the_first_row_has_none(model: Path) -> None:
    table = queries()[::-1].assign(row=range(1, ROWS + 1), split="train")
    items = prepare_table("search", table, model).examples["train"].plain(range(ROWS))
    assert ["negative" in item for item in items] == [False, True] * (ROWS // 2)


def test_metrics_are_those_of_scikit_learn_on_random_rankings() -> None:
    rng = numpy.random.default_rng(0)
    for _unused in range(50):
        scores, relevant = rng.normal(size=40), rng.random(40) < 0.1
        if not relevant.any():
            continue
        order = numpy.argsort(-scores)
        ranks = [place + 1 for place, item in enumerate(order) if relevant[item]]
        metrics = ranking_metrics(ranks)
        assert metrics["ndcg_10"] == pytest.approx(ndcg_score([relevant], [scores], k=10))
        assert metrics["mrr"] == pytest.approx(1 / min(ranks))
        assert metrics["recall_10"] == pytest.approx(relevant[order[:10]].sum() / relevant.sum())
        assert metrics["accuracy_1"] == float(relevant[order[0]])


def said(query: str, match: str, query_vector: list[float], match_vector: list[float]) -> Answer:
    vectors = {"query_vector": numpy.array(query_vector), "match_vector": numpy.array(match_vector)}
    return Answer(None, {"query": query, "match": match, **vectors})


def test_everything_that_is_right_for_a_query_counts_and_each_query_once() -> None:
    answers = [
        said("a", "x", [1, 0], [1, 0]), said("a", "y", [1, 0], [0, 1]), said("b", "z", [0, 1], [0.6, 0.8]),
    ]  # fmt: skip
    found = ranked(answers, answers)
    assert [each["text"] for each in found[0].value] == ["x", "z", "y"]
    assert [answer.details["ranks"] for answer in found] == [[1, 3], [1, 3], [2]]
    scorer = RankingScorer()
    rows = [{"query": each.details["query"], "match": each.details["match"]} for each in answers]
    marks = scorer.add(found, rows)
    scores = scorer.scores()
    assert [mark[-1] for mark in marks] == [RIGHT, RIGHT, WRONG]
    assert scores.metrics["mrr"] == pytest.approx((1 + 1 / 2) / 2) and scores.metrics["accuracy_1"] == 0.5
    assert scores.intervals["ndcg_10"].counted == "2 queries"
    assert "3 texts were searched" in scores.remarks[0]


def test_equal_scores_take_the_order_of_the_catalogue() -> None:
    answers = [said(str(place), f"text {place}", [1.0], [1.0]) for place in range(15)]
    found = ranked(answers, answers)
    assert [each["text"] for each in found[14].value] == [f"text {place}" for place in range(10)]
    assert [answer.details["ranks"] for answer in found] == [[place] for place in range(1, 16)]


def test_words_in_common_are_the_measure_to_beat() -> None:
    assert words_ndcg([("red coat", "coat of wool, red"), ("blue hat", "hat, blue")]) == 1.0
    assert words_ndcg([("?", "!"), ("!", "?")]) == 0.0


def test_wrong_rows_are_told_in_words() -> None:
    table = pandas.DataFrame(
        {"row": [1, 2], "query": ["a", "b"], "match": ["a", "c"], "negative": ["", "c"], "split": "train"}
    )
    task = TASKS["search"]
    same, wrong = task.check(table, None)
    assert (same.row, same.drops) == (1, False) and (wrong.row, wrong.drops) == (2, True)
    with pytest.raises(StudioError, match="nothing to search among"):
        task.check(table.assign(match="a"), None)


def test_the_finished_model_searches_the_test_rows_first_or_what_it_is_given() -> None:
    table = pandas.DataFrame({"match": ["one", "two", "three"], "split": ["train", "test", "train"]})
    task = TASKS["search"]
    assert [row["match"] for row in task.known(task.Options(), lambda: table)] == ["two", "one", "three"]
    given = task.Options.read({"catalogue": "red coat\n\n blue hat \nred coat"})
    assert [row["match"] for row in task.known(given, lambda: table)] == ["red coat", "blue hat"]
