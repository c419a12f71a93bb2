"""Learning-rate schedules against the same in torch and transformers."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
import transformers
from torch.optim import lr_scheduler

from studio.training.schedules import SCHEDULES, Schedule, ScheduleOptions, learning_rate_factor

TOTAL, WARM = 40, 8
Reference = Callable[[torch.optim.Optimizer], Any]


def options(schedule: str, **changes: Any) -> ScheduleOptions:
    return ScheduleOptions(schedule=schedule, **{"warmup": WARM / TOTAL, **changes})


def factors(chosen: ScheduleOptions, total: int = TOTAL) -> list[float]:
    return [learning_rate_factor(chosen, step, total) for step in range(total)]


def reference(make: Reference, steps: int = TOTAL) -> list[float]:
    """The learning rates of `steps` steps, with a peak of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


AFTER_WARMUP: dict[str, Reference] = {
    "linear": lambda o: transformers.get_linear_schedule_with_warmup(o, WARM, TOTAL),
    "cosine": lambda o: transformers.get_cosine_schedule_with_warmup(o, WARM, TOTAL),
    "constant": lambda o: transformers.get_constant_schedule_with_warmup(o, WARM),
    "cosine-restarts": lambda o: transformers.get_cosine_with_hard_restarts_schedule_with_warmup(o, WARM, TOTAL, 3),
    "polynomial": lambda o: transformers.get_polynomial_decay_schedule_with_warmup(o, WARM, TOTAL, lr_end=0, power=2),
    "inverse-sqrt": lambda o: transformers.get_inverse_sqrt_schedule(o, WARM),
    "wsd": lambda o: transformers.get_wsd_schedule(
        o, WARM, 8, num_stable_steps=24, warmup_type="linear", decay_type="linear"
    ),
}


@pytest.mark.parametrize("name", AFTER_WARMUP)
def test_after_the_warm_up_as_transformers_has_it(name: str) -> None:
    """Its warm-up begins at zero, ours one step later; what comes after is the same, to the step."""
    chosen = options(name, decay=8 / 32)
    assert factors(chosen)[WARM:] == pytest.approx(reference(AFTER_WARMUP[name])[WARM:], abs=1e-9)


def test_drops_and_shares_as_torch_has_them() -> None:
    steps = options("step", warmup=0, drops=3, drop=0.1)
    assert factors(steps) == pytest.approx(reference(lambda o: lr_scheduler.StepLR(o, TOTAL // 4, 0.1)))
    falling = options("exponential", warmup=0, final=0.01)
    gamma = 0.01 ** (1 / TOTAL)
    assert factors(falling) == pytest.approx(reference(lambda o: lr_scheduler.ExponentialLR(o, gamma)))


@pytest.mark.parametrize("rise", [None, 0.5])
def test_one_cycle_as_torch_has_it(rise: float | None) -> None:
    """torch counts the rise in steps less one."""
    share = rise or 0.3
    own = options("one-cycle", rise=rise)

    def cycle(optimizer: torch.optim.Optimizer) -> Any:
        return lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=4001, pct_start=(share * 4000 + 1) / 4001)

    assert factors(own, 4000) == pytest.approx(reference(cycle, 4000), abs=1e-6)


@pytest.mark.parametrize("rise", [None, 0.5])
def test_the_slanted_triangle_of_ulmfit(rise: float | None) -> None:
    """Its formula: cut = floor(T * cut_frac), lr = (1 + p * (ratio - 1)) / ratio."""
    total, cut_frac, ratio = 1000, rise or 0.1, 32
    cut = math.floor(total * cut_frac)
    p = [t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1)) for t in range(total)]
    own = options("slanted-triangular", rise=rise)
    assert factors(own, total) == pytest.approx([(1 + x * (ratio - 1)) / ratio for x in p])


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.name)
def test_every_schedule_reaches_its_peak_and_never_leaves_its_bounds(schedule: Schedule) -> None:
    values = factors(options(schedule.name), 1000)
    assert max(values) == pytest.approx(1.0) and min(values) >= 0
    if not schedule.rises and schedule.name != "cosine-restarts":
        assert all(later <= earlier for earlier, later in pairwise(values[200:]))


def test_the_warm_up_rises_evenly_and_hands_over() -> None:
    values = factors(options("linear"))
    assert values[:9] == pytest.approx([step / 8 for step in range(1, 9)] + [1.0])


def test_no_warm_up_and_steps_past_the_end() -> None:
    assert learning_rate_factor(options("linear", warmup=0), 0, 10) == 1.0
    for schedule in SCHEDULES:
        assert 0 <= learning_rate_factor(options(schedule.name), 99, 10) <= 1
        assert learning_rate_factor(options(schedule.name), 0, 1) > 0
