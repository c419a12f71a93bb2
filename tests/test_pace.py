"""What finished runs say about the next one: closer the more alike they are, and a range where little is known."""

import pytest
from logs import planned, started

from studio.events import Finished, RunState, Step, fold
from studio.hardware import GIGABYTE, Gpu, Machine
from studio.models.estimates import Estimate
from studio.pace import Past, expected, ratio, span

PLAN = Estimate(20.0, 80.0, 0, 0, rough=False)
MACHINE = Machine(cores=2, memory_bytes=GIGABYTE, gpus=())


def likely(*past: Past) -> tuple[float, float, float]:
    found = span(PLAN, "m", "lora", past)
    assert found.low <= found.seconds <= found.high
    return found.low, found.seconds, found.high


def test_without_runs_it_is_the_plan_within_a_range() -> None:
    low, seconds, high = likely()
    assert seconds == 100 and high == pytest.approx(140) and low == pytest.approx(100 / 1.4)


def test_runs_that_took_longer_lengthen_the_next_one_and_narrow_its_range() -> None:
    one, many = likely(Past("m", "lora", 2.0)), likely(*[Past("m", "lora", 2.0)] * 8)
    assert 150 < one[1] < many[1] < 200
    assert max(one[2] / one[0], many[2] / many[0]) < likely()[2] / likely()[0]


def test_alike_runs_count_more_and_no_run_counts_without_bounds() -> None:
    elsewhere = Past("other", "full", 1.0)
    assert likely(Past("m", "lora", 2.0), elsewhere)[1] > likely(Past("m", "full", 2.0), elsewhere)[1]
    assert likely(Past("m", "full", 2.0), elsewhere)[1] > likely(Past("x", "full", 2.0), elsewhere)[1]
    assert likely(Past("m", "lora", 1000.0))[1] < 400


def state(seconds: float, step: int, reason: str = "completed") -> RunState:
    begun = started()
    rest = [
        planned(total_steps=100),
        Step(step=step, epoch=1, loss=1, learning_rate=1, examples_per_second=1, memory_bytes=1, time=begun.time),
        Finished.model_validate({"reason": reason, "best_step": 1, "seconds": 1, "time": begun.time + seconds}),
    ]
    return fold([begun, *rest])


def test_the_ratio_counts_the_steps_that_were_made() -> None:
    kept = expected(PLAN, MACHINE)
    assert ratio(kept, state(200, 100), MACHINE) == pytest.approx(2.0)
    assert ratio(kept, state(60, 50, "early-stopping"), MACHINE) == pytest.approx(1.0)


def test_nothing_is_learned_from_other_machines_or_from_what_says_nothing() -> None:
    kept, done = expected(PLAN, MACHINE), state(100, 100)
    other = Machine(cores=2, memory_bytes=GIGABYTE, gpus=(Gpu("T4", GIGABYTE),))
    assert ratio(kept, done, other) is None
    assert ratio(kept, state(100, 100, "stopped"), MACHINE) is None
    assert ratio(kept, fold([started(), planned()]), MACHINE) is None
    for damaged in (None, "soon", {}, {**kept, "fixed": "ten"}, {**kept, "fixed": -1e9}):
        assert ratio(damaged, done, MACHINE) is None
