"""Learning-rate schedules as pure functions of progress; what `training.schedule` can name.

A schedule maps progress p in [0, 1] (after warm-up) to a factor in [0, 1] of the peak learning rate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import field_validator

from studio.errors import StudioError
from studio.options import Options, setting
from studio.registry import Registry


@dataclass(frozen=True)
class Schedule:
    name: str
    title: str
    sentence: str
    factor: Callable[[float], float]


SCHEDULES: Registry[Schedule] = Registry(
    "schedule",
    Schedule("linear", "Linear", "Falls evenly to zero; the usual choice.", lambda p: 1.0 - p),
    Schedule(
        "cosine", "Cosine", "Falls slowly, then fast, then slowly.", lambda p: 0.5 * (1.0 + math.cos(math.pi * p))
    ),
    Schedule("constant", "Constant", "Stays at its peak.", lambda p: 1.0),
)


def learning_rate_factor(schedule: str, step: int, total_steps: int, warmup_steps: int) -> float:
    """The factor for optimizer step `step` (0-based): a linear ramp over the warm-up, then the schedule."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return SCHEDULES[schedule].factor(min(1.0, (step - warmup_steps) / max(1, total_steps - warmup_steps)))


class ScheduleOptions(Options):
    schedule: str = setting(
        "linear", title="Step size over time (schedule)", help="How the learning rate changes as training goes on."
    )
    warmup: float = setting(
        0.1, title="Warm-up", help="Share of the steps over which the learning rate rises from zero.", ge=0, le=0.9
    )

    @field_validator("schedule")
    @classmethod
    def _known_schedule(cls, value: str) -> str:
        try:
            return SCHEDULES[value].name
        except StudioError as error:
            raise ValueError(str(error)) from error
