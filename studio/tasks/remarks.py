"""What to know beside a score of classes, in sentences.

What always answering the largest class would give, and which classes are never answered or do not occur.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from studio.language import _, listing
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
        "Always answering {named}, the largest class, would be right in {accuracy}",
        named=named([label]),
        accuracy=ACCURACY.text(share),
    )
    is_better = accuracy.low is not None and accuracy.low > share
    return f"{always}{'' if is_better else '; the model is not clearly better than that'}."


def never_answered(counts: Counts, labels: Sequence[str]) -> list[str]:
    """Classes that the model never answers though they are there, and those of which nothing is there."""
    answered = {answered for (_unused, answered), count in counts.items() if count}
    return _missing(counts, labels, answered, "answers", "examples")


def never_found(counts: Counts, labels: Sequence[str], things: str) -> list[str]:
    """The same of things, of which none was found where it is. things: what is counted."""
    found = {true for (true, answered), count in counts.items() if count and true == answered}
    return _missing(counts, labels, found, "finds", things)


def _missing(counts: Counts, labels: Sequence[str], reached: Collection[str], verb: str, things: str) -> list[str]:
    there = _there(counts)
    never = [label for label in labels if there[label] and label not in reached]
    absent = [label for label in labels if not there[label]]
    said = []
    if never:
        missed = sum(there[label] for label in never)
        are = "is" if missed == 1 else "are"
        said.append(
            _(
                "The model never {verb} {named}, though {missed:,} of these {things} {are} of that class.",
                verb=verb,
                named=named(never),
                missed=missed,
                things=things,
                are=are,
            )
        )
    if absent:
        said.append(
            _(
                "None of these {things} is of class {named}, so nothing is known about it.",
                things=things,
                named=named(absent),
            )
        )
    return said


def _there(counts: Counts) -> Counter[str]:
    """How often each class is there."""
    there = Counter[str]()
    for (true, _unused_2), count in counts.items():
        there[true] += count
    return there


def named(labels: Sequence[str]) -> str:
    """'a', 'b', 'c' and 4 more."""
    first, more = [f"'{' '.join(label.split())}'" for label in labels[:MOST_NAMED]], len(labels) - MOST_NAMED
    if more > 0:
        return _("{join} and {more:,} more", join=listing(first), more=more)
    return f"{', '.join(first[:-1])} or {first[-1]}" if len(first) > 1 else first[0]
