"""Learning-rate schedules as functions of progress."""

import pytest

from studio.training.schedules import SCHEDULES, learning_rate_factor


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.name)
def test_a_schedule_starts_at_its_peak_and_never_leaves_its_bounds(schedule) -> None:  # type: ignore[no-untyped-def]
    assert schedule.factor(0.0) == pytest.approx(1.0)
    values = [schedule.factor(step / 100) for step in range(101)]
    assert all(-1e-9 <= value <= 1 + 1e-9 for value in values)
    assert values == sorted(values, reverse=True)


def test_known_values() -> None:
    assert SCHEDULES["linear"].factor(0.25) == pytest.approx(0.75)
    assert SCHEDULES["cosine"].factor(0.5) == pytest.approx(0.5)
    assert SCHEDULES["constant"].factor(1.0) == 1.0


def test_the_warm_up_rises_evenly_and_hands_over() -> None:
    factors = [learning_rate_factor("linear", step, 20, 4) for step in range(20)]
    assert factors[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert factors[4] == pytest.approx(1.0) and factors[19] == pytest.approx(1 / 16)


def test_no_warm_up_and_steps_past_the_end() -> None:
    assert learning_rate_factor("linear", 0, 10, 0) == 1.0
    assert learning_rate_factor("linear", 99, 10, 0) == 0.0
    assert learning_rate_factor("cosine", 0, 1, 1) == 1.0
