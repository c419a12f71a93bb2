"""Ctrl-C while a run is followed: counted, whatever Python is doing at that moment, and ignored where it was before."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from interrupting import ctrl_c_means
from logs import make_run

from studio.commands.following import count_interrupts, follow
from studio.commands.output import Progress
from studio.events import RunState
from studio.paths import Home
from studio.store import Run, Store

STAND_IN = Path(__file__).parent / "stand_in_worker.py"


class Pressing(Progress):
    """Presses Ctrl-C as soon as a line with one of these words is printed."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self._words = words
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)
        if any(word in text for word in self._words):
            signal.raise_signal(signal.SIGINT)


def followed(run: Run, progress: Progress) -> RunState:
    with subprocess.Popen([sys.executable, str(STAND_IN), str(run.folder)]) as process:
        try:
            with count_interrupts() as interrupts:
                return follow(run, progress, process, interrupts)
        finally:
            (run.folder / "release").touch()


@pytest.fixture
def run(home: Home) -> Run:
    return make_run(Store(home))


def test_once_stops_the_run(run: Run) -> None:
    progress = Pressing("Training on")
    with ctrl_c_means(signal.default_int_handler):
        state = followed(run, progress)
        assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    assert state.status == "stopped" and any(line.startswith("Stopping") for line in progress.lines)


def test_twice_leaves_it_running(run: Run) -> None:
    progress = Pressing("Training on", "Stopping")
    with ctrl_c_means(signal.default_int_handler):
        state = followed(run, progress)
    assert state.finished is None
    assert progress.lines[-1] == f"Left alone; it goes on. Stop it with `studio stop {run.id}`."


def test_it_stays_ignored_where_it_was_and_that_is_said(run: Run) -> None:
    (run.folder / "release").touch()
    progress = Pressing("Training on")
    with ctrl_c_means(signal.SIG_IGN):
        state = followed(run, progress)
    assert state.status == "completed"
    assert progress.lines[0].endswith(f"Stop the run with `studio stop {run.id}`.")


def test_it_counts_in_a_finaliser_too() -> None:
    """Python prints and drops an exception there, also a KeyboardInterrupt."""

    class Pressed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with ctrl_c_means(signal.default_int_handler), count_interrupts() as interrupts:
        Pressed()
        assert interrupts.presses == 1
