"""Which trial of a sweep is kept, and why, in a sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from studio.language import _
from studio.metrics.base import Metric
from studio.sweeps.candidates import CANDIDATE, Auto
from studio.sweeps.folder import Sweep
from studio.sweeps.standing import metric_of, ranked
from studio.sweeps.trials import TrialRecord


@dataclass(frozen=True)
class Chosen:
    """why: "" for the best value of a sweep whose trials do not differ in what they cost."""

    trial: TrialRecord
    why: str = ""


def chosen(trials: Sequence[TrialRecord], metric: Metric, auto: Auto | None) -> Chosen | None:
    """The trial with the best value on the validation split; among whole ways of training the one that takes the
    least time of those within one standard error of it (Breiman et al. 1984, section 3.4.3). None without a value."""
    order = [trial for trial in ranked(trials, metric) if trial.value is not None]
    if not order or auto is None:
        return Chosen(order[0]) if order else None
    best, noise = order[0], standard_error(order[0].value or 0.0, metric, auto.rows.get("validation", 0))
    near = [trial for trial in order if abs((trial.value or 0.0) - (best.value or 0.0)) <= noise]
    cheapest = min(near, key=lambda trial: cost(trial, auto))
    if cheapest is best:
        if not noise:
            return Chosen(best, _("Chosen because it is the best on the validation split."))
        words = _(
            "Chosen because it is the best on the validation split, and no faster one is within chance of it (one "
            "standard error: {noise}).",
            noise=metric.text(noise),
        )
        return Chosen(best, words)
    words = _(
        "Chosen because it takes the least time of those that no one can tell from the best by the validation split: "
        "{score} is within one standard error ({noise}) of {best}.",
        score=metric.text(cheapest.value or 0.0),
        noise=metric.text(noise),
        best=metric.text(best.value or 0.0),
    )
    return Chosen(cheapest, words)


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
