"""How good a model is, in one or two sentences that need no term of the field: what the Test page says first.

They are made of stored scores (`studio.tasks.results.stored_scores`, one split of them), so runs of earlier versions
have them as well; "" where there is nothing to count.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from studio.language import _, in_percent, sentences
from studio.metrics.found import F1
from studio.metrics.numbers import R2, RMSE
from studio.metrics.quotes import EXACT_MATCH
from studio.metrics.ranking import ACCURACY_1, RECALL_10
from studio.tasks.classes import NOTHING
from studio.tasks.remarks import named

Split = Mapping[str, Any]


def class_verdict(scores: Split) -> str:
    """98% right: 57 of 58. Most often confused: 'spam' with 'newsletter'."""
    return sentences(right_verdict(scores), _confused(_mistakes(*_confusion(scores))))


def right_verdict(scores: Split) -> str:
    """98% right: 57 of 58."""
    _unused, counts = _confusion(scores)
    right, total = sum(row[place] for place, row in enumerate(counts)), sum(map(sum, counts))
    if not total:
        return ""
    return _("{share} right: {right:,} of {all:,}.", share=in_percent(right / total), right=right, all=total)


def found_verdict(scores: Split) -> str:
    """87% found: 87 of 100. 5 found wrongly. Most often missed: 'person'."""
    labels, counts = _confusion(scores)
    there = sum(sum(row) for label, row in zip(labels, counts, strict=True) if label != NOTHING)
    if not there:
        return ""
    mistakes = _mistakes(labels, counts)
    found = sum(row[place] for place, row in enumerate(counts) if labels[place] != NOTHING)
    wrong = sum(count for (_unused, answered), count in mistakes.items() if answered != NOTHING)
    good = _("{share} found: {right:,} of {all:,}.", share=in_percent(found / there), right=found, all=there)
    extra = _("{wrong:,} found wrongly.", wrong=wrong) if wrong else _("Nothing was found wrongly.")
    missed = Counter({true: count for (true, answered), count in mistakes.items() if answered == NOTHING})
    mixed = Counter({pair: count for pair, count in mistakes.items() if NOTHING not in pair})
    most = _first(missed)
    worst = _("Most often missed: {label}.", label=named([most])) if most else ""
    return sentences(good, extra, worst, _confused(mixed))


def labels_verdict(scores: Split) -> str:
    """87% found: 87 of 100. Of labels, of which an example may have several."""
    rows: Sequence[Mapping[str, Any]] = next((view["data"]["rows"] for view in scores["views"]), ())
    there = sum(int(row["support"]) for row in rows)
    if not there:
        return ""
    found = sum(round(row["recall"] * row["support"]) for row in rows)
    return _("{share} found: {right:,} of {all:,}.", share=in_percent(found / there), right=found, all=there)


def quote_verdict(scores: Split) -> str:
    """58% exactly right: 29 of 50. Answers share 71% of their words with the right ones."""
    bars: Sequence[Mapping[str, Any]] = next((view["data"]["bars"] for view in scores["views"]), ())
    total = sum(bar["value"] for bar in bars)
    if not total:
        return ""
    right = round(scores["metrics"][EXACT_MATCH.name] * total)
    exact = _("{share} exactly right: {right:,} of {all:,}.", share=in_percent(right / total), right=right, all=total)
    common = F1.text(scores["metrics"][F1.name])
    return sentences(exact, _("Answers share {share} of their words with the right ones.", share=common))


def ranking_verdict(scores: Split) -> str:
    """The right one comes first for 83 %, and is among the first ten for 97 %."""
    metrics = scores["metrics"]
    if ACCURACY_1.name not in metrics:
        return ""
    return _(
        "The first result is right for {first} of the queries; of all that is right, {ten} are among the first ten.",
        first=ACCURACY_1.text(metrics[ACCURACY_1.name]),
        ten=RECALL_10.text(metrics[RECALL_10.name]),
    )


def number_verdict(scores: Split) -> str:
    """Typically off by 3.2. Always answering the average would be off by 9.1."""
    metrics = scores["metrics"]
    off = _("Typically off by {value}.", value=RMSE.text(metrics[RMSE.name]))
    explained = metrics.get(R2.name)
    if explained is None or explained >= 1:
        return off
    usual = metrics[RMSE.name] / (1 - explained) ** 0.5  # R2 compares the squared errors with those of the mean
    return sentences(off, _("Always answering the average would be off by {value}.", value=RMSE.text(usual)))


def _confusion(scores: Split) -> tuple[Sequence[str], Sequence[Sequence[int]]]:
    """Labels and counts [true][answered] of the confusion matrix; nothing where there is none."""
    data: Mapping[str, Any] = next((view["data"] for view in scores["views"] if view["kind"] == "confusion"), {})
    return data.get("labels", ()), data.get("counts", ())


def _mistakes(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Counter[tuple[str, str]]:
    """How often (true, answered) came, where they differ."""
    return Counter(
        {
            (true, answered): count
            for true, row in zip(labels, counts, strict=True)
            for answered, count in zip(labels, row, strict=True)
            if count and true != answered
        }
    )


def _confused(mistakes: Mapping[tuple[str, str], int]) -> str:
    """The two labels that are taken for each other most often, either way; once alone is not often."""
    both = Counter[tuple[str, str]]()
    for (true, answered), count in mistakes.items():
        both[(true, answered) if (answered, true) not in both else (answered, true)] += count
    most = _first(both)
    if most is None or both[most] < 2:
        return ""
    return _("Most often confused: {one} with {other}.", one=named([most[0]]), other=named([most[1]]))


def _first(counts: Counter[Any]) -> Any:
    """What is most frequent; of several, the first of the alphabet. None where nothing is."""
    return min(counts, key=lambda each: (-counts[each], each), default=None)
