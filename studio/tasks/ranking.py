"""How answers are made and scored that put things into an order: of everything that is known, the nearest first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.language import _, plural, sentences
from studio.metrics.intervals import resampled, share_interval
from studio.metrics.ranking import ACCURACY_1, NDCG_10, TOP, ranking_metrics
from studio.tasks.base import RIGHT, WRONG, Answer, Marks, Row, Scores, View

if TYPE_CHECKING:
    import numpy

AT_ONCE = 256  # queries that are compared with everything
MOST_COMPARED = 2000  # rows that words are compared for
FIRST, NEXT, TENTH, HUNDREDTH, LATER = (
    _("In the first place"),
    _("In the second or third place"),
    _("Among the first ten"),
    _("Among the first hundred"),
    _("Further behind"),
)
PLACES = ((1, FIRST), (3, NEXT), (TOP, TENTH), (100, HUNDREDTH))
KINDS = (FIRST, NEXT, TENTH, HUNDREDTH, LATER)


def ranked(answers: Sequence[Answer], known: Sequence[Answer]) -> list[Answer]:
    """For each query the nearest of all known matches.

    answers: of queries, details["query"] and ["query_vector"]. known: details["match"], ["match_vector"], perhaps with
    the query that each belongs to. The result's value is [{"text", "score"}], the best first; details["ranks"] are the
    places of all that is known to be right.
    """
    import numpy

    catalogue: dict[str, Any] = {}
    right: dict[str, set[str]] = {}
    for each in known:
        if "match" in each.details:
            catalogue.setdefault(each.details["match"], each.details["match_vector"])
            if "query" in each.details:
                right.setdefault(each.details["query"], set()).add(each.details["match"])
    if not catalogue:
        return [Answer([]) for _unused in answers]
    texts, matches = list(catalogue), numpy.stack(list(catalogue.values()))
    places = {text: place for place, text in enumerate(texts)}
    result = []
    for start in range(0, len(answers), AT_ONCE):
        some = answers[start : start + AT_ONCE]
        scores = numpy.stack([each.details["query_vector"] for each in some]) @ matches.T
        for answer, row in zip(some, scores, strict=True):
            best = best_places(row)
            found = [{"text": texts[place], "score": round(float(row[place]), 4)} for place in best]
            wanted = [places[text] for text in sorted(right.get(answer.details["query"], ()))]
            details = {"ranks": sorted(rank_of(row, place) for place in wanted)} if wanted else {}
            result.append(Answer(found, details))
    return result


def best_places(scores: "numpy.ndarray") -> list[int]:
    """The places of the highest scores, the highest first, of equal ones the first."""
    import numpy

    count = min(TOP, len(scores))
    least = numpy.partition(scores, len(scores) - count)[len(scores) - count]
    near = numpy.flatnonzero(scores >= least)
    return [int(place) for place in near[numpy.argsort(-scores[near], kind="stable")][:count]]


def rank_of(scores: "numpy.ndarray", place: int) -> int:
    """From 1; of equal scores the first comes first."""
    return int(1 + (scores > scores[place]).sum() + (scores[:place] == scores[place]).sum())


def kind_of(ranks: Sequence[int]) -> str:
    """In words, where the first of what is right stands."""
    return next((kind for most, kind in PLACES if ranks[0] <= most), LATER)


def ranking_scores(each: Sequence[Mapping[str, float]], kinds: Counter[str], counted: str, *remarks: str) -> Scores:
    """each: the metrics of each ranking. kinds: how often which of `KINDS`. counted: what was ranked, in words."""
    import numpy

    count = len(each)
    metrics = {name: sum(one[name] for one in each) / count for name in each[0]}
    ndcg = numpy.array([[one[NDCG_10.name]] for one in each])
    intervals = {
        NDCG_10.name: resampled(counted, ndcg, lambda sums: sums[:, 0] / count),
        ACCURACY_1.name: share_interval(round(sum(one[ACCURACY_1.name] for one in each)), count),
    }
    bars = [{"title": kind, "value": kinds[kind], "mark": str(kind)} for kind in KINDS if kinds[kind]]
    view = View("bars", _("Where the right one stands"), {"bars": bars})
    return Scores(metrics, (view,), intervals, remarks)


class RankingScorer:
    """Means over the queries, each counted once, however many matches it has."""

    def __init__(self, query: str = "query", match: str = "match") -> None:
        self._query, self._match = query, match
        self._metrics: dict[str, dict[str, float]] = {}
        self._pairs: list[tuple[str, str]] = []
        self._kinds: Counter[str] = Counter()

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks: list[Marks] = []
        for answer, row in zip(answers, rows, strict=True):
            query, ranks = str(row[self._query]), answer.details["ranks"]
            kind = kind_of(ranks)
            self._metrics.setdefault(query, ranking_metrics(ranks))
            self._pairs.append((query, str(row[self._match])))
            self._kinds[kind] += 1
            marks.append((kind, RIGHT if ranks[0] == 1 else WRONG))
        return marks

    def scores(self) -> Scores:
        if not self._metrics:
            return Scores({})
        counted = plural("{n:,} query", "{n:,} queries", len(self._metrics))
        return ranking_scores(list(self._metrics.values()), self._kinds, counted, self._words())

    def _words(self) -> str:
        """What comparing words reaches, which anybody would try first."""
        pairs = self._pairs[:MOST_COMPARED]
        matches = len({match for _unused, match in pairs})
        searched = plural("{n:,} text was searched.", "{n:,} texts were searched.", matches)
        value = NDCG_10.text(words_ndcg(pairs))
        return sentences(searched, _("Comparing words alone (TF-IDF) reaches an nDCG@10 of {value}.", value=value))


def words_ndcg(pairs: Sequence[tuple[str, str]]) -> float:
    """The nDCG@10 of a search by words in common, rare words counting more. pairs: (query, match), not empty."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    queries = list(dict.fromkeys(query for query, _match in pairs))
    matches = {match: place for place, match in enumerate(dict.fromkeys(match for _query, match in pairs))}
    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", sublinear_tf=True)
    try:
        words.fit([*queries, *matches])
    except ValueError:  # there is no word in any of them
        return 0.0
    right: dict[str, set[int]] = {}
    for query, match in pairs:
        right.setdefault(query, set()).add(matches[match])
    scores = (words.transform(queries) @ words.transform(list(matches)).T).toarray()
    found = [
        ranking_metrics([rank_of(row, place) for place in right[query]])
        for query, row in zip(queries, scores, strict=True)
    ]
    return sum(each[NDCG_10.name] for each in found) / len(found)
