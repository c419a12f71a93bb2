"""How well answers from a passage are scored: the words in common, and how many are right to the word."""

from collections import Counter
from collections.abc import Sequence

import numpy

from studio.language import _, plural
from studio.metrics.found import F1
from studio.metrics.intervals import resampled, share_interval
from studio.metrics.quotes import EXACT_MATCH, is_exact, word_overlap
from studio.tasks.base import RIGHT, WRONG, Answer, Marks, Row, Scores, View

EXACT, PARTLY, OTHER = _("Exactly right"), _("Partly right"), _("Another piece")
MISSED, MADE_UP = _("Answered nothing, though there is an answer"), _("Answered, though there is no answer")
KINDS = (EXACT, PARTLY, OTHER, MISSED, MADE_UP)


class QuoteScorer:
    """Mean F1 of the words and exact match, as SQuAD counts them, and what kinds of mistakes there are."""

    def __init__(self) -> None:
        self._overlaps: list[float] = []
        self._exact = 0
        self._kinds: Counter[str] = Counter()

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks: list[Marks] = []
        for answer, row in zip(answers, rows, strict=True):
            right = [quote.text for quote in row["answers"]]
            overlap, exact = word_overlap(answer.value, right), is_exact(answer.value, right)
            kind = _kind(bool(answer.value), bool(right), exact, overlap)
            self._overlaps.append(overlap)
            self._exact += exact
            self._kinds[kind] += 1
            marks.append((kind, RIGHT if exact else WRONG))
        return marks

    def scores(self) -> Scores:
        count = len(self._overlaps)
        if not count:
            return Scores({})
        counted = plural("{n:,} question", "{n:,} questions", count)
        f1 = resampled(counted, numpy.array(self._overlaps)[:, None], lambda sums: sums[:, 0] / count)
        metrics = {F1.name: sum(self._overlaps) / count, EXACT_MATCH.name: self._exact / count}
        bars = [{"title": kind, "value": self._kinds[kind], "mark": str(kind)} for kind in KINDS if self._kinds[kind]]
        view = View("bars", _("How answers are right or wrong"), {"bars": bars})
        return Scores(metrics, (view,), {F1.name: f1, EXACT_MATCH.name: share_interval(self._exact, count)})


def _kind(answered: bool, there: bool, exact: bool, overlap: float) -> str:
    if exact:
        return EXACT
    if answered != there:
        return MADE_UP if answered else MISSED
    return PARTLY if overlap else OTHER
