"""Which candidate of "Auto" comes next: the one that is expected to bring most for its time, among those that fit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from studio.sweeps.candidates import CANDIDATE, Auto, Candidate
from studio.sweeps.trials import TrialRecord

DOUBT = 0.5  # trials that went as planned: so much the plan itself counts
FARTHEST = 4.0  # times as long as planned that a trial may count
LEEWAY = 1.05  # times the budget that may be reached


@dataclass(frozen=True)
class Next:
    """seconds: that it will take, as far as can be said."""

    candidate: Candidate
    seconds: float


def next_of(auto: Auto, trials: Sequence[TrialRecord], spent: float, budget: float) -> Next | None:
    """None where none is left, or none would end in time. spent, budget: seconds."""
    tried, paces = {trial.parameters.get(CANDIDATE) for trial in trials}, paces_of(auto, trials)
    offers = [
        Next(candidate, candidate.fixed * paces[0] + candidate.seconds * paces[1])
        for candidate in auto.candidates
        if candidate.name not in tried
    ]
    fitting = [offer for offer in offers if spent + offer.seconds <= budget * LEEWAY]
    return max(fitting, key=lambda offer: offer.candidate.points / max(1.0, offer.seconds), default=None)


def paces_of(auto: Auto, trials: Sequence[TrialRecord]) -> tuple[float, float]:
    """Times as long as planned that it takes to begin and end a trial here, and to train: the first is known from
    trials that hardly train, the second from the rest of the others."""
    names = {candidate.name: candidate for candidate in auto.candidates}
    known = [
        (names[trial.parameters[CANDIDATE]], trial)
        for trial in trials
        if trial.parameters.get(CANDIDATE) in names and trial.end in ("completed", "pruned") and trial.seconds > 0
    ]
    short = [(way, trial) for way, trial in known if way.seconds * trial.share <= way.fixed]
    fixed = mean_ratio([trial.seconds / max(1.0, way.fixed + way.seconds * trial.share) for way, trial in short])
    long = [(way, trial) for way, trial in known if way.seconds * trial.share > way.fixed]
    ratios = [max(0.0, trial.seconds - way.fixed * fixed) / (way.seconds * trial.share) for way, trial in long]
    return fixed, mean_ratio(ratios, math.sqrt(fixed))


def mean_ratio(ratios: Sequence[float], expected: float = 1.0) -> float:
    """The geometric mean, with one of as much weight as half a trial that says what was expected."""
    logs = [math.log(min(FARTHEST, max(1 / FARTHEST, ratio))) for ratio in ratios]
    return math.exp((sum(logs) + DOUBT * math.log(expected)) / (len(logs) + DOUBT))
