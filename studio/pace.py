"""How long runs took beside what was planned for them, and what the next plan makes of it.

A plan counts arithmetic (`studio.models.estimates`); how fast a machine gets through it depends on what else it does,
on its cooling and its libraries. Ratios of true to planned time are combined on a logarithmic scale, with one that says
"as planned" and counts like `PRIOR` runs; alike runs count more. Without any, the plan is known to within `UNSURE`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from studio.events import RunState
from studio.hardware import Machine
from studio.models.estimates import Estimate
from studio.models.speed import processor_name

NEWEST = 12  # runs that are looked at: a machine changes
PRIOR = 0.5
UNSURE = 1.4  # times as long, or as short, without any run to learn from
SURE = 1.15  # at least, however many runs there are: no two take equally long
FARTHEST = 4.0  # times: a laptop that slept is no slow machine
SAME_MODEL, SAME_BOTH = 2.0, 4.0  # weights of a run of the same model, and of the same model and strategy


@dataclass(frozen=True)
class Past:
    """A finished run. ratio: of the seconds that it took to those that were planned for as many steps."""

    model: str
    strategy: str
    ratio: float


@dataclass(frozen=True)
class Span:
    """seconds: the most likely time; low and high: between which it probably lies."""

    low: float
    seconds: float
    high: float


def span(plan: Estimate, model: str, strategy: str, past: Sequence[Past]) -> Span:
    """The plan for all steps, corrected by what finished runs took."""
    weights = [
        (SAME_BOTH if run.strategy == strategy else SAME_MODEL) if run.model == model else 1.0 for run in past[:NEWEST]
    ]
    logs = [math.log(min(FARTHEST, max(1 / FARTHEST, run.ratio))) for run in past[:NEWEST]]
    known = sum(weights)
    mean = sum(weight * log for weight, log in zip(weights, logs, strict=True)) / (known + PRIOR)
    spread = PRIOR * math.log(UNSURE) ** 2 + sum(
        weight * (log - mean) ** 2 for weight, log in zip(weights, logs, strict=True)
    )
    around = max(SURE, math.exp(math.sqrt(spread / (known + PRIOR))))
    seconds = plan.seconds * math.exp(mean)
    return Span(seconds / around, seconds, seconds * around)


def expected(plan: Estimate, machine: Machine) -> dict[str, float | str]:
    """What is kept beside a run when it is started, to compare with the time that it takes."""
    return {"fixed": plan.fixed_seconds, "training": plan.training_seconds, "machine": machine_key(machine)}


def ratio(kept: object, state: RunState, machine: Machine) -> float | None:
    """Of a finished run; None where there is nothing to learn from it. kept: as `expected` gave it."""
    if not isinstance(kept, dict) or kept.get("machine") != machine_key(machine):
        return None
    parts = [kept.get("fixed"), kept.get("training")]
    if state.finished is None or state.finished.reason == "stopped" or state.plan is None or state.seconds <= 0:
        return None
    fixed, training = (float(part) if isinstance(part, int | float) else math.nan for part in parts)
    planned = fixed + training * min(1.0, state.step / max(1, state.plan.total_steps))
    return state.seconds / planned if planned > 0 else None


def machine_key(machine: Machine) -> str:
    device = machine.gpus[0].name if machine.gpus else machine.device
    return f"{processor_name()} · {machine.cores} · {device}"
