"""How well texts that a model wrote are scored: against the right ones, by corpus and row by row."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from studio.language import _, plural
from studio.metrics.descriptions import CIDER, cider, has_runs
from studio.metrics.generated import CHRF, ROUGE_L, chrf_interval, rouge, sentence_chrf, translation_metrics
from studio.metrics.heard import WER, errors, rates
from studio.metrics.intervals import Interval, resampled, share_interval
from studio.metrics.quotes import EXACT_MATCH, is_exact
from studio.tasks.base import RIGHT, Answer, Marks, Row, Scores, View

BARS = 5  # of the rows' own scores, from 0 to 100
CLOSENESS = _("From {low} to {high} of 100")
RowScores = Mapping[str, float]


class WrittenScorer:
    """each: the scores of one row (answer, right), the first of them from 0 to 100 for the figure.

    total: metrics and intervals of all rows, from what was said, what is right, and the rows' scores.
    remarks: sentences to the metrics.
    """

    def __init__(
        self,
        title: str,
        each: Callable[[str, str], tuple[float, RowScores]],
        total: Callable[
            [Sequence[str], Sequence[str], Sequence[RowScores]], tuple[dict[str, float], dict[str, Interval]]
        ],
        remarks: tuple[str, ...] = (),
    ) -> None:
        self._remarks = remarks
        self._title, self._each, self._total = title, each, total
        self._said: list[str] = []
        self._right: list[str] = []
        self._scores: list[RowScores] = []
        self._bars: Counter[int] = Counter()

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks: list[Marks] = []
        for answer, row in zip(answers, rows, strict=True):
            said, right = str(answer.value), str(row["target"])
            closeness, scores = self._each(said, right)
            place = min(BARS - 1, int(closeness * BARS / 100))
            self._said.append(said)
            self._right.append(right)
            self._scores.append(scores)
            self._bars[place] += 1
            marks.append((closeness_words(place), *([RIGHT] if said.split() == right.split() else [])))
        return marks

    def scores(self) -> Scores:
        if not self._said:
            return Scores({})
        metrics, intervals = self._total(self._said, self._right, self._scores)
        view = View("histogram", self._title, {"bars": closeness_bars(self._bars)})
        return Scores(metrics, (view,), intervals, self._remarks)


def translation_scorer() -> WrittenScorer:
    return WrittenScorer(_("How close each translation comes (chrF)"), _sentence, _translated)


def summary_scorer() -> WrittenScorer:
    return WrittenScorer(_("How close each summary comes (ROUGE-L)"), _summary, _summarised)


def caption_scorer() -> WrittenScorer:
    return WrittenScorer(_("How close each description comes (chrF)"), _sentence, _described)


def answer_scorer() -> WrittenScorer:
    return WrittenScorer(_("How close each answer comes (chrF)"), _answer, _answered)


def speech_scorer(remarks: tuple[str, ...] = ()) -> WrittenScorer:
    return WrittenScorer(_("How many words of each recording are right"), _spoken, _written_down, remarks)


def _spoken(said: str, right: str) -> tuple[float, RowScores]:
    found = errors(said, right)
    return 100 * max(0.0, 1 - found["wrong words"] / max(1.0, found["words"])), found


def _written_down(
    said: Sequence[str], right: Sequence[str], scores: Sequence[RowScores]
) -> tuple[dict[str, float], dict[str, Interval]]:
    metrics, interval = rates(scores, plural("{n:,} recording", "{n:,} recordings", len(said)))
    return metrics, {WER.name: interval}


def closeness_bars(counts: Counter[int]) -> list[dict[str, Any]]:
    """counts: how many rows are in each fifth from 0 to 100."""
    words = map(closeness_words, range(BARS))
    return [{"title": each, "value": counts[place], "mark": each} for place, each in enumerate(words)]


def closeness_words(place: int) -> str:
    step = 100 // BARS
    return CLOSENESS.format(low=place * step, high=(place + 1) * step)


def _sentence(said: str, right: str) -> tuple[float, RowScores]:
    return sentence_chrf(said, right), {}


def _translated(
    said: Sequence[str], right: Sequence[str], scores: Sequence[RowScores]
) -> tuple[dict[str, float], dict[str, Interval]]:
    counted = plural("{n:,} text", "{n:,} texts", len(said))
    return translation_metrics(said, right), {CHRF.name: chrf_interval(counted, said, right)}


def _described(
    said: Sequence[str], right: Sequence[str], scores: Sequence[RowScores]
) -> tuple[dict[str, float], dict[str, Interval]]:
    metrics, intervals = _translated(said, right, scores)
    return {**metrics, **({CIDER.name: cider(said, right)} if has_runs(right) else {})}, intervals


def _answer(said: str, right: str) -> tuple[float, RowScores]:
    return sentence_chrf(said, right), {EXACT_MATCH.name: float(is_exact(said, [right]))}


def _answered(
    said: Sequence[str], right: Sequence[str], scores: Sequence[RowScores]
) -> tuple[dict[str, float], dict[str, Interval]]:
    exact = sum(int(each[EXACT_MATCH.name]) for each in scores)
    metrics = {EXACT_MATCH.name: exact / len(scores), CHRF.name: translation_metrics(said, right)[CHRF.name]}
    return metrics, {EXACT_MATCH.name: share_interval(exact, len(scores))}


def _summary(said: str, right: str) -> tuple[float, RowScores]:
    found = rouge(said, right)
    return 100 * found[ROUGE_L.name], found


def _summarised(
    said: Sequence[str], right: Sequence[str], scores: Sequence[RowScores]
) -> tuple[dict[str, float], dict[str, Interval]]:
    count, names = len(scores), list(scores[0])
    values = numpy.array([[each[name] for name in names] for each in scores])
    counted = plural("{n:,} text", "{n:,} texts", count)
    longest = names.index(ROUGE_L.name)
    interval = resampled(counted, values[:, [longest]], lambda sums: sums[:, 0] / count)
    return dict(zip(names, values.mean(axis=0).tolist(), strict=True)), {ROUGE_L.name: interval}
