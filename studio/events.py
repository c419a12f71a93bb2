"""What a worker reports: one JSON object a line, appended to RUN_DIR/events.jsonl, and the fold over them.

The state of a run that anybody shows is `fold(events)`; nothing else is kept. Times are Unix seconds. A fold goes on
from an earlier state in time proportional to the new events, and leaves that state as it was.

Logs are never rewritten, so every version's lines must stay readable. A new field has a default, which says what
older workers did; a renamed one reads its former name too (pydantic's AliasChoices); what has another meaning is a
new type. Fields and types that a reader does not know are passed over: a log may be older or newer than it is.
`Started` says which version of these rules the lines behind it follow.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from studio.errors import Explanation
from studio.growing_tuple import GrowingTuple
from studio.language import Said

T = TypeVar("T")

LOG_VERSION = 1


class Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer worker may say more
    time: float = 0.0


class Started(Event):
    """A worker took the run up, for the first time or again. version: of the log, from here on."""

    type: Literal["started"] = "started"
    version: int = 1
    device: str
    precision: str
    threads: int
    versions: dict[str, str] = {}


PhaseName = Literal[
    "waiting",
    "starting",
    "reading",
    "downloading",
    "loading",
    "preparing",
    "measuring",
    "caching",
    "trying",
    "evaluating",
    "training",
    "saving",
]


class Phase(Event):
    """What the worker is doing outside of training steps. total: 0 if unknown. Earlier workers called "loading" what is
    now "starting" or "reading", and "preparing" what is now "measuring" or "trying"."""

    type: Literal["phase"] = "phase"
    name: PhaseName
    sentence: Said
    done: int = 0
    total: int = 0


class Planned(Event):
    """The shape of the training to come."""

    type: Literal["planned"] = "planned"
    total_steps: int
    steps_per_epoch: int
    epochs: int
    batch_size: int
    examples: dict[str, int]  # split -> rows
    trainable_parameters: int
    total_parameters: int
    headline_metric: str
    precision: str = ""  # the number format that training uses; `Started` may only know "auto"


class Resumed(Event):
    """Training goes on behind `step`: what was logged later than that happened in a lost process."""

    type: Literal["resumed"] = "resumed"
    step: int


class Step(Event):
    """Progress. `loss` is the mean over the steps since the last such event: about ten a second at first, and rarer
    the longer a training takes, see `studio.engine.reporting.seconds_between`."""

    type: Literal["step"] = "step"
    step: int
    epoch: float
    loss: float
    learning_rate: float
    examples_per_second: float
    memory_bytes: int
    seconds_left: float | None = None


class Layers(Event):
    """What each layer does from `step` on, from the input upwards: embeddings, blocks, head.

    rates: factors of the learning rate; 0 for what is frozen.
    """

    type: Literal["layers"] = "layers"
    step: int
    states: tuple[Literal["frozen", "trained", "adapted"], ...]
    rates: tuple[float, ...]


class RateTest(Event):
    """Trial steps before training: the learning rate grew, the loss (smoothed) fell and rose again, one was chosen."""

    type: Literal["rate-test"] = "rate-test"
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    chosen: float


class Evaluated(Event):
    """Metrics on one split. `best` says that this is the best value of the headline metric so far. written: what the
    model wrote to the same few examples every time, where it writes."""

    type: Literal["evaluated"] = "evaluated"
    split: Literal["validation", "test"]
    step: int
    epoch: float
    metrics: dict[str, float]
    best: bool = False
    written: tuple[str, ...] = ()


class CheckpointSaved(Event):
    type: Literal["checkpoint"] = "checkpoint"
    step: int


class Note(Event):
    """A line of the log that people may want to read."""

    type: Literal["note"] = "note"
    text: Said
    level: Literal["info", "warning"] = "info"


class Paused(Event):
    """The worker saved everything and ended; Resume continues bit for bit."""

    type: Literal["paused"] = "paused"
    step: int


class Finished(Event):
    """The model of the best step is saved. reason: all epochs done, no more progress, or Stop.

    has_model: False when the run was stopped before anything was trained.
    """

    type: Literal["finished"] = "finished"
    reason: Literal["completed", "early-stopping", "stopped"]
    best_step: int
    seconds: float
    has_model: bool = True


class Failed(Event):
    type: Literal["failed"] = "failed"
    what: Said
    why: Said = ""
    what_to_do: Said = ""
    resumable: bool = False


AnyEvent = Annotated[
    Started
    | Phase
    | Planned
    | Resumed
    | Step
    | Layers
    | RateTest
    | Evaluated
    | CheckpointSaved
    | Note
    | Paused
    | Finished
    | Failed,
    Field(discriminator="type"),
]
_adapter: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def parse(line: str | bytes) -> AnyEvent:
    """One line of the log. Raises pydantic.ValidationError on anything else."""
    return _adapter.validate_json(line)


Status = Literal["queued", "starting", "running", "paused", "completed", "stopped", "failed", "interrupted"]
ACTIVE: frozenset[Status] = frozenset({"starting", "running"})
ENDED: frozenset[Status] = frozenset({"completed", "stopped", "failed"})
RESUMABLE: frozenset[Status] = frozenset({"paused", "interrupted", "failed"})


class Stage(NamedTuple):
    """A phase before the first step, or training itself, and when it began."""

    name: PhaseName
    began: float


@dataclass(frozen=True)
class RunState:
    """Everything that the events say. `train` holds (step, loss), `validation` the checks, both by ascending step.

    stages: of the worker's last life, up to its training; each is over when the next one begins.
    """

    __pydantic_config__ = ConfigDict(arbitrary_types_allowed=True)  # for the index, which keeps it without its curves
    status: Status = "queued"
    started: float | None = None  # first start
    seconds: float = 0.0  # spent with a worker at work, over all its lives
    working_since: float | None = None
    last: float | None = None  # time of the newest event
    phase: Phase | None = None
    stages: tuple[Stage, ...] = ()
    hardware: Started | None = None
    plan: Planned | None = None
    latest: Step | None = None
    layers: Layers | None = None
    rate_test: RateTest | None = None
    train: GrowingTuple[tuple[int, float]] = field(default_factory=GrowingTuple)
    validation: GrowingTuple[Evaluated] = field(default_factory=GrowingTuple)
    best: Evaluated | None = None
    test: Evaluated | None = None
    checkpoint: int | None = None
    finished: Finished | None = None
    failure: Explanation | None = None
    resumable: bool = False
    notes: GrowingTuple[Note] = field(default_factory=GrowingTuple)

    @property
    def step(self) -> int:
        return self.latest.step if self.latest else 0

    @property
    def has_model(self) -> bool:
        return self.finished is not None and self.finished.has_model


def fold(events: Iterable[AnyEvent], state: RunState | None = None) -> RunState:
    """Apply `events` in order to `state` (a fresh one by default), which stays as it is."""
    values: dict[str, Any] = dict(vars(state or RunState()))
    new: dict[str, list[Any]] = {"train": [], "validation": [], "notes": []}

    def add_new() -> None:
        for name, items in new.items():
            values[name] = values[name].extended(items)
            items.clear()

    def pause_clock(now: float) -> None:
        if values["working_since"] is not None:
            values["seconds"] += max(0.0, (values["last"] or now) - values["working_since"])
        values["working_since"] = None

    for event in events:
        match event:
            case Started():
                pause_clock(event.time)  # the life before may have ended without a word
                values.update(status="starting", hardware=event, working_since=event.time, failure=None)
                values["started"] = values["started"] or event.time
            case Phase():
                stages = _with_stage(values["stages"], event, values["latest"])
                values.update(phase=event, stages=stages, status="running" if values["plan"] else "starting")
            case Planned():
                values.update(plan=event, status="running")
            case Resumed():
                add_new()
                values.update(_cut(values, event.step), latest=None, status="running")
            case Step():
                new["train"].append((event.step, event.loss))
                values.update(latest=event, phase=None, status="running")
            case Layers():
                values["layers"] = event
            case RateTest():
                values["rate_test"] = event
            case Evaluated(split="validation"):
                known = new["validation"] or values["validation"]
                if not len(known) or known[len(known) - 1].step != event.step:  # or the last life has logged it
                    new["validation"].append(event)
                    values["best"] = event if event.best else values["best"]
            case Evaluated():
                values["test"] = event
            case CheckpointSaved():
                values.update(checkpoint=event.step, resumable=True)
            case Note():
                new["notes"].append(event)
            case Paused():
                values.update(status="paused", resumable=True)
            case Finished():
                status = "stopped" if event.reason == "stopped" else "completed"
                values.update(status=status, finished=event, phase=None, resumable=False)
            case Failed():
                failure = Explanation(event.what, event.why, event.what_to_do)
                values.update(status="failed", failure=failure, resumable=event.resumable)
        values["last"] = event.time
        if isinstance(event, Paused | Finished | Failed):
            pause_clock(event.time)
    add_new()
    return RunState(**values)


def _with_stage(stages: tuple[Stage, ...], phase: Phase, latest: Step | None) -> tuple[Stage, ...]:
    """Each life begins with "starting". What comes behind "training" and before a step (a check at step 0) still
    belongs before it; what comes later is no preparation."""
    stage = Stage(phase.name, phase.time)
    if phase.name == "starting":
        return (stage,)
    if not stages or any(known.name == phase.name for known in stages):
        return stages
    last = stages[-1]
    if last.name != "training":
        return (*stages, stage)
    return stages if latest is not None and latest.time >= last.began else (*stages[:-1], stage)


def _cut(values: dict[str, Any], step: int) -> dict[str, Any]:
    """The curves up to `step`, and the best check among what is left."""
    validation = _up_to(step, values["validation"], lambda event: event.step)
    return {
        "train": _up_to(step, values["train"], lambda point: point[0]),
        "validation": validation,
        "best": next((event for event in reversed(validation) if event.best), None),
    }


def _up_to(step: int, points: GrowingTuple[T], step_of: Callable[[T], int]) -> GrowingTuple[T]:
    count = len(points)
    while count and step_of(points[count - 1]) > step:
        count -= 1
    return points.first(count)
