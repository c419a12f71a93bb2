"""How a sweep stands: its trials in the order of their worth, and how the best one came about."""

from collections.abc import Sequence
from itertools import accumulate

from studio.errors import StudioError
from studio.language import _
from studio.metrics import metric_named
from studio.metrics.base import Metric
from studio.sweeps.folder import Sweep
from studio.sweeps.trials import TrialRecord


def metric_of(sweep: Sweep) -> Metric:
    """By which its trials are compared. Raises StudioError where the sweep cannot be read."""
    try:
        space, _options = sweep.read()
        return metric_named(space.config(space.first()).chosen_task.headline)
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(
            _("The sweep {sweep} cannot be read.", sweep=sweep.id),
            str(error),
            _("Put sweep.yaml back from a copy, or delete its folder."),
        ) from error


def ranked(trials: Sequence[TrialRecord], metric: Metric) -> list[TrialRecord]:
    """The best first, the earlier of equals; then those at work, then those without a value."""
    sign = -1 if metric.higher_is_better else 1

    def worth(trial: TrialRecord) -> tuple[int, float, int]:
        group = 0 if trial.value is not None else 1 if trial.end is None else 2
        return group, sign * (trial.value or 0.0), trial.number

    return sorted(trials, key=worth)


def best_so_far(trials: Sequence[TrialRecord], metric: Metric) -> list[float]:
    """After each trial that has a value, the best of the values until then."""
    better = max if metric.higher_is_better else min
    return list(accumulate((trial.value for trial in trials if trial.value is not None), better))
