"""Recommending: likes learned by heart, a loss and metrics computed another way, and plain words about wrong rows."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import tiny
import torch
from overfitting import QUESTIONS, ROWS, overfit
from sklearn.metrics import ndcg_score

from studio.app.drafts import Draft
from studio.app.split_section import told
from studio.data.assembly import assemble
from studio.data.fields import FIELDS
from studio.data.fields import liked as liked_field
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import DataOptions, ReadingOptions
from studio.engine.answering import answer_rows
from studio.errors import StudioError
from studio.paths import Home
from studio.tasks import TASKS
from studio.tasks.base import Answer
from studio.tasks.liking import Vectors, liking_loss, recommended
from studio.tasks.loading import Bundle
from studio.tasks.scored_likes import RecommendationScorer, mean_ndcg, plainer_ranks

TASK = TASKS["recommendation"]
DISHES = [text for texts in QUESTIONS for text in texts]  # forty-eight texts
LIMITS = Limits()


def likes() -> pandas.DataFrame:
    """Thirty-two rows: whoever liked two of the first things likes one of the others next."""
    rows = [
        {"liked": json.dumps([DISHES[place], DISHES[(place * 7 + 3) % ROWS]]), "item": DISHES[16 + place]}
        for place in range(ROWS)
    ]
    return pandas.DataFrame(rows).assign(user=[str(place) for place in range(ROWS)])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_text_model(tmp_path_factory.mktemp("likes") / "model", tiny.words_of(DISHES))


def test_thirty_two_likes_are_learned_by_heart(model: Path) -> None:
    table = likes()
    scores, answers, found = overfit("recommendation", table, model, steps=150)
    assert scores.metrics["mrr"] >= 0.95 and scores.metrics["ndcg_10"] >= 0.95
    bundle = Bundle(found.task, found.model, found.tools, table=lambda: table)
    alone = answer_rows(bundle, [{"liked": json.loads(cell)} for cell in table["liked"]])
    assert [each.value[0]["text"] for each in alone] == [each.value[0]["text"] for each in answers]
    for liked, answer in zip(table["liked"], alone, strict=True):
        assert answer.value[0]["why"] in json.loads(liked)
        assert not {each["text"] for each in answer.value} & set(json.loads(liked))
    strange = answer_rows(bundle, [{"liked": ["A thing that nobody knows"]}, {"liked": []}])
    assert strange[0].value[0]["why"] == "A thing that nobody knows" and strange[1].value[0]["why"] == ""


def test_the_loss_takes_off_how_often_things_are_drawn_and_spares_what_is_liked() -> None:
    """Cross-entropy over the things of the batch but the person's others, each score less the log of its chance."""
    torch.manual_seed(0)
    texts = {text: place for place, text in enumerate("abcde")}
    values = torch.nn.functional.normalize(torch.randn(5, 4), dim=-1)
    items: list[dict[str, Any]] = [
        {"liked": ["a", "b"], "item": "c", "user": "one"}, {"liked": ["a"], "item": "d", "user": "one"},
        {"liked": ["d"], "item": "e", "user": "two"}, {"item": "a", "user": "three"},
    ]  # fmt: skip
    counts = {"a": 5, "b": 1, "c": 2, "d": 1, "e": 0}
    chances = [1 - (1 - max(1, count) / 9) ** 7 for count in counts.values()]  # seven texts are drawn
    losses = []
    for liked, own, kept in (([0, 1], 2, [2, 4]), ([0], 3, [3, 4]), ([3], 4, [0, 1, 2, 4])):
        person = torch.nn.functional.normalize(values[liked].mean(0), dim=0)
        scores = 20 * values @ person - torch.tensor(chances).log()
        losses.append(scores[kept].logsumexp(0) - scores[own])
    loss = liking_loss(Vectors(texts, values), items, counts)
    torch.testing.assert_close(loss.mean, torch.stack(losses).mean())
    assert loss.units == 3, "a row of which nothing is known before is not counted"
    assert liking_loss(Vectors({"a": 0}, values[:1]), items[3:], counts).units == 0


