"""Gradual unfreezing: what learns when, how fast, and that nothing else moves."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from trained import (
    Finished,
    Workers,
    assert_continuous,
    assert_same_training,
    kill_held,
    open_session,
    pause_held,
    stages_computed_once,
    state_of,
)

from studio.engine.callbacks.base import Callback
from studio.engine.callbacks.unfreezing import Unfreezing, stages_by_name
from studio.engine.loop import State, micro_batches, parameter_groups
from studio.engine.reporting import Interrupted
from studio.events import Layers
from studio.store import Run
from studio.strategies.base import Stage, UnfreezingPlan


def layers_of(run: Run) -> list[Layers]:
    return [event for event in run.read_from()[0] if isinstance(event, Layers)]


@pytest.mark.parametrize("name", ["gradual", "lp-ft"])
def test_paused_in_the_middle_and_resumed(name: str, finished: Finished, workers: Workers) -> None:
    run = finished.new(name)
    pause_held(run, workers.start_and_hold(run, 40))
    assert run.state().status == "paused"
    assert workers.work(run).status == "completed"
    assert_continuous(state_of(run))
    assert_same_training(run, finished[name])


def test_killed_after_a_part_had_joined(finished: Finished, workers: Workers) -> None:
    run = finished.new("gradual")
    kill_held(run, workers.start_and_hold(run, 35))
    assert workers.work(run).status == "completed"
    assert_same_training(run, finished["gradual"])


def test_the_blocks_join_from_the_top(finished: Finished) -> None:
    events = layers_of(finished["gradual"])
    assert [sum(state != "frozen" for state in event.states) for event in events] == list(range(1, len(events) + 1))
    assert [event.step for event in events] == [0, *range(30, 30 * len(events), 30)]
    assert all(state == "trained" for state in events[-1].states)
    assert events[-1].rates == tuple(sorted(events[-1].rates)) and events[-1].rates[-1] == 1.0
    assert state_of(finished["gradual"]).layers == events[-1]


def test_recordings_move_with_the_boundary_and_change_nothing(finished: Finished, workers: Workers) -> None:
    plain = finished.new("gradual", cache_activations=False)
    assert workers.work(plain).status == "completed"
    one, two = state_of(finished["gradual"]), state_of(plain)
    assert [loss for _, loss in one.train] == pytest.approx([loss for _, loss in two.train], rel=2e-3, abs=2e-4)
    assert len(stages_computed_once(finished["gradual"])) >= 2


def test_what_does_not_join_stays_as_it_came(finished: Finished, workers: Workers, text_model: Path) -> None:
    run = finished.new("gradual", epochs=2)
    text = run.config_file.read_text(encoding="utf-8").replace("amount: 30", "amount: 10\n  most_blocks: 1")
    run.config_file.write_text(text, encoding="utf-8")
    assert workers.work(run).status == "completed"
    plain = {key.removeprefix("bert."): value for key, value in load_file(run.model / "model.safetensors").items()}
    before = {key.removeprefix("bert."): value for key, value in load_file(text_model / "model.safetensors").items()}
    moved = {name for name in before.keys() & plain.keys() if not torch.equal(before[name], plain[name])}
    assert before.keys() & plain.keys() - moved
    assert all(name.startswith(("encoder.layer.1.", "pooler.", "classifier.")) for name in moved)
    assert "encoder.layer.1.output.dense.weight" in moved


def test_the_probe_learns_faster_than_the_rest(finished: Finished) -> None:
    """The schedule falls from step to step; only where everything joins does the rate drop by the factor."""
    steps = [event for event in finished["lp-ft"].read_from()[0] if event.type == "step"]
    boundary = 2 * 16
    assert steps[boundary - 1].learning_rate / steps[boundary].learning_rate > 3.5


# --- the callback alone ---------------------------------------------------------------------------


class Reporter:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def emit(self, event: Any) -> None: ...


def two_stages(every: str, amount: float, **more: Any) -> tuple[Unfreezing, Any, list[Any]]:
    """A course of a head and a body, a loop with as much as it looks at, and what was asked of the others."""
    unfreezing_plan = UnfreezingPlan(
        (Stage("the head", frozenset({"1.weight", "1.bias"})), Stage("the body", frozenset({"0.weight", "0.bias"}))),
        every,  # type: ignore[arg-type]
        amount,
        **more,
    )
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    groups = parameter_groups(model, 0.0, {}, stages_by_name(unfreezing_plan))
    loop = SimpleNamespace(
        state=State(),
        plan=SimpleNamespace(total_steps=20, steps_per_epoch=5),
        trained=dict(model.named_parameters()),
        optimizer=SimpleNamespace(param_groups=groups),
        train_mode=lambda: None,
        pausing=False,
    )
    asked: list[Any] = []
    callback = Unfreezing(
        unfreezing_plan,
        Reporter(),  # type: ignore[arg-type]
        lambda loop, stage, passes: asked.append(("refresh", stage, passes)),
        lambda step: asked.append(("best", step)),
        lambda loop: asked.append("announced"),
    )
    callback.place(loop)  # type: ignore[arg-type]
    return callback, loop, asked


def begin(callback: Unfreezing, loop: Any, step: int, epoch: int = 0) -> list[float]:
    """The rates of the groups in a step whose schedule says 1."""
    loop.state.step, loop.state.epoch = step, epoch
    for group in loop.optimizer.param_groups:
        group["lr"] = group["factor"]
    callback.on_step_begin(loop)
    return [group["lr"] for group in loop.optimizer.param_groups]


def learning(loop: Any) -> set[str]:
    return {name for name, parameter in loop.trained.items() if parameter.requires_grad}


@pytest.mark.parametrize(
    ("every", "amount", "moments", "passes"),
    [
        ("steps", 3, [(2, 0), (3, 0)], 3.4),
        ("epochs", 2, [(9, 1), (10, 2)], 2),
        ("share", 0.4, [(7, 0), (8, 0)], 2.4),
    ],
)
def test_the_next_stage_begins_on_time(
    every: str, amount: float, moments: list[tuple[int, int]], passes: float
) -> None:
    callback, loop, asked = two_stages(every, amount)
    assert callback.passes_ahead(loop) == pytest.approx(4 - passes)  # until then
    begin(callback, loop, *moments[0])
    assert learning(loop) == {"1.weight", "1.bias"} and not asked
    begin(callback, loop, *moments[1])
    assert len(learning(loop)) == 4 and asked == ["announced", ("refresh", 1, pytest.approx(passes))]


def test_a_share_is_divided_evenly_among_the_stages() -> None:
    names = ("the head", "block 2", "block 1")
    unfreezing_plan = UnfreezingPlan(tuple(Stage(name, frozenset({name})) for name in names), "share", 0.5)
    assert [unfreezing_plan.begins(stage) for stage in range(3)] == [0, 0.25, 0.5]


def test_a_plateau_is_checks_without_a_better_one() -> None:
    callback, loop, _ = two_stages("plateau", 2)
    for is_best in (True, False, True, False):
        callback.on_evaluated(loop, is_best)
        begin(callback, loop, 1)
    assert callback.stage == 0
    callback.on_evaluated(loop, False)
    begin(callback, loop, 2)
    assert callback.stage == 1


def test_what_joins_is_warmed_up_alone() -> None:
    callback, loop, _ = two_stages("steps", 10, rewarm=4)
    assert begin(callback, loop, 9) == [1, 1, 1, 1][: len(loop.optimizer.param_groups)]
    for step, warmth in ((10, 0.25), (11, 0.5), (13, 1.0), (20, 1.0)):
        rates = begin(callback, loop, step)
        stages = [group["stage"] for group in loop.optimizer.param_groups]
        assert rates == [1.0 if stage == 0 else warmth for stage in stages]


def test_where_it_hurts_it_goes_back() -> None:
    callback, loop, asked = two_stages("plateau", 1, rollback=True)
    callback._plan = UnfreezingPlan((*callback._plan.stages, Stage("more", frozenset())), "plateau", 1, 0, True)
    loop.state.step = loop.state.best_step = 5
    callback.on_evaluated(loop, True)
    callback.on_evaluated(loop, False)
    begin(callback, loop, 6)
    assert callback.stage == 1
    callback.on_evaluated(loop, False)
    begin(callback, loop, 7)
    assert callback.stage == 0 and ("best", 5) in asked and learning(loop) == {"1.weight", "1.bias"}
    callback.on_evaluated(loop, False)
    begin(callback, loop, 8)
    assert callback.stage == 0


def test_a_pause_while_layers_are_computed_leaves_the_step_for_later() -> None:
    callback, loop, _ = two_stages("steps", 1)

    def interrupt(loop: Any, stage: int, passes: float) -> None:
        raise Interrupted("pause")

    callback._refresh = interrupt
    begin(callback, loop, 1)
    assert loop.pausing and callback.state()["stage"] == 1


def test_it_remembers_where_it_was() -> None:
    callback, loop, _ = two_stages("steps", 3)
    begin(callback, loop, 3)
    again, other, _ = two_stages("steps", 3)
    again.restore(callback.state())
    again.place(other)
    assert again.state() == callback.state() and len(learning(other)) == 4


# --- a step in pieces -------------------------------------------------------------------------------


def test_micro_batches_are_nearly_equal() -> None:
    assert micro_batches(list(range(7)), 3) == [[0, 1, 2], [3, 4, 5], [6]]
    assert micro_batches([1], 4) == [[1]] and micro_batches([1, 2, 3], 1) == [[1, 2, 3]]


def test_a_step_in_parts_gives_the_same_gradients(finished: Finished) -> None:
    """Without dropout; examples of a text batch are padded differently, which changes nothing but rounding."""
    gradients = []
    for accumulation in (1, 3):
        session = open_session(finished.new("full", accumulation=accumulation))
        loop = session.loop
        loop.train_mode = loop.model.eval  # type: ignore[method-assign,assignment]
        loop.model.eval()
        seen: dict[str, torch.Tensor] = {}

        class Look(Callback):
            def on_gradients(self, loop: Any, seen: dict[str, torch.Tensor] = seen) -> None:
                seen.update({name: p.grad.clone() for name, p in loop.trained.items() if p.grad is not None})

        loop.callbacks = (Look(),)
        loop._step(loop.plan.batches(0)[0])
        gradients.append(seen)
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=1e-3, atol=1e-6, msg=name)


def test_layers_computed_twice_give_the_same_training(finished: Finished, workers: Workers) -> None:
    run = finished.new("full", gradient_checkpointing=True)
    assert workers.work(run).status == "completed", run.worker_log.read_text(encoding="utf-8")
    one, two = state_of(run), state_of(finished["full"])
    assert [loss for _, loss in one.train] == pytest.approx([loss for _, loss in two.train], rel=1e-3, abs=1e-4)
