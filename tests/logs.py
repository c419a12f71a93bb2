"""Runs made of invented events, to test pages and supervisors without training."""

import time
from pathlib import Path

from studio.events import Evaluated, Event, Planned, Started, Step
from studio.processes import Identity
from studio.store import Run, Store

NOW = time.time()  # events are younger than the process that plays the worker
CONFIG = "task: text-classification\nmodel: {id: starter/text}\ndata: {source: nothing.csv}\n"


def make_run(store: Store, name: str = "a run", config: str = CONFIG) -> Run:
    return store.create(config, name)


def at_work(run: Run) -> Run:
    """As if this very process were the run's worker. Times of events count in seconds since `NOW`."""
    run.set_worker(Identity.of())
    return run


def abandoned(run: Run) -> Run:
    """As if the run's worker had been killed."""
    run.set_worker(Identity(2**22 + 1, 1.0))
    return run


def started(seconds: float = 0.0) -> Started:
    return Started(device="cpu", precision="fp32", threads=1, time=NOW + seconds)


def planned(total_steps: int = 100, seconds: float = 1.0) -> Planned:
    return Planned(
        total_steps=total_steps,
        steps_per_epoch=max(1, total_steps // 4),
        epochs=4,
        batch_size=8,
        examples={"train": 80, "validation": 10, "test": 10},
        trainable_parameters=10,
        total_parameters=100,
        headline_metric="accuracy",
        time=NOW + seconds,
    )


def step(number: int, loss: float | None = None) -> Step:
    return Step(
        step=number,
        epoch=number / 25,
        loss=1.0 / number if loss is None else loss,
        learning_rate=1e-3,
        examples_per_second=100.0,
        memory_bytes=2**30,
        seconds_left=12.0,
        time=NOW + 1 + number / 10,
    )


def checked(number: int, accuracy: float, best: bool = False) -> Evaluated:
    metrics = {"accuracy": accuracy, "loss": 1 - accuracy}
    return Evaluated(
        split="validation", step=number, epoch=number / 25, metrics=metrics, best=best, time=NOW + 1 + number / 10
    )


def write(run: Run, *events: Event) -> Run:
    """Append many events at once."""
    lines = "".join(event.model_dump_json(exclude_none=True) + "\n" for event in events)
    with run.events_file.open("ab") as log:
        log.write(lines.encode())
    return run


def write_steps(run: Run, count: int) -> Run:
    return write(run, started(), planned(count), *(step(number) for number in range(1, count + 1)))


def size(path: Path) -> int:
    return path.stat().st_size
