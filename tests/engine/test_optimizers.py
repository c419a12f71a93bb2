"""Every optimizer that can be chosen: it learns, its state comes back whole, and it reads what it says it reads."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from studio.engine.loop import parameter_groups
from studio.training.optimizers import OPTIMIZERS, OptimizerChoice, OptimizerOptions

HERE = [choice for choice in OPTIMIZERS if not choice.why_not()]
INPUTS = torch.randn(64, 6, generator=torch.Generator().manual_seed(1))
TARGETS = torch.tanh(INPUTS @ torch.randn(6, 3, generator=torch.Generator().manual_seed(2)))
each = pytest.mark.parametrize("choice", HERE, ids=lambda choice: choice.name)


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 12), nn.Tanh(), nn.Linear(12, 3))


def made(choice: OptimizerChoice, model: nn.Module, **settings: Any) -> Any:
    groups = parameter_groups(model, 0.01, {"4.weight": 0.5}, {}, by_shape={"2.weight"})
    return choice.build(groups, 3e-3 * choice.rate, OptimizerOptions(**settings))


def steps(model: nn.Module, optimizer: Any, count: int) -> list[float]:
    if hasattr(optimizer, "train"):
        optimizer.train()
    losses = []
    for _ in range(count):
        loss = nn.functional.mse_loss(model(INPUTS), TARGETS)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
    return losses


@each
def test_it_learns_at_its_recommended_rate(choice: OptimizerChoice) -> None:
    model = network()
    losses = steps(model, made(choice, model), 150)
    assert losses[-1] < 0.5 * losses[0]


@each
def test_its_state_comes_back_to_the_bit(choice: OptimizerChoice) -> None:
    straight = network()
    optimizer = made(choice, straight)
    steps(straight, optimizer, 4)
    halfway, state = copy.deepcopy(straight), copy.deepcopy(optimizer.state_dict())
    steps(straight, optimizer, 4)
    again = made(choice, halfway)
    again.load_state_dict(state)
    steps(halfway, again, 4)
    assert all(torch.equal(a, b) for a, b in zip(straight.parameters(), halfway.parameters(), strict=True))


@each
def test_its_groups_are_told_the_rate_of_each_step(choice: OptimizerChoice) -> None:
    model = network()
    optimizer = made(choice, model)
    before = [p.detach().clone() for p in model.parameters()]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    steps(model, optimizer, 1)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))
    assert {group["factor"] for group in optimizer.param_groups} == {0.5, 1.0}
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(before)


CHANGED = {"momentum": 0.5, "nesterov": True, "muon_momentum": 0.5, "beta1": 0.5, "beta2": 0.6, "epsilon": 1e-2}


@each
def test_it_reads_the_settings_that_it_shows_and_no_other(choice: OptimizerChoice) -> None:
    def after(**settings: Any) -> list[torch.Tensor]:
        model = network()
        steps(model, made(choice, model, **settings), 8)
        return [p.detach() for p in model.parameters()]

    usual = after()
    for name, value in CHANGED.items():
        same = all(torch.equal(a, b) for a, b in zip(usual, after(**{name: value}), strict=True))
        assert same == (name not in choice.reads), name


def test_what_the_machine_lacks_is_said() -> None:
    choice = OPTIMIZERS["adamw-8bit"]
    if choice.why_not():
        assert "NVIDIA" in choice.why_not() or "bitsandbytes" in choice.why_not()
