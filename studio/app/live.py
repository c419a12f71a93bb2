"""What the live chart asks for twice a second: the news of a run since a byte offset of its log."""

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from components.notices import notice
from studio.errors import Explanation
from studio.events import (
    AnyEvent,
    Evaluated,
    Failed,
    Finished,
    Note,
    Paused,
    Phase,
    Resumed,
    RunState,
    Started,
    Status,
    Step,
    fold,
)
from studio.metrics import Metric, metric_named
from studio.store import Run, Store

FIRST_POINTS = 2000  # a chart is about a thousand pixels wide
FAR_BEHIND = 500_000  # bytes of the log: about as many steps as the first points are
LINES = 500  # of the log for people: what the chart keeps

STATUS_TITLES: dict[Status, str] = {
    "queued": "Waiting for its turn",
    "starting": "Starting",
    "running": "Training",
    "paused": "Paused",
    "completed": "Finished",
    "stopped": "Stopped",
    "failed": "Failed",
    "interrupted": "Interrupted",
}
INTERRUPTED = Explanation(
    "The training process is gone.",
    "It was ended from outside, ran out of memory, or the machine was restarted.",
    "Press Resume to go on from the last saved step; nothing before it is lost.",
)

STORIES = {
    "queued": "It starts as soon as the machine is free.",
    "starting": "The studio gets the model and the examples ready.",
    "preparing": "Every example is turned into numbers, the only thing that a model reads.",
    "caching": "The part of the model that stays as it is looks at every example once, and its view is kept.",
    "training": "The model guesses, is told the right answer, and corrects itself a little, again and again.",
    "saving": "The result is packed into a folder of its own.",
}  # what goes on, for who never saw a training; in other phases the worker's own sentence is as plain


@dataclass(frozen=True)
class Told:
    """What a run's log says up to byte `end`: the folded state, and the lines for people."""

    end: int = 0
    state: RunState = field(default_factory=RunState)
    lines: tuple[str, ...] = ()


@dataclass
class States:
    """What the logs say of every run that anybody looks at, each read once and then only from its end."""

    _known: dict[str, Told] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, run: Run) -> RunState:
        return run.state(lambda: self.told_by(run).state)

    def told_by(self, run: Run) -> Told:
        with self._lock:
            told = self._known.get(run.id, Told())
            events, end = run.read_from(told.end)
            if events:
                state = fold(events, told.state)
                told = Told(end, state, (*told.lines, *_log(events, state))[-LINES:])
            self._known[run.id] = told
        return told


def poll(store: Store, states: States, run_id: str, offset: int) -> dict[str, Any]:
    """The news behind `offset` as a message for `components.charts.live_chart`. 0 asks for everything.

    A tab that was hidden for so long that its news would be more than a thinned whole gets that.
    """
    run = store.find(run_id)
    if run is None:
        return {"offset": 0, "done": True, "status": "", "status_title": "No such run"}
    everything = offset == 0 or run.log_bytes - offset > FAR_BEHIND
    told = states.told_by(run) if everything else None
    events, end = ([], told.end) if told else run.read_from(offset)
    state = states.of(run)  # behind the news, so never older than they are
    message: dict[str, Any] = {"offset": end, "status": state.status, "status_title": STATUS_TITLES[state.status]}
    if told:
        message.update(_everything(told.state), reset=True, log=list(told.lines))
    elif events:
        message.update(_news(events, state))
    if everything or events or state.status in ("queued", "starting", "interrupted"):
        message.update(_reading(run, state))
    message["done"] = state.status not in ("queued", "starting", "running")
    return message


