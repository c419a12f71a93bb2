"""The learning rate that is found by trial, and that the trial leaves no trace."""

import copy

import pytest
import torch
from trained import Finished, Workers, assert_same_training, in_this_process, open_session, pause_held, state_of

from studio.engine import range_test, training
from studio.engine.loop import Loop
from studio.engine.reporting import Reporter
from studio.engine.tensors import copied
from studio.errors import StudioError
from studio.store import Run


def test_the_steepest_place_before_the_lowest() -> None:
    rates = [10.0**exponent for exponent in range(-8, 2)]
    losses = [1.0, 1.0, 0.99, 0.9, 0.5, 0.4, 0.38, 0.6, 2.0, 9.0]
    assert range_test.steepest(rates, losses) == pytest.approx(1e-5, rel=10)
    assert range_test.steepest(rates, losses) < rates[6]
    assert range_test.steepest(rates, [1.0 + step for step in range(10)]) == pytest.approx(1e-9)


def test_the_smoothing_is_the_weighted_mean_of_what_came_before() -> None:
    weights = [0.9**2, 0.9, 1.0]
    wanted = sum(w * loss for w, loss in zip(weights, (3.0, 1.0, 2.0), strict=True)) / sum(weights)
    assert range_test.smoothed([3.0, 1.0, 2.0])[-1] == pytest.approx(wanted)
    assert range_test.smoothed([3.0])[0] == pytest.approx(3.0)


@pytest.mark.parametrize("name", ["full", "schedule-free", "muon"])
def test_the_trial_leaves_no_trace(name: str, finished: Finished) -> None:
    run = finished.new(name, find_learning_rate=True)
    loop, reporter = open_session(run).loop, Reporter(run)
    before = copied(loop.model.state_dict())
    optimizer, chance = copy.deepcopy(loop.optimizer.state_dict()), torch.get_rng_state()
    rates, losses = range_test.measure(loop, reporter)
    assert len(rates) == len(losses) >= 10 and rates == sorted(rates)
    assert all(torch.equal(tensor, before[name]) for name, tensor in loop.model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chance) and loop.state.step == 0
    assert str(loop.optimizer.state_dict()) == str(optimizer)
    assert loop.callbacks


def test_a_found_rate_is_kept_over_a_pause(finished: Finished, workers: Workers) -> None:
    straight, run = (finished.new("full", find_learning_rate=True, epochs=3) for _ in range(2))
    assert workers.work(straight).status == "completed"
    pause_held(run, workers.start_and_hold(run, 2))
    workers.work(run)
    test = state_of(run).rate_test
    assert test is not None and min(test.rates) < test.chosen < max(test.rates)
    assert sum(event.type == "rate-test" for event in run.read_from()[0]) == 1
    assert_same_training(run, straight)


def test_what_joins_later_is_tried_along(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate is looked for while all parts of a course learn, and before the first of them is alone."""
    run = finished.new("gradual", find_learning_rate=True)
    learning: list[int] = []

    def look(run: Run, loop: Loop, reporter: Reporter) -> None:
        learning.append(sum(parameter.requires_grad for parameter in loop.model.parameters()))

    monkeypatch.setattr(training, "find_learning_rate", look)
    assert in_this_process(run, monkeypatch) == 0
    plan, layers = run.state().plan, run.read_from()[0]
    first = next(event for event in layers if event.type == "layers")
    assert plan is not None and first.states.count("frozen") == len(first.states) - 1
    assert learning == [sum(1 for _ in open_session(finished.new("full")).model.parameters())]


def test_a_loss_that_runs_away_at_once_is_said(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(finished.new("full"))
    monkeypatch.setattr(session.loop, "update", lambda rows, rate: 10.0 ** (rate * 1e6))
    with pytest.raises(StudioError, match="No learning rate"):
        range_test.measure(session.loop, Reporter(finished.new("full")))
