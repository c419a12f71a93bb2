"""How far a run is before its first step: what its worker has behind it, is at, and has still to do, and for how long.

What a phase takes is known from the latest run like this one on this machine, else from `USUAL`; once a phase counts
what it does, its own pace decides.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from studio.events import Phase, PhaseName, RunState, Stage
from studio.language import _
from studio.run_index import RunIndex
from studio.run_summary import Choices
from studio.store import Run

STAGES: Mapping[PhaseName, str] = {
    "starting": _("Start the training process"),
    "reading": _("Read the data"),
    "downloading": _("Download the model"),
    "loading": _("Load the model"),
    "preparing": _("Turn the examples into numbers"),
    "measuring": _("Measure what this machine can do"),
    "caching": _("Run the frozen layers once"),
    "trying": _("Find a learning rate"),
    "evaluating": _("First check, before any training"),
}
# Seconds in the guided demos on two cores, where no run has been before; a stage that is not named may not come at all.
USUAL: Mapping[str, float] = {
    **{"starting": 1.5, "reading": 0.2, "loading": 2.5, "preparing": 0.3},
    **{"measuring": 3.5, "caching": 4.0, "evaluating": 0.7},
}
RUNS_LOOKED_AT = 50
PACE_AFTER = 0.5  # seconds of a phase that counts, before its pace is believed
ALMOST = 0.95  # the most that is said of a phase that does not count and takes longer than usual


def is_preparing(state: RunState) -> bool:
    """Whether the first step is still to come; a log of an earlier version does not say so once the plan is known."""
    return state.status in ("queued", "starting") or (state.status == "running" and bool(present_stages(state)))


def present_stages(state: RunState) -> tuple[Stage, ...]:
    """Those that the worker has entered; none before it has begun, and none once it trains."""
    return state.stages if state.stages and state.stages[-1].name != "training" else ()


def preparation(state: RunState, usual: Mapping[str, float], now: float) -> dict[str, Any]:
    """For `components.charts.live_chart`, of a run that is being prepared.

    usual: seconds by stage. "left" are the seconds until the first step, None where nobody knows when it begins.
    """
    stages = present_stages(state)
    if not stages:
        ahead = [{"title": title, "state": "next"} for name, title in STAGES.items() if name in usual]
        left = round(sum(usual.values()), 1) if state.status == "starting" and state.phase is None else None
        return {"stages": ahead, "share": None, "left": left, "doing": ""}
    present, names = stages[-1], {stage.name for stage in stages}
    ahead_of = [name for name in STAGES if name in usual and name not in names]
    share, left_here = _at_present(present, state.phase, usual.get(present.name, 0.0), now)
    gone, left = now - stages[0].began, left_here + sum(usual[name] for name in ahead_of)
    return {
        "stages": [
            *({"title": STAGES[stage.name], "state": "done"} for stage in stages[:-1] if stage.name in STAGES),
            {"title": STAGES.get(present.name, ""), "state": "now", "share": share},
            *({"title": STAGES[name], "state": "next"} for name in ahead_of),
        ],
        "share": round(gone / (gone + left), 3) if gone + left > 0 else 0.0,
        "left": round(left, 1),
        "doing": present.name,
    }


def durations(stages: Iterable[Stage]) -> dict[str, float]:
    """Seconds that each stage took, but for the last one."""
    return {stage.name: following.began - stage.began for stage, following in pairwise(stages)}


def _at_present(stage: Stage, phase: Phase | None, usual: float, now: float) -> tuple[float | None, float]:
    """(how much of it is done, where it counts; the seconds that it still takes)."""
    spent = max(0.0, now - stage.began)
    if phase is None or phase.name != stage.name or not phase.total:
        return None, max(usual - spent, (1 - ALMOST) * usual)
    share = min(1.0, phase.done / phase.total)
    counting = phase.time - stage.began
    if share and counting > PACE_AFTER:
        return share, max(0.0, counting * (1 - share) / share - (now - phase.time))
    return share, max(0.0, usual * (1 - share))


class Usual:
    """What the stages of a run usually take, looked up once for each run that is watched. Thread-safe."""

    def __init__(self, most: int = 64) -> None:
        self._most, self._lock = most, threading.Lock()
        self._known: OrderedDict[str, Mapping[str, float]] = OrderedDict()

    def of(self, run: Run, index: RunIndex) -> Mapping[str, float]:
        with self._lock:
            known = self._known.get(run.id)
        if known is None:
            known = earlier(run, index) or USUAL
            with self._lock:
                self._known[run.id] = known
                while len(self._known) > self._most:
                    self._known.popitem(last=False)
        return known


def earlier(run: Run, index: RunIndex) -> Mapping[str, float] | None:
    """What the stages took of the newest run before `run` that is most like it; None where no run has trained."""
    summary = index.summary(run)
    if summary is None:
        return None
    page = index.page(0, RUNS_LOOKED_AT)
    others = [other for _run, other in page.runs if other is not None and other.id != run.id]
    trained = [other for other in others if other.state.stages and other.state.stages[-1].name == "training"]
    wanted = _traits(summary.choices)
    alike = [[mine == theirs for mine, theirs in zip(wanted, _traits(other.choices), strict=True)] for other in trained]
    if not alike:
        return None
    return durations(trained[alike.index(max(alike))].state.stages)


def _traits(choices: Choices) -> tuple[str, ...]:
    """What decides how long the stages take, most of all first."""
    return choices.task, choices.model, choices.strategy, choices.data
