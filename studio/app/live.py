"""What the live chart asks for twice a second: what is new in a run since a byte offset of its log.

However long a run is, what goes to the browser is bounded: the first answer is thinned, and so is one to a browser
that is far behind.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from components.notices import notice
from studio import event_log
from studio.app.curve_reading import reading
from studio.app.log_lines import log_lines
from studio.app.preparation import USUAL, is_preparing, preparation
from studio.app.results import task_of
from studio.app.states import States, headline
from studio.errors import Explanation
from studio.events import AnyEvent, Evaluated, Resumed, RunState, Status, Step
from studio.language import _, sentences
from studio.metrics import metric_named
from studio.store import Run, Store
from studio.tasks.results import stored_scores

FIRST_POINTS = 2000  # a chart is about a thousand pixels wide
MOST_QUESTIONS = 4  # a second: each costs a training that uses all processors a few milliseconds
FAR_BEHIND = 500_000  # bytes of the log: about as many steps as the first points are

STATUS_TITLES: dict[Status, str] = {
    "queued": _("Waiting in line"),
    "starting": _("Starting"),
    "running": _("Training"),
    "paused": _("Paused"),
    "completed": _("Finished"),
    "stopped": _("Stopped"),
    "failed": _("Failed"),
    "interrupted": _("Interrupted"),
}
INTERRUPTED = Explanation(
    _("The training process has ended unexpectedly."),
    _("It was ended from outside, ran out of memory, or the machine was restarted."),
    _("Press Resume to go on from the last saved step; nothing before it is lost."),
)

STORIES = {
    "queued": _("It starts as soon as the machine is free."),
    "starting": _("The studio gets the model and the examples ready."),
    "loading": _("The model is read into memory, with all that it learned before."),
    "preparing": _("Every example is turned into numbers, the only thing that a model reads."),
    "measuring": _("A few steps are tried, to find the fastest way on this machine."),
    "caching": _("Every example passes once through the frozen layers, and what comes out is kept."),
    "evaluating": _("The model answers the validation examples, which it does not learn from."),
    "training": _("The model guesses, is told the right answer, and corrects itself a little, again and again."),
    "saving": _("The result is packed into a folder of its own."),
}  # what goes on, for people who never watched a training; in other phases the worker's own sentence is as plain


class Pace:
    """When each browser asks again, so that all of them together cost a training next to nothing: few ask as often as
    they like, a hundred of them each a few times a minute. Thread-safe."""

    def __init__(self, most: float = MOST_QUESTIONS) -> None:
        """most: questions a second, of all together."""
        self._between, self._next, self._lock = 1 / most, 0.0, threading.Lock()

    def wait(self) -> float:
        """Seconds until the turn of who asks now comes again, at the soonest."""
        now = time.monotonic()
        with self._lock:
            self._next = max(now, self._next) + self._between
            return round(self._next - now, 3)


def usual_ones(run: Run) -> Mapping[str, float]:
    return USUAL


def poll(
    store: Store,
    states: States,
    run_id: str,
    offset: int,
    usual: Callable[[Run], Mapping[str, float]] = usual_ones,
) -> dict[str, Any]:
    """The news behind `offset` as a message for `components.charts.live_chart`. 0 asks for everything.

    usual: seconds that each stage before the first step is expected to take, asked for while there is none yet.

    A thinned whole also goes to a tab that was hidden for so long that its news would be more than that, and to
    one whose offset does not lie between two events, because the log was replaced.
    """
    run = store.find(run_id)
    if run is None:
        return {"offset": 0, "done": True, "status": "", "status_title": _("No such run")}
    far_behind = offset == 0 or run.log_bytes - offset > FAR_BEHIND
    everything = far_behind or not event_log.is_whole_at(run.events_file, offset)
    snapshot = states.snapshot(run) if everything else None
    events, end = ([], snapshot.position.offset) if snapshot else run.read_from(offset)
    state = states.of(run)  # behind the news, so never older than they are
    preparing = is_preparing(state)
    title = STATUS_TITLES["starting" if preparing and state.status == "running" else state.status]
    message: dict[str, Any] = {"offset": end, "status": state.status, "status_title": title}
    if snapshot:
        message.update(_everything(snapshot.state), reset=True, log=list(snapshot.lines))
    elif events:
        message.update(_news(events, state))
    if everything or events or preparing or state.status in ("queued", "starting", "interrupted"):
        message.update(_numbers(run, state))
        message["preparing"] = preparation(state, usual(run), time.time()) if preparing else None
    if everything or events:
        message["reading"] = reading(state)
    if everything or any(isinstance(event, Evaluated | Resumed) for event in events):
        message["best"] = state.best.step if state.best else None
    message["done"] = state.status not in ("queued", "starting", "running")
    return message


def thin(points: Sequence[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """At most about `most` points: the mean of each stretch, at its last step."""
    if len(points) <= most:
        return [(step, _rounded(loss)) for step, loss in points]
    stretch = -(-len(points) // most)
    parts = (points[start : start + stretch] for start in range(0, len(points), stretch))
    return [(part[-1][0], _rounded(sum(loss for _step, loss in part) / len(part))) for part in parts]


def stretch_of(count: int, most: int) -> int:
    """How many points of the live chart one of a curve stands for that is thinned to `most`."""
    return max(1, -(-count // most) // max(1, -(-count // FIRST_POINTS)))


def spread(events: Sequence[Evaluated], most: int) -> Sequence[Evaluated]:
    """At most about `most` of them, evenly taken, the last one always: a score is shown as it was, never averaged."""
    stride = -(-len(events) // most)
    return events if stride <= 1 else [*events[:-1:stride], events[-1]]


def _everything(state: RunState) -> dict[str, Any]:
    validation = spread(state.validation, FIRST_POINTS)
    return {"train": thin(state.train, FIRST_POINTS), **_validation(validation, state)}


def _news(events: list[AnyEvent], state: RunState) -> dict[str, Any]:
    news: dict[str, Any] = {}
    train: list[Step] = []
    validation: list[Evaluated] = []
    for event in events:
        if isinstance(event, Resumed):  # what was sent of later steps is void, here and in the browser
            news["truncate"] = min(event.step, news.get("truncate", event.step))
            train = [point for point in train if point.step <= event.step]
            validation = [point for point in validation if point.step <= event.step]
        elif isinstance(event, Step):
            train.append(event)
        elif isinstance(event, Evaluated) and event.split == "validation":
            validation.append(event)
    if train:
        news["train"] = [(point.step, _rounded(point.loss)) for point in train]
    if validation:
        news |= _validation(validation, state)
    if lines := log_lines(events, headline(state)):
        news["log"] = lines
    return news


def _validation(events: Iterable[Evaluated], state: RunState) -> dict[str, Any]:
    metric, events = metric_named(headline(state)), list(events)
    return {
        "validation": [(e.step, _rounded(e.metrics["loss"])) for e in events if "loss" in e.metrics],
        "metric": [(e.step, _rounded(e.metrics[metric.name])) for e in events if metric.name in e.metrics],
        "metric_name": metric.title,
        "metric_percent": metric.percent,
    }


TERMS_OF_STATS = {  # which term of the glossary a number's label names
    _("Kept step (the best)"): "step",
    _("Step"): "step",
    _("Pass (epoch)"): "epoch",
    _("Training loss"): "loss",
    _("Validation loss"): "validation",
}


def _numbers(run: Run, state: RunState) -> dict[str, Any]:
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
        "phase": _story(run, state),
        "stats": (stats := _stats(state)),
        "terms": [TERMS_OF_STATS.get(label) for label, _value in stats],
        "notice": notice("bad", words.what, words.why, words.what_to_do) if words else "",
    }


def _story(run: Run, state: RunState) -> str:
    """What is going on, or what came of it, in one calm sentence; empty while nothing is."""
    if state.status in ("completed", "stopped"):
        return _gain(run, state)
    if state.status not in ("starting", "running") or state.phase is None:
        return STORIES.get("training" if state.status == "running" else state.status, "")
    if state.phase.name == "evaluating" and not is_preparing(state):
        return state.phase.sentence
    return STORIES.get(state.phase.name, state.phase.sentence)


def _gain(run: Run, state: RunState) -> str:
    """What training brought: in the words in which the Test page says it of the test examples, as soon as the
    answers are counted, and until then by the metric that decides which step is best."""
    metric, best = metric_named(headline(state)), state.best
    first = state.validation[0] if state.validation else None
    if best is None or first is None or not all(metric.name in event.metrics for event in (best, first)):
        return ""
    verdict = _verdict(run)
    told = _("Validation examples: {verdict}", verdict=verdict) if verdict else metric.told(best.metrics[metric.name])
    before = metric.brief(first.metrics[metric.name])
    began = _("Before training: {value} ({metric}).", value=before, metric=metric.title)
    return sentences(told, began) if first.step == 0 else told


def _verdict(run: Run) -> str:
    """How good the answers to the validation examples are, in plain words; "" where they are not counted."""
    found, task = stored_scores(run).get("validation"), task_of(run)
    return task.verdict(found) if found and found["metrics"] and task else ""


def _stats(state: RunState) -> list[tuple[str, str]]:
    """Of a run that has ended those of the step that is kept, and not of the last one."""
    plan, latest, kept = state.plan, state.latest, state.best if state.finished else None
    stats = []
    if plan and kept:
        stats.append((_("Kept step (the best)"), _("{count:,} / {total:,}", count=kept.step, total=plan.total_steps)))
        stats.append((_("Pass (epoch)"), _passes(kept.epoch, plan.epochs)))
        if "loss" in kept.metrics:
            stats.append((_("Validation loss"), _("{value:.3f}", value=kept.metrics["loss"])))
    elif plan:
        stats.append((_("Step"), _("{count:,} / {total:,}", count=state.step, total=plan.total_steps)))
        stats.append((_("Pass (epoch)"), _passes(latest.epoch if latest else 0, plan.epochs)))
    if latest and not kept:
        stats.append((_("Training loss"), _("{value:.3f}", value=latest.loss)))
    if state.best and plan:
        metric = metric_named(headline(state))
        best = metric.text(state.best.metrics.get(metric.name, math.nan))
        stats.append((_("Best: {metric}", metric=metric.title), best))
    if latest and latest.seconds_left is not None and state.status == "running":
        stats.append((_("Time left"), duration(latest.seconds_left)))
    elif state.started:
        stats.append((_("Time spent"), duration(spent(state))))
    if latest:
        stats.append((_("Examples/s"), _("{count:,}", count=round(latest.examples_per_second))))
        stats.append((_("Memory"), _("{gigabytes:.1f} GB", gigabytes=latest.memory_bytes / 1024**3)))
    if state.hardware:
        precision = (plan.precision if plan else "") or state.hardware.precision
        shown = state.hardware.device.upper()
        stats.append((_("Device"), shown if precision == "auto" else f"{shown} · {precision}"))
    return stats


def _passes(done: float, planned: float) -> str:
    return _("{done:.1f} / {planned}", done=done, planned=planned)


def spent(state: RunState) -> float:
    """Seconds with a worker at work, up to the newest event."""
    since = state.working_since
    return state.seconds + (max(0.0, (state.last or since) - since) if since is not None else 0.0)


def duration(seconds: float) -> str:
    """2 h 5 min, 3 min 20 s, 12 s."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return _("{hours} h {minutes} min", hours=hours, minutes=minutes)
    if minutes:
        return _("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return _("{seconds} s", seconds=rest)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