def said(item: str, vector: list[float], liked: list[str], person: list[float], count: int = 1) -> Answer:
    values = {"vector": numpy.array(vector, "float32"), "person": numpy.array(person, "float32")}
    return Answer(None, {"item": item, "liked": liked, "seen": [], "likes": count, "strange": {}, **values})


def test_metrics_are_those_of_scikit_learn_among_what_was_not_liked_before() -> None:
    rng = numpy.random.default_rng(0)
    vectors = rng.normal(size=(40, 6))
    names = [f"thing {place}" for place in range(40)]
    catalogue = [said(name, list(vector), [], [0.0] * 6) for name, vector in zip(names, vectors, strict=True)]
    expected, asked, rows, shown = [], [], [], set()
    for _unused in range(60):
        *liked, right = rng.choice(40, size=4, replace=False)
        person = vectors[liked].mean(0)
        asked.append(said(names[right], list(vectors[right]), [names[each] for each in liked], list(person)))
        rows.append({"item": names[right], "liked": asked[-1].details["liked"]})
        others = [place for place in range(40) if place not in liked]
        scores = vectors[others] @ person
        expected.append(ndcg_score([[place == right for place in others]], [scores], k=10))
        shown |= {others[place] for place in numpy.argsort(-scores)[:10]}
    found = recommended(asked, [*asked, *catalogue])
    scorer = RecommendationScorer(dict.fromkeys(names, 1))
    scorer.add(found, rows)
    scores_ = scorer.scores()
    assert scores_.metrics["ndcg_10"] == pytest.approx(numpy.mean(expected))
    assert scores_.metrics["coverage"] == len(shown) / 40
    for answer, row in zip(found, rows, strict=True):
        best = vectors[names.index(answer.value[0]["text"])]
        assert answer.value[0]["why"] == max(row["liked"], key=lambda text: best @ vectors[names.index(text)])


def test_new_things_and_new_people_are_named() -> None:
    things: list[tuple[str, list[float], int]] = [("old", [1, 0], 3), ("older", [0.9, 0.1], 5), ("new", [0, 1], 0)]
    known = [said(text, vector, [], [0, 0], count) for text, vector, count in things]
    asked = [said("old", [1, 0], [], [0, 0], 3), said("new", [0, 1], ["old"], [1, 0], 0)]
    found = recommended(asked, known)
    assert [each["text"] for each in found[0].value] == ["older", "old", "new"], "most people like it"
    scorer = RecommendationScorer({"old": 3, "older": 5, "new": 0})
    scorer.add(found, [{"item": "old", "liked": []}, {"item": "new", "liked": ["old"]}])
    counted, cold, strangers = scorer.scores().remarks
    assert "3 things" in counted and cold.startswith("1 row asks") and strangers.startswith("In 1 row")


def test_plainer_ways_are_what_they_are_called() -> None:
    likes_ = [("1", "a"), ("1", "b"), ("2", "a"), ("2", "b"), ("3", "c"), ("3", "d"), ("4", "a"), ("5", "c")]
    found = plainer_ranks(likes_, [(["a"], "b"), (["c"], "d"), ([], "a")], list("abcd"))
    assert found["neighbours"].tolist() == [1, 1, 1]
    assert found["popularity"].tolist() == [1, 3, 1]
    assert mean_ndcg(numpy.array([1, 11])) == 0.5


# --- the rows ------------------------------------------------------------------------------------


def imported(folder: Path, text: str) -> Imported:
    file = folder / "likes.csv"
    file.write_text(text, encoding="utf-8")
    return import_source(str(file), ReadingOptions(), Home(folder / "home"), LIMITS, lambda *_unused: None, None)


def assembled(folder: Path, text: str) -> Any:
    return assemble(imported(folder, text), DataOptions(source="likes.csv"), TASK.columns, TASK.check)


ROWS_OF_ONE = [f"anna,dish number {place},2026-01-{place:02}" for place in range(1, 11)]


