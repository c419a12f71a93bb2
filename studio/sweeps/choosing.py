"""Which trial of a sweep is kept, and why, in a sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from studio.language import _
from studio.metrics.base import Metric
from studio.sweeps.candidates import CANDIDATE, Auto, title_of
from studio.sweeps.folder import Sweep
from studio.sweeps.standing import metric_of, ranked
from studio.sweeps.trials import TrialRecord


@dataclass(frozen=True)
class Chosen:
    """why: "" for the best value of a sweep whose trials do not differ in what they cost."""

    trial: TrialRecord
    why: str = ""


def chosen(trials: Sequence[TrialRecord], metric: Metric, auto: Auto | None) -> Chosen | None:
    """The trial with the best value on the validation split; of several with the same value, whole ways of training,
    the one that takes the least time. None without a value."""
    order = [trial for trial in ranked(trials, metric) if trial.value is not None]
    if not order or auto is None:
        return Chosen(order[0]) if order else None
    best = min((trial for trial in order if trial.value == order[0].value), key=lambda trial: cost(trial, auto))
    noise = standard_error(best.value or 0.0, metric, auto.rows.get("validation", 0))
    if not noise:
        return Chosen(best, _("Chosen because it is the best on the validation split."))
    faster = [
        trial
        for trial in order
        if cost(trial, auto) < cost(best, auto) and abs((trial.value or 0.0) - (best.value or 0.0)) <= noise
    ]
    if not faster:
        words = _(
            "Chosen because it is the best on the validation split, and no faster one is within chance of it (one "
            "standard error: {noise}).",
            noise=metric.text(noise),
        )
        return Chosen(best, words)
    near = min(faster, key=lambda trial: cost(trial, auto))
    words = _(
        "Chosen because it is the best on the validation split. “{way}” takes less time, and its {score} is within "
        "chance of it (one standard error: {noise}).",
        way=title_of(near.parameters[CANDIDATE]),
        score=metric.text(near.value or 0.0),
        noise=metric.text(noise),
    )
    return Chosen(best, words)


def cost(trial: TrialRecord, auto: Auto) -> float:
    """Seconds as planned: what a trial really took depends on what ran before and beside it."""
    candidate = auto.of(trial.parameters[CANDIDATE])
    return candidate.fixed + candidate.seconds


def best_of(sweep: Sweep) -> Chosen | None:
    """Of a sweep on disk. Raises StudioError where it cannot be read."""
    return chosen(sweep.trials(), metric_of(sweep), sweep.read()[0].auto)


def standard_error(value: float, metric: Metric, rows: int) -> float:
    """Of a share of so many rows; 0 for a metric that is none."""
    return math.sqrt(value * (1 - value) / rows) if metric.percent and 0 <= value <= 1 and rows else 0.0
