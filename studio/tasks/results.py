"""The stored scores of a run, and in sentences what they are worth.

The page, the model card and the command line say the same.
"""

import re
from collections.abc import Mapping
from typing import Any

from studio.files import read_as
from studio.language import _, numeral, unpacked
from studio.metrics import metric_named
from studio.metrics.intervals import Interval
from studio.store import Run
from studio.tasks.base import all_unpacked
from studio.tasks.classes import MADE_UP, MISSED, MISTAKES
from studio.tasks.former_results import SCORES
from studio.tasks.numbers import CLOSE, FAR_HIGH, FAR_LOW, HIGH, LOW, POINT
from studio.tasks.quotes import KINDS
from studio.tasks.ranking import KINDS as PLACES
from studio.tasks.written import CLOSENESS

SENTENCES = {
    "validation": _("{metric} on the validation split: {value}; {interval}."),
    "test": _("{metric} on the test split: {value}; {interval}."),
}
OF_NUMBERS = (POINT, CLOSE, FAR_HIGH, FAR_LOW, HIGH, LOW)
MARKS = (MADE_UP, MISSED, MISTAKES, *OF_NUMBERS, *KINDS, *PLACES, CLOSENESS)
_PLACE = re.compile(r"\\{(\w+)\\}")


def stored_scores(run: Run) -> dict[str, Any]:
    """{"validation": {"metrics", "views", "intervals", "remarks"}, "test": {...}} as the worker wrote them.

    Empty before the end of a run. Runs of earlier versions have neither intervals nor remarks.
    """
    return read_as(run.scores_file, lambda kept: all_unpacked(SCORES.upgrade(kept))) or {}


def mark_words(mark: str) -> str:
    """A mark (`studio.tasks.base.Marks`), by which rows are found, as words for the reader's language."""
    for words in MARKS:
        if found := re.fullmatch(_PLACE.sub(r"(?P<\1>.+)", re.escape(words)), mark, re.DOTALL):
            said = numeral if words in OF_NUMBERS else str
            return _(words, **{name: said(text) for name, text in found.groupdict().items()})
    return mark


def intervals(split: Mapping[str, Any]) -> dict[str, Interval]:
    """By the metric's name, of one split's scores."""
    return {name: Interval.of(found) for name, found in split.get("intervals", {}).items()}


def remarks(split: Mapping[str, Any]) -> list[str]:
    return [unpacked(remark) for remark in split.get("remarks", ())]


def worth(scores: Mapping[str, Any]) -> list[str]:
    """Sentences about the test split's scores, or without one about the validation split's."""
    name = "test" if scores.get("test", {}).get("metrics") else "validation"
    split = scores.get(name, {})
    return [*(_sentence(name, metric, found, split) for metric, found in intervals(split).items()), *remarks(split)]


def _sentence(split: str, name: str, found: Interval, scores: Mapping[str, Any]) -> str:
    metric = metric_named(name)
    return _(
        SENTENCES[split],
        metric=metric.title,
        value=metric.text(scores["metrics"][name]),
        interval=found.text(metric),
    )