def thin(points: tuple[tuple[int, float], ...], most: int) -> list[tuple[int, float]]:
    """At most about `most` points: the mean of each stretch, at its last step."""
    if len(points) <= most:
        return [(step, _short(loss)) for step, loss in points]
    stretch = -(-len(points) // most)
    parts = (points[start : start + stretch] for start in range(0, len(points), stretch))
    return [(part[-1][0], _short(sum(loss for _, loss in part) / len(part))) for part in parts]


def _everything(state: RunState) -> dict[str, Any]:
    return {"train": thin(state.train, FIRST_POINTS), **_validation(state.validation, state)}


def _news(events: list[AnyEvent], state: RunState) -> dict[str, Any]:
    news: dict[str, Any] = {}
    train: list[Step] = []
    validation: list[Evaluated] = []
    for event in events:
        if isinstance(event, Resumed):  # what was told of later steps is void, here and in the browser
            news["truncate"] = min(event.step, news.get("truncate", event.step))
            train = [point for point in train if point.step <= event.step]
            validation = [point for point in validation if point.step <= event.step]
        elif isinstance(event, Step):
            train.append(event)
        elif isinstance(event, Evaluated) and event.split == "validation":
            validation.append(event)
    if train:
        news["train"] = [(point.step, _short(point.loss)) for point in train]
    if validation:
        news |= _validation(validation, state)
    if lines := _log(events, state):
        news["log"] = lines
    return news


def _validation(events: Iterable[Evaluated], state: RunState) -> dict[str, Any]:
    metric, events = _headline(state), list(events)
    name = metric.name
    return {
        "validation": [(e.step, _short(e.metrics["loss"])) for e in events if "loss" in e.metrics],
        "metric": [(e.step, _short(e.metrics[name])) for e in events if name in e.metrics],
        "metric_name": metric.title,
    }


def _headline(state: RunState) -> Metric:
    """The metric that decides which step is best; one without a name before the run has said which that is."""
    return metric_named(state.plan.headline_metric if state.plan else "")


def _reading(run: Run, state: RunState) -> dict[str, Any]:
    """The numbers beside the chart, as they are now."""
    plan = state.plan
    progress = None
    if state.status in ("completed", "stopped"):
        progress = 1.0
    elif plan:
        progress = round(state.step / max(1, plan.total_steps), 4)
    words = INTERRUPTED if state.status == "interrupted" else state.failure if state.status == "failed" else None
    return {
        "beside": f"{state.layers.step if state.layers else ''}{'+' if state.rate_test else ''}",
        "progress": progress,
        "phase": _story(state),
        "stats": _stats(state),
        "notice": notice("bad", words.what, words.why, words.what_to_do) if words else "",
    }


def _story(state: RunState) -> str:
    """What is going on, or what came of it, in one calm sentence; empty while nothing is."""
    if state.status in ("completed", "stopped"):
        return _gain(state)
    if state.status not in ("starting", "running") or state.phase is None:
        return STORIES.get("training" if state.status == "running" else state.status, "")
    sentence = STORIES.get(state.phase.name, state.phase.sentence)
    return f"{sentence} {state.phase.done:,} of {state.phase.total:,}" if state.phase.total else sentence


def _gain(state: RunState) -> str:
    """What training brought, told by the metric that decides which step is best."""
    metric, best = _headline(state), state.best
    first = state.validation[0] if state.validation else None
    if best is None or first is None or not all(metric.name in event.metrics for event in (best, first)):
        return ""
    now, before = metric.text(best.metrics[metric.name]), metric.text(first.metrics[metric.name])
    told = metric.said.format(now) if metric.said else f"{metric.title} is {now} ({metric.sentence})"
    checked = (
        f"Of the examples that it was checked on, {told}" if metric.said else f"On the validation examples, {told}"
    )
    return f"{checked}; before training it was {before}." if first.step == 0 else f"{checked}."


def _stats(state: RunState) -> list[tuple[str, str]]:
    plan, latest = state.plan, state.latest
    stats = []
    if plan:
        stats.append(("Step", f"{state.step:,} / {plan.total_steps:,}"))
        stats.append(("Pass (epoch)", f"{latest.epoch if latest else 0:.1f} / {plan.epochs}"))
    if latest:
        stats.append(("Training loss", f"{latest.loss:.3f}"))
    if state.best and plan:
        metric = _headline(state)
        stats.append((f"Best {metric.title}", metric.text(state.best.metrics.get(metric.name, math.nan))))
    if latest and latest.seconds_left is not None and state.status == "running":
        stats.append(("Time left", duration(latest.seconds_left)))
    elif state.started:
        stats.append(("Time spent", duration(spent(state))))
    if latest:
        stats.append(("Examples/s", f"{latest.examples_per_second:,.0f}"))
        stats.append(("Memory", f"{latest.memory_bytes / 1024**3:.1f} GB"))
    if state.hardware:
        precision = (plan.precision if plan else "") or state.hardware.precision
        shown = state.hardware.device.upper()
        stats.append(("Device", shown if precision == "auto" else f"{shown} · {precision}"))
    return stats


def spent(state: RunState) -> float:
    """Seconds with a worker at work, up to the newest event."""
    since = state.working_since
    return state.seconds + (max(0.0, (state.last or since) - since) if since is not None else 0.0)


def duration(seconds: float) -> str:
    """2 h 5 min, 3 min 20 s, 12 s."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _log(events: Iterable[AnyEvent], state: RunState) -> list[str]:
    from time import localtime, strftime

    lines = [(event.time, _line(event, _headline(state).name)) for event in events]
    return [f"{strftime('%H:%M:%S', localtime(time))}  {line}" for time, line in lines if line]


def _line(event: AnyEvent, headline: str) -> str:
    match event:
        case Started():
            return f"Started on {event.device}, {event.precision}, {event.threads} threads."
        case Phase():
            told_otherwise = event.name in ("training", "evaluating")  # and there are many of them
            return event.sentence if event.done == 0 and not told_otherwise else ""
        case Note():
            return event.text
        case Resumed():
            return f"Resumed behind step {event.step}."
        case Evaluated():
            return _scores(event, headline)
        case Paused():
            return f"Paused at step {event.step}."
        case Finished():
            return f"Finished ({event.reason}); the best step was {event.best_step}."
        case Failed():
            return event.what
    return ""


def _scores(event: Evaluated, headline: str) -> str:
    """All numbers of the test part; of a check during training the two that are drawn."""
    shown = [name for name in event.metrics if event.split == "test" or name in (headline, "loss")]
    numbers = ", ".join(f"{name} {event.metrics[name]:.4f}" for name in shown)
    return f"{event.split.capitalize()} at step {event.step}: {numbers}{' (best)' if event.best else ''}"


def _short(value: float) -> float:
    return float(f"{value:.4g}")
