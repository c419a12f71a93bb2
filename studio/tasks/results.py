"""The stored scores of a run, and in sentences what they are worth.

The page, the model card and the command line say the same.
"""

from collections.abc import Mapping
from typing import Any

from studio.files import read_as
from studio.language import _
from studio.metrics import metric_named
from studio.metrics.intervals import Interval
from studio.store import Run
from studio.tasks.former_results import SCORES


def stored_scores(run: Run) -> dict[str, Any]:
    """{"validation": {"metrics", "views", "intervals", "remarks"}, "test": {...}} as the worker wrote them.

    Empty before the end of a run. Runs of earlier versions have neither intervals nor remarks.
    """
    return read_as(run.scores_file, SCORES.upgrade) or {}


def intervals(split: Mapping[str, Any]) -> dict[str, Interval]:
    """By the metric's name, of one split's scores."""
    return {name: Interval.of(found) for name, found in split.get("intervals", {}).items()}


def remarks(split: Mapping[str, Any]) -> list[str]:
    return list(split.get("remarks", ()))


def worth(scores: Mapping[str, Any]) -> list[str]:
    """Sentences about the test split's scores, or without one about the validation split's."""
    name = "test" if scores.get("test", {}).get("metrics") else "validation"
    split = scores.get(name, {})
    return [*(_sentence(name, metric, found, split) for metric, found in intervals(split).items()), *remarks(split)]


def _sentence(split: str, name: str, found: Interval, scores: Mapping[str, Any]) -> str:
    metric = metric_named(name)
    return _(
        "{title} on the {split} split: {metric}; {found}.",
        title=metric.title,
        split=split,
        metric=metric.text(scores["metrics"][name]),
        found=found.text(metric),
    )
