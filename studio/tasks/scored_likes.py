"""How recommendations are scored, and what plainer ways of recommending reach: popularity, and what the same people
like (item-kNN), which anybody would try first."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.language import _, plural, sentences
from studio.metrics.ranking import COVERAGE, NDCG_10, ranking_metrics
from studio.tasks.base import RIGHT, WRONG, Answer, Marks, Row, Scores
from studio.tasks.ranking import MOST_COMPARED, kind_of, rank_of, ranking_scores

if TYPE_CHECKING:
    import numpy
    import pandas


class RecommendationScorer:
    """Means over the rows, each with one thing that was liked next. catalogue: see `CATALOGUE`."""

    def __init__(self, catalogue: Mapping[str, int]) -> None:
        self._catalogue = catalogue
        self._metrics: list[dict[str, float]] = []
        self._cold: list[float] = []
        self._kinds: Counter[str] = Counter()
        self._shown: set[str] = set()
        self._strangers = 0

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks: list[Marks] = []
        for answer, row in zip(answers, rows, strict=True):
            ranks = answer.details["ranks"]
            self._metrics.append(ranking_metrics(ranks))
            if not self._catalogue.get(row["item"].strip(), 0):
                self._cold.append(self._metrics[-1][NDCG_10.name])
            self._strangers += not row["liked"]
            self._shown |= {each["text"] for each in answer.value}
            self._kinds[kind_of(ranks)] += 1
            marks.append((kind_of(ranks), RIGHT if ranks[0] == 1 else WRONG))
        return marks

    def scores(self) -> Scores:
        if not self._metrics:
            return Scores({})
        counted = plural("{n:,} recommendation", "{n:,} recommendations", len(self._metrics))
        scores = ranking_scores(self._metrics, self._kinds, counted, *self._remarks())
        scores.metrics[COVERAGE.name] = len(self._shown) / max(1, len(self._catalogue))
        return scores

    def _remarks(self) -> list[str]:
        """How many things there are, and what is new to the model."""
        all_things = plural("There is {n:,} thing to recommend.", "There are {n:,} things to recommend.",
                            len(self._catalogue))  # fmt: skip
        remarks = [all_things]
        if self._cold:
            told = plural(
                "{n:,} row asks for a thing that nobody liked in the training (a cold item); its nDCG@10 is {value}.",
                "{n:,} rows ask for things that nobody liked in the training (cold items); their nDCG@10 is {value}.",
                len(self._cold),
                value=NDCG_10.text(sum(self._cold) / len(self._cold)),
            )
            remarks.append(told)
        if self._strangers:
            told = plural(
                "In {n:,} row nothing is known of the person (a cold user): what most people like is recommended.",
                "In {n:,} rows nothing is known of the person (cold users): what most people like is recommended.",
                self._strangers,
            )
            remarks.append(told)
        return remarks


def plainer_ways(table: "pandas.DataFrame") -> tuple[str, ...]:
    """What they reach on the test rows, or the validation rows without any, in sentences. table: with its splits."""
    parts = dict(list(table.groupby("split")))
    judged = parts.get("test", parts.get("validation"))
    if judged is None or "train" not in parts:
        return ()
    values = {
        name: NDCG_10.text(mean_ndcg(ranks)) for name, ranks in plainer_ranks_of(table, judged[:MOST_COMPARED]).items()
    }
    popular = _("Always recommending what most people like reaches an nDCG@10 of {value}.", value=values["popularity"])
    return (sentences(popular, _("What the same people like (item-kNN) reaches {value}.", value=values["neighbours"])),)


def plainer_ranks_of(table: "pandas.DataFrame", judged: "pandas.DataFrame") -> "dict[str, numpy.ndarray]":
    """judged: rows of the table that are asked; those that train are learned from."""
    learned = table[table["split"] == "train"]
    likes = list(zip(learned["user"].str.strip(), learned["item"].str.strip(), strict=True))
    asked = list(zip(map(json.loads, judged["liked"]), judged["item"].str.strip(), strict=True))
    return plainer_ranks(likes, asked, table["item"].str.strip().drop_duplicates().tolist())


def mean_ndcg(ranks: "numpy.ndarray") -> float:
    return sum(ranking_metrics([rank])[NDCG_10.name] for rank in ranks.tolist()) / max(1, len(ranks))


def plainer_ranks(
    likes: Sequence[tuple[str, str]], asked: Sequence[tuple[Sequence[str], str]], catalogue: Sequence[str]
) -> "dict[str, numpy.ndarray]":
    """The rank of what was liked next, by the plainest recommenders: "popularity", what most people like, and
    "neighbours", what the same people like as what was liked before (item-kNN: cosine of who likes it, Sarwar et al.
    2001).

    likes: (person, thing) to learn from. asked: (liked before, liked next).
    """
    import numpy
    from scipy.sparse import csr_array, diags_array

    places = {text: place for place, text in enumerate(catalogue)}
    people = {user: place for place, user in enumerate(dict.fromkeys(user for user, _item in likes))}
    rows, columns = ([people[user] for user, _item in likes], [places[item] for _user, item in likes])
    table = csr_array((numpy.ones(len(likes)), (rows, columns)), shape=(len(people), len(places)))
    popular = numpy.asarray(table.sum(axis=0), dtype="float64")
    alike = table @ diags_array(1.0 / numpy.sqrt(numpy.maximum(popular, 1.0)))
    ranks: dict[str, list[int]] = {"popularity": [], "neighbours": []}
    for liked, item in asked:
        before = [places[text] for text in liked if text in places and text != item]
        picked = numpy.zeros(len(places))
        picked[before] = 1.0
        near = alike.T @ (alike @ picked) if before else popular.copy()  # never all pairs, which fit into no memory
        for name, scores in (("popularity", popular.copy()), ("neighbours", near)):
            scores[before] = -numpy.inf
            ranks[name].append(rank_of(scores, places[item]))
    return {name: numpy.array(found) for name, found in ranks.items()}
