"""Which settings a sweep tries next, and whether a trial is worth going on with: Optuna's samplers and pruners.

The study lives in memory and is made anew from the trials on disk whenever a driver begins, so a sweep goes on after
its driver was killed, and what lies on disk is of no library's format.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.sweeps.candidates import AUTO
from studio.sweeps.options import SweepOptions
from studio.sweeps.space import Choices, Dimension, Parameters, Space
from studio.sweeps.trials import TrialRecord

if TYPE_CHECKING:
    import optuna

LARGEST_SEED = 2**32
ENOUGH_TO_COMPARE = 4  # trials that must have ended before another one can be worse than their middle
MOST_REPEATS = 100  # proposals in a row that were tried before: nothing new is left


class Proposals:
    """What was tried, and what comes next. maximise: whether more of the headline metric is better."""

    def __init__(
        self, name: str, space: Space, options: SweepOptions, maximise: bool, tried: Sequence[TrialRecord] = ()
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._options = space, options
        self._distributions = {name: _distribution(dimension) for name, dimension in space.dimensions.items()}
        self._study = optuna.create_study(
            study_name=name,
            direction="maximize" if maximise else "minimize",
            sampler=SAMPLERS[options.method]((options.seed + len(tried)) % LARGEST_SEED),
            pruner=PRUNERS[options.pruning](),
        )
        self._live: dict[int, optuna.trial.Trial] = {}  # trials that are at work, by their number here
        self._known: dict[str, TrialRecord] = {}
        self._grid = self._shuffled_grid() if options.method == "grid" else iter(()) if options.method == AUTO else None
        for trial in tried:
            self._add(trial)

    def next(self) -> dict[str, Any] | None:
        """Settings that were not tried yet; None where none is found any more."""
        if self._grid is not None:
            return next((point for point in self._grid if key_of(point) not in self._known), None)
        for _attempt in range(MOST_REPEATS):
            trial = self._study.ask(self._distributions)
            parameters = {name: _read(self._space.dimensions[name], value) for name, value in trial.params.items()}
            known = self._known.get(key_of(parameters))
            if known is None:
                self._asked = trial
                return parameters
            self._tell(trial, known)  # the same again: its value is known
        return None

    def begin(self, record: TrialRecord) -> None:
        """The settings of `next` are being tried."""
        if self._grid is not None:
            self._add(record)
            return
        self._live[record.number] = self._asked
        self._known[key_of(record.parameters)] = record

    def state_of(self, number: int) -> dict[str, Any]:
        """What the method remembers of a trial at work, to be kept with it: numbers. What CMA-ES has computed would be
        a pickle, which nobody should load from a file; it is computed again, a generation with each proposal."""
        attributes = self._study.trials[self._live[number].number].system_attrs
        return {name: value for name, value in attributes.items() if isinstance(value, int | float)}

    def is_hopeless(self, number: int, checks: Mapping[int, float]) -> bool:
        """Whether a trial with these checks so far should end early. checks: number of the check, from 1 -> value."""
        trial = self._live[number]
        self._report(trial, checks)
        return bool(checks) and trial.should_prune()

    def end(self, record: TrialRecord) -> None:
        self._known[key_of(record.parameters)] = record
        self._tell(self._live.pop(record.number), record)

    def importance(self) -> dict[str, float]:
        """The share of the differences between trials that each setting explains (functional ANOVA, Hutter et al.
        2014); empty where too few trials say anything."""
        import optuna

        if self._options.method == AUTO:
            return {}  # there is only one thing that differs
        ended = [trial for trial in self._study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
        if len(ended) < ENOUGH_TO_COMPARE or len({trial.value for trial in ended}) < 2:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(self._study, evaluator=evaluator)
        return {name: round(float(share), 4) for name, share in found.items()}

    # --- inside -------------------------------------------------------------------------------

    def _shuffled_grid(self) -> Any:
        """Every combination, in an order that looks at all of the grid early."""
        points = list(self._space.grid())
        random.Random(self._options.seed).shuffle(points)
        return iter(points)

    def _add(self, record: TrialRecord) -> None:
        """A trial of a grid, or of an earlier life of the driver."""
        import optuna

        self._known[key_of(record.parameters)] = record
        state = _state_of(record)
        self._study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=record.value if state == optuna.trial.TrialState.COMPLETE else None,
                params={name: _written(self._space.dimensions[name], each) for name, each in record.parameters.items()},
                distributions={name: self._distributions[name] for name in record.parameters},
                intermediate_values=dict(record.checks),
                system_attrs=dict(record.state),
            )
        )
        if state == optuna.trial.TrialState.RUNNING:
            self._live[record.number] = optuna.trial.Trial(self._study, self._study.trials[-1]._trial_id)

    def _tell(self, trial: "optuna.trial.Trial", record: TrialRecord) -> None:
        """How a trial of the study ended."""
        import optuna

        self._report(trial, record.checks)
        state = _state_of(record)
        value = record.value if state == optuna.trial.TrialState.COMPLETE else None
        self._study.tell(trial, value, state=state if state.is_finished() else optuna.trial.TrialState.FAIL)

    def _report(self, trial: "optuna.trial.Trial", checks: Mapping[int, float]) -> None:
        known = self._study.trials[trial.number].intermediate_values
        for check in sorted(checks.keys() - known.keys()):
            trial.report(checks[check], check)


def _state_of(record: TrialRecord) -> "optuna.trial.TrialState":
    """A trial that was ended early counts by its checks, and one that has no value as failed."""
    from optuna.trial import TrialState

    if record.end is None:
        return TrialState.RUNNING
    if record.end == "pruned" and record.checks:
        return TrialState.PRUNED
    return TrialState.COMPLETE if record.value is not None and record.end == "completed" else TrialState.FAIL


def key_of(parameters: Parameters) -> str:
    """The same text for the same settings."""
    return json.dumps(parameters, sort_keys=True, default=str)


def _distribution(dimension: Dimension) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(dimension, Choices):
        return CategoricalDistribution([_written(dimension, value) for value in dimension.values])
    if dimension.is_whole:
        return IntDistribution(int(dimension.low), int(dimension.high), dimension.log, int(dimension.step or 1))
    return FloatDistribution(float(dimension.low), float(dimension.high), dimension.log, dimension.step)


def _written(dimension: Dimension, value: Any) -> Any:
    """A value as Optuna takes it: a choice may be a section of settings, which goes by its place."""
    return dimension.values.index(value) if isinstance(dimension, Choices) else value


def _read(dimension: Dimension, value: Any) -> Any:
    return dimension.values[value] if isinstance(dimension, Choices) else value


def _tpe(seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=5)


def _gp(seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.GPSampler(seed=seed, n_startup_trials=5)


def _cma_es(seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


def _random(seed: int) -> "optuna.samplers.BaseSampler":
    import optuna

    return optuna.samplers.RandomSampler(seed=seed)


def _no_pruner() -> "optuna.pruners.BasePruner":
    import optuna

    return optuna.pruners.NopPruner()


def _median() -> "optuna.pruners.BasePruner":
    import optuna

    return optuna.pruners.MedianPruner(n_startup_trials=ENOUGH_TO_COMPARE, n_warmup_steps=1)


def _hyperband() -> "optuna.pruners.BasePruner":
    import optuna

    return optuna.pruners.HyperbandPruner()


SAMPLERS: dict[str, Callable[[int], Any]] = {
    "grid": _random,  # only keeps the study: a grid is counted through
    "random": _random,
    AUTO: _random,  # only keeps the study: see `studio.sweeps.order`
    "tpe": _tpe,
    "gp": _gp,
    "cma-es": _cma_es,
}
PRUNERS: dict[str, Callable[[], Any]] = {"none": _no_pruner, "median": _median, "hyperband": _hyperband}
