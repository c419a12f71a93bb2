"""What a sweep tries next: every method finds the best of a simple problem, and goes on where it was."""

import itertools
from typing import Any

import pytest

from studio.sweeps.options import Method, SweepOptions
from studio.sweeps.proposals import Proposals
from studio.sweeps.space import Choices, Dimension, Range, Space
from studio.sweeps.trials import TrialRecord

NUMBERS: dict[str, Dimension] = {"training.learning_rate": Range(1e-5, 1e-1, log=True), "training.epochs": Range(1, 6)}
MIXED: dict[str, Dimension] = {**NUMBERS, "strategy": Choices(({"name": "full"}, {"name": "lora"}))}


def value_of(parameters: dict[str, Any]) -> float:
    """Best, 1.0, at 1e-3, 4 epochs and LoRA."""
    from math import log10

    off = abs(log10(parameters["training.learning_rate"]) + 3) / 4 + abs(parameters["training.epochs"] - 4) / 10
    return 1.0 - off - (0.3 if parameters.get("strategy", {}).get("name") == "full" else 0.0)


def search(proposals: Proposals, count: int, begin: int = 0) -> list[TrialRecord]:
    found = []
    for number in range(begin, begin + count):
        parameters = proposals.next()
        assert parameters is not None
        record = TrialRecord(number, f"run-{number}", parameters)
        proposals.begin(record)
        state = proposals.state_of(number)
        value = value_of(parameters)
        record = TrialRecord(number, record.run, parameters, "completed", value, {1: value}, state=state)
        proposals.end(record)
        found.append(record)
    return found


def proposals(
    method: Method, dimensions: dict[str, Dimension], tried: tuple[TrialRecord, ...] = (), **more: Any
) -> Proposals:
    return Proposals("a sweep", Space({}, dimensions), SweepOptions(method=method, **more), True, tried)


def best(trials: list[TrialRecord]) -> float:
    return max(trial.value or 0.0 for trial in trials)


@pytest.mark.parametrize(("method", "dimensions"), [("random", MIXED), ("tpe", MIXED), ("cma-es", NUMBERS)])
def test_a_method_comes_near_the_best(method: Method, dimensions: dict[str, Dimension]) -> None:
    trials = search(proposals(method, dimensions), 40)
    assert best(trials) > 0.85
    assert len({str(trial.parameters) for trial in trials}) == 40, "nothing is tried twice"


@pytest.mark.parametrize("method", ["tpe", "cma-es"])
def test_a_method_learns(method: Method) -> None:
    """The second half of its trials is better than the first, in the mean."""
    values = [trial.value or 0.0 for trial in search(proposals(method, NUMBERS), 40)]
    assert sum(values[20:]) > sum(values[:20]) + 0.5


@pytest.mark.parametrize("method", ["tpe", "cma-es", "random"])
def test_a_search_goes_on_from_what_is_kept(method: Method) -> None:
    first = search(proposals(method, NUMBERS), 12)
    second = search(proposals(method, NUMBERS, tuple(first)), 12, begin=12)
    assert not {str(trial.parameters) for trial in first} & {str(trial.parameters) for trial in second}
    assert best(first + second) >= best(first)


def test_a_gaussian_process_is_asked() -> None:
    assert best(search(proposals("gp", NUMBERS), 10)) > 0.7


def test_a_grid_ends_when_all_was_tried() -> None:
    dimensions: dict[str, Dimension] = {"training.epochs": Range(1, 3), "training.learning_rate": Choices((0.1, 0.2))}
    grid = proposals("grid", dimensions)
    trials = search(grid, 6)
    assert grid.next() is None
    combinations = set(itertools.product((1, 2, 3), (0.1, 0.2)))
    assert {(t.parameters["training.epochs"], t.parameters["training.learning_rate"]) for t in trials} == combinations
    again = proposals("grid", dimensions, tuple(trials[:4]))
    rest = search(again, 2, begin=4)
    assert again.next() is None and [t.parameters for t in rest] == [t.parameters for t in trials[4:]]


def test_few_choices_run_out() -> None:
    dimensions: dict[str, Dimension] = {"training.optimizer": Choices(("adamw", "lion", "sgd"))}
    found = proposals("tpe", dimensions)
    for number in range(3):
        parameters = found.next()
        assert parameters is not None
        found.begin(TrialRecord(number, "", parameters))
        found.end(TrialRecord(number, "", parameters, "completed", 0.5))
    assert found.next() is None


@pytest.mark.parametrize("pruning", ["median", "hyperband", "none"])
def test_a_weak_trial_is_seen(pruning: str) -> None:
    found = proposals("random", NUMBERS, pruning=pruning)
    for number in range(8):
        parameters = found.next()
        assert parameters is not None
        checks = {1: 0.5, 2: 0.7, 3: 0.8}
        found.begin(TrialRecord(number, "", parameters))
        for check in checks:
            assert not found.is_hopeless(number, {n: checks[n] for n in range(1, check + 1)})
        found.end(TrialRecord(number, "", parameters, "completed", 0.8, checks))
    hopeless = []
    for number in range(8, 16):
        parameters = found.next()
        assert parameters is not None
        found.begin(TrialRecord(number, "", parameters))
        assert not found.is_hopeless(number, {})
        is_hopeless = [found.is_hopeless(number, dict.fromkeys(range(1, n), 0.1)) for n in range(2, 6)]
        hopeless.append(any(is_hopeless))
        found.end(TrialRecord(number, "", parameters, "pruned", 0.1, {1: 0.1}))
    assert any(hopeless) is (pruning != "none")
    assert pruning != "median" or all(hopeless)


def test_what_matters_is_measured() -> None:
    dimensions: dict[str, Dimension] = {**NUMBERS, "training.seed": Range(0, 1000)}
    found = proposals("random", dimensions)
    search(found, 30)
    importance = found.importance()
    assert sum(importance.values()) == pytest.approx(1, abs=0.01)
    assert max(importance, key=lambda name: importance[name]) == "training.learning_rate"
    assert importance["training.seed"] < 0.2
