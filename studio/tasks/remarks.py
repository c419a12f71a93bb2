"""What to know beside a score of classes, in sentences.

What always answering the largest class would give, and which classes are never answered or do not occur.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from studio.data.class_counts import first_names
from studio.language import _, plural, quoted, sentences
from studio.metrics.classes import ACCURACY
from studio.metrics.intervals import Interval

MOST_NAMED = 3
Counts = Mapping[tuple[str, str], int]  # how often (true, answered) came


def largest_class(counts: Counts, accuracy: Interval) -> str:
    """What always answering the largest class would give. counts: not empty."""
    there = _there(counts)
    label, count = max(sorted(there.items()), key=lambda item: item[1])
    share = count / there.total()
    always = _(
        "Always answering {label}, the largest class, would be right in {share} of cases.",
        label=named([label]),
        share=ACCURACY.text(share),
    )
    is_better = accuracy.low is not None and accuracy.low > share
    return always if is_better else sentences(always, _("The model is not clearly better than that."))


def never_answered(counts: Counts, labels: Sequence[str]) -> list[str]:
    """Classes that the model never answers though they are there, and those of which nothing is there."""
    answered = {answered for (_unused, answered), count in counts.items() if count}
    never, missed = _unreached(counts, labels, answered)
    said = plural(
        "The model never answers {classes}, though {n:,} example is of that class.",
        "The model never answers {classes}, though {n:,} examples are of that class.",
        missed,
        classes=named(never),
    )
    return [*([said] if never else []), *_absent(counts, labels)]


def never_found(counts: Counts, labels: Sequence[str]) -> list[str]:
    """The same of things, of which none was found where it is."""
    found = {true for (true, answered), count in counts.items() if count and true == answered}
    never, missed = _unreached(counts, labels, found)
    said = plural(
        "The model never finds {classes}, though there is {n:,} of that class.",
        "The model never finds {classes}, though there are {n:,} of that class.",
        missed,
        classes=named(never),
    )
    return [*([said] if never else []), *_absent(counts, labels)]


def _unreached(counts: Counts, labels: Sequence[str], reached: Collection[str]) -> tuple[list[str], int]:
    """The classes that are there and not reached, and how often they are there."""
    there = _there(counts)
    never = [label for label in labels if there[label] and label not in reached]
    return never, sum(there[label] for label in never)


def _absent(counts: Counts, labels: Sequence[str]) -> list[str]:
    there = _there(counts)
    absent = [label for label in labels if not there[label]]
    said = _("There is nothing of class {classes} here, so nothing is known about it.", classes=named(absent))
    return [said] if absent else []


def _there(counts: Counts) -> Counter[str]:
    """How often each class is there."""
    there = Counter[str]()
    for (true, _unused_2), count in counts.items():
        there[true] += count
    return there


def named(labels: Sequence[str]) -> str:
    """'a', 'b' or 'c', or 'a', 'b', 'c' and 4 more."""
    return first_names([quoted(" ".join(label.split())) for label in labels], MOST_NAMED, "or")
