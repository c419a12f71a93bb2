"""Watching a run from the command line: its events as lines, Ctrl-C as Stop."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from studio.commands.output import Progress
from studio.events import (
    AnyEvent,
    Evaluated,
    Failed,
    Finished,
    Note,
    Paused,
    Phase,
    Planned,
    RunState,
    Started,
    Step,
    fold,
)
from studio.store import Run

SECONDS_BETWEEN_CHECKS = 0.15
CTRL_C_HELP = (
    "The run goes on in a process of its own, also when this command is killed. Ctrl-C stops it at its next step and "
    "keeps its best model; a second Ctrl-C leaves it running. Where Ctrl-C is ignored from the start, as for a shell's "
    "background job, it stays ignored: use `studio stop RUN`."
)


@dataclass
class Interrupts:
    """How often Ctrl-C was pressed so far, and whether this process ignores it."""

    presses: int = 0
    ignored: bool = False


@contextmanager
def count_interrupts() -> Iterator[Interrupts]:
    """Count Ctrl-C instead of raising KeyboardInterrupt, which Python drops when it strikes inside a finaliser.

    A process that was started with Ctrl-C ignored keeps it so: the person at the terminal means another program.
    """
    found = Interrupts(ignored=signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
    if found.ignored:
        yield found
        return

    def press(*_: object) -> None:
        found.presses += 1

    before = signal.signal(signal.SIGINT, press)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)


def follow(run: Run, progress: Progress, process: "subprocess.Popen[bytes]", interrupts: Interrupts) -> RunState:
    """Print the run's events until it has ended. The first Ctrl-C asks it to stop, a second one leaves it alone."""
    events, offset = run.read_from(0)  # of earlier lives
    state, asked = fold(events), False
    if interrupts.ignored:
        progress.line(f"Ctrl-C is ignored, as where this was started. Stop the run with `studio stop {run.id}`.")
    while True:
        ended = process.poll() is not None  # looked at first: what it wrote last is read below
        events, offset = run.read_from(offset)
        state = fold(events, state)
        for event in events:
            _show(event, state, progress)
        if ended:
            progress.clear()
            return run.state()
        if interrupts.presses and not asked:
            asked = True
            run.command("stop")
            progress.line("Stopping at the next step and keeping the best model. (Ctrl-C again leaves it running.)")
        if interrupts.presses > 1:
            progress.line(f"Left alone; it goes on. Stop it with `studio stop {run.id}`.")
            return state
        time.sleep(SECONDS_BETWEEN_CHECKS)


def _show(event: AnyEvent, state: RunState, progress: Progress) -> None:
    match event:
        case Started():
            progress.line(f"Training on {event.device}, {event.precision}, {event.threads} threads")
        case Planned():
            splits = ", ".join(f"{rows} {split}" for split, rows in event.examples.items())
            progress.line(
                f"{event.trainable_parameters:,} of {event.total_parameters:,} parameters; {splits}; "
                f"{event.total_steps} steps of {event.batch_size}"
            )
        case Phase():
            share = f" {event.done}/{event.total}" if event.total else ""
            progress.update(f"{event.sentence}{share}")
        case Step():
            total = state.plan.total_steps if state.plan else 0
            left = f", {event.seconds_left:.0f} s left" if event.seconds_left is not None else ""
            progress.update(
                f"step {event.step}/{total}  loss {event.loss:.4f}  {event.examples_per_second:.0f} examples/s{left}"
            )
        case Evaluated():
            numbers = "  ".join(f"{name} {value:.4f}" for name, value in event.metrics.items())
            best = "  (best so far)" if event.best and event.split == "validation" else ""
            progress.line(f"{event.split} at step {event.step}: {numbers}{best}")
        case Note():
            progress.line(event.text)
        case Finished():
            progress.line(f"{event.reason.capitalize()} after {event.seconds:.0f} s; best step {event.best_step}")
        case Paused():
            progress.line(f"Paused at step {event.step}")
        case Failed():
            progress.clear()  # the caller prints the failure
        case _:
            pass
