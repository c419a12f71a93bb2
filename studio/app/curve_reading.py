"""What a run's curves say, in one sentence: a pure function of the folded log, by rules with their source.

- Overfitting: the validation loss has risen above its lowest value, while the training loss went on falling and the
  metric that chooses the step did not get better (Goodfellow, Bengio and Courville, "Deep Learning", 2016, figure
  7.3). It has risen where its last two checks lie more than 5% above the lowest value (the generalisation loss GL > 5
  of Prechelt, "Early Stopping - But When?", 1998, section 2.2), by more than 2% of what it began with, since less is
  flat in the chart, and by more than four times its noise. Noise is seen in the steps from check to check against the
  trend, up before the lowest value and down behind it: their root mean square, as von Neumann takes successive
  differences for what a trend does not explain ("The Mean Square Successive Difference to the Variance", Annals of
  Mathematical Statistics, 1941).
- Stalled: the last checks, as many as `PATIENCE`, brought nothing better (Prechelt's third criterion, UP_s).
- Jumps: the training loss has risen by a quarter of what it began with above its lowest mean, the sign of a learning
  rate that is too large (Bengio, "Practical recommendations for gradient-based training of deep architectures", 2012,
  arXiv:1206.5533, section 3.1.1).
- Learns nothing: after a whole pass, neither the training loss nor the checks are better than at the beginning;
  then the learning rate is too small, or too little is trained (the same section, and Karpathy, "A Recipe for Training
  Neural Networks", 2019: a model that cannot lower even its training loss underfits).

Means are taken over strips of the curve (Prechelt's training strips), since single steps are noisy.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from studio.events import Evaluated, RunState
from studio.language import _, sentences
from studio.metrics import metric_named

GENERALISATION_LOSS = 0.05
TIMES_NOISE = 4
LATEST = 2  # checks: a single one is no rise
JUMP = 0.25  # of the first strip's mean
LEAST_FALL = 0.02  # of what it began with: a smaller change is none
PATIENCE = 3  # checks
STRIPS = 20
LARGEST_STRIP = 50  # points: enough for a mean, and a long curve costs no more than a short one

TRY_FASTER = _("Try a larger learning rate, train more layers, or look at the labels on the Data page.")
TRY_SLOWER = _("A smaller learning rate may help.")


def reading(state: RunState) -> str:
    """One or two sentences; "" while there is nothing to say, which needs two checks or `STRIPS` points."""
    strips, checks = strip_means(state.train), list(state.validation)
    over = state.finished is not None
    if len(strips) < 2 and len(checks) < 2:
        return ""
    if _jumps(strips):
        return sentences(_("The training loss jumps."), TRY_SLOWER)
    if len(checks) < 2:
        return _of_training_alone(state, strips)
    since_best = _checks_since_best(state, checks)
    if since_best and _overfits(checks, strips):
        return (
            _("It began to memorise the examples (overfitting): the best step, {step:,}, is kept.", step=_best(state))
            if over
            else _("It has begun to memorise the examples (overfitting): the best step is kept.")
        )
    if _learns_nothing(state, strips, checks):
        return sentences(_("It did not learn.") if over else _("It does not learn."), TRY_FASTER)
    if not since_best:
        return _("It was still improving when it ended: more passes may help.") if over else _("It still improves.")
    if over and since_best < PATIENCE:
        return _("What came after step {step:,} was no better: that step is kept.", step=_best(state))
    if since_best >= PATIENCE:
        return (
            _("It had stopped improving: the best step, {step:,}, is kept.", step=_best(state))
            if over
            else _("It hardly improves any more: step {step:,} is the best so far.", step=_best(state))
        )
    return _("It still improves, with ups and downs.")


def strip_means(train: Sequence[tuple[int, float]]) -> list[float]:
    """The means of `STRIPS` stretches of the curve, evenly spaced, first and last one included; none of a short one."""
    count = len(train)
    if count < STRIPS:
        return []
    length = min(LARGEST_STRIP, count // STRIPS)
    starts = [round(number * (count - length) / (STRIPS - 1)) for number in range(STRIPS)]
    return [sum(loss for _step, loss in train[start : start + length]) / length for start in starts]


def _jumps(strips: Sequence[float]) -> bool:
    if not strips:
        return False
    last = strips[-1]
    return not math.isfinite(last) or last - min(strips) > JUMP * abs(strips[0])


def _of_training_alone(state: RunState, strips: Sequence[float]) -> str:
    if _has_fallen(strips):
        return _("The training loss falls.")
    return sentences(_("It does not learn."), TRY_FASTER) if _has_seen_all(state) else ""


def _has_fallen(strips: Sequence[float]) -> bool:
    return bool(strips) and strips[-1] < (1 - LEAST_FALL) * strips[0]


def _has_seen_all(state: RunState) -> bool:
    return state.latest is not None and state.latest.epoch >= 1


def _overfits(checks: Sequence[Evaluated], strips: Sequence[float]) -> bool:
    losses = [check.metrics["loss"] for check in checks if "loss" in check.metrics]
    still_falling = not strips or strips[-1] <= strips[len(strips) // 2]
    return bool(losses) and still_falling and has_risen(losses)


def has_risen(losses: Sequence[float]) -> bool:
    """Whether the latest of these validation losses lie above the lowest by more than chance explains."""
    lowest = min(losses)
    least = max(GENERALISATION_LOSS * abs(lowest), LEAST_FALL * abs(losses[0]), TIMES_NOISE * _noise(losses))
    return min(losses[-LATEST:]) - lowest > least


def _noise(losses: Sequence[float]) -> float:
    lowest = losses.index(min(losses))
    steps = [(after - before) * (1 if at < lowest else -1) for at, (before, after) in enumerate(pairwise(losses))]
    against = [step**2 for step in steps if step > 0]
    return math.sqrt(sum(against) / len(against)) if against else 0.0


def _learns_nothing(state: RunState, strips: Sequence[float], checks: Sequence[Evaluated]) -> bool:
    metric = metric_named(_headline(state))
    values = [check.metrics[metric.name] for check in checks if metric.name in check.metrics]
    better = any(metric.is_better(value, values[0]) for value in values[1:])
    return _has_seen_all(state) and not better and not _has_fallen(strips)


def _checks_since_best(state: RunState, checks: Sequence[Evaluated]) -> int:
    return sum(check.step > _best(state) for check in checks) if state.best else 0


def _best(state: RunState) -> int:
    return state.best.step if state.best else 0


def _headline(state: RunState) -> str:
    return state.plan.headline_metric if state.plan else "accuracy"