def test_the_last_likes_are_tested_and_what_is_known_lies_before(tmp_path: Path) -> None:
    rows = [*ROWS_OF_ONE[::-1], "ben,dish number 3,2026-02-01", "ben,dish number 3,2026-02-02"]
    found = assembled(tmp_path, "\n".join(["user,item,time", *rows]))
    table = found.table.set_index("item")
    anna = table[table["user"] == "anna"]
    assert anna["split"].to_dict() == {
        f"dish number {place}": "test" if place == 10 else "validation" if place == 9 else "train"
        for place in range(1, 11)
    }
    for place in range(1, 11):
        assert json.loads(anna.loc[f"dish number {place}", "liked"]) == [f"dish number {k}" for k in range(1, place)]
    assert list(table[table["user"] == "ben"]["split"]) == ["train"]
    assert "last ones that each person liked" in found.together and found.together in found.notes
    assert told(Draft(id="a"), found) == "Split: 82% train, 9% validation, 9% test, person by person"
    assert [problem.what for problem in found.problems if problem.drops] == ["The same person has this thing already."]


def test_without_a_time_the_order_is_drawn_once(tmp_path: Path) -> None:
    text = "\n".join(["user,item", *(row.rsplit(",", 1)[0] for row in ROWS_OF_ONE)])
    one, other = assembled(tmp_path, text).table, assembled(tmp_path, text).table
    pandas.testing.assert_frame_equal(one, other)
    liked = one.set_index("item")["liked"].map(json.loads)
    assert sorted(map(len, liked)) == list(range(10)) and list(map(len, liked)) != list(range(10))
    tested = one.loc[one["split"] == "test", "item"].item()
    assert not any(tested in before for before in liked), "what is tested is never known before"


@pytest.mark.parametrize(
    ("low", "high", "why"),
    [("2", "5", "Ratings from 3.5 on"), ("0", "1", "above 0"), ("many", "5", "nobody knows"), ("-1", "1", "above 0")],
)
def test_what_is_rated_low_is_left_out_and_said(tmp_path: Path, low: str, high: str, why: str) -> None:
    rows = [f"{row},{low if place == 4 else high}" for place, row in enumerate(ROWS_OF_ONE)]
    found = assembled(tmp_path, "\n".join(["user,item,time,rating", *rows]))
    assert "dish number 5" not in set(found.table["item"]) and len(found.table) == 9
    assert all("dish number 5" not in cell for cell in found.table["liked"])
    (problem,) = [each for each in found.problems if each.drops]
    assert problem.row == 5 and why in problem.why


def test_wrong_tables_are_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="Which column is 'Person'"):
        assembled(tmp_path, "\n".join(["what,item", *(row.rsplit(",", 1)[0] for row in ROWS_OF_ONE)]))
    with pytest.raises(StudioError, match="Nobody likes two different things"):
        assembled(tmp_path, "\n".join(["user,item", *(f"person {place},dish number {place}" for place in range(9))]))
    rows = [f"{row.rsplit(',', 1)[0]},some day" for row in ROWS_OF_ONE]
    found = assembled(tmp_path, "\n".join(["user,item,time", *rows]))
    assert "The times cannot be read." in [problem.what for problem in found.problems]


def test_whoever_likes_everything_takes_no_memory_for_all_pairs() -> None:
    things = [f"thing {place}" for place in range(3000)]
    tracemalloc.start()
    ranks = plainer_ranks([("anna", thing) for thing in things], [(things[:2], things[5])], things)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    assert ranks["neighbours"][0] == ranks["popularity"][0] == 4, "all are alike, so the first come first"


def test_what_is_kept_of_the_past_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long texts, or many rows: each keeps as many of its last likes as all have room for, and one at least."""
    table = pandas.DataFrame({"user": "anna", "item": [f"{place:02}" + "x" * 98 for place in range(40)]}, dtype="str")
    roles = {"user": "user", "item": "item"}
    whole = [len(json.loads(cell)) for cell in FIELDS["liked"].gather(table, roles)]
    assert sorted(whole) == list(range(40))
    monkeypatch.setattr(liked_field, "MOST_LETTERS", 40 * 350)
    assert max(len(json.loads(cell)) for cell in FIELDS["liked"].gather(table, roles)) == 3
    monkeypatch.setattr(liked_field, "MOST_LETTERS", 1)
    assert max(len(json.loads(cell)) for cell in FIELDS["liked"].gather(table, roles)) == 1
    assert [len(json.loads(cell)) for cell in FIELDS["liked"].asked(table, roles)[1]] == [1]
