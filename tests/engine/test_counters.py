"""What callbacks count while a run trains, by a clock and scores of our own: time left, and checks without improvement.

Counting goes on where it was when a run is paused in between.
"""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from studio.engine.callbacks.base import StepResult
from studio.engine.callbacks.evaluation import Evaluation
from studio.engine.callbacks.plateau import ReduceOnPlateau
from studio.engine.callbacks.progress import Progress
from studio.engine.evaluation import is_better
from studio.engine.loop import Plan, State
from studio.engine.reporting import Reporter
from studio.metrics import METRICS
from studio.store import Run
from studio.tasks.base import Scores
from studio.training.schedules import ScheduleOptions

ROWS, BATCH, EPOCHS = 100, 10, 2


def looked_at(**more: Any) -> Any:
    """As much of a loop as these callbacks look at: two passes of ten steps, with a check in the middle of each."""
    plan = Plan(ROWS, None, EPOCHS, BATCH, 0.1, ScheduleOptions(), 1.0, evaluations_per_epoch=2, seed=7)
    values = {"state": State(), "plan": plan, "pausing": False, "device": torch.device("cpu"), "callbacks": ()}
    return SimpleNamespace(**values, first_step=None, train_mode=lambda: None, **more)


# --- time left ------------------------------------------------------------------------------------


class Watch:
    """A training whose steps and checks take as long as it says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.run, self.loop = 0.0, Run(folder), looked_at()
        monkeypatch.setattr("studio.engine.callbacks.progress.time.monotonic", lambda: self.now)
        self.progress = Progress(Reporter(self.run))
        self.progress.on_train_begin(self.loop)

    def steps(self, count: int, seconds: float, check: float = 0.0) -> None:
        state, plan = self.loop.state, self.loop.plan
        for _ in range(count):
            self.now += seconds
            state.step, state.batch = state.step + 1, state.batch + 1
            self.progress.on_step_end(self.loop, StepResult(1.0, BATCH, 0.1))
            if state.batch in plan.marks:
                self.now += check
                self.progress.on_evaluated(self.loop, False)
            if state.batch == plan.steps_per_epoch:
                state.epoch, state.batch = state.epoch + 1, 0

    def left(self) -> dict[int, float | None]:
        return {event.step: event.seconds_left for event in self.run.read_from()[0] if event.type == "step"}


def test_time_left_is_that_of_the_steps_and_checks_to_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(tmp_path, monkeypatch)
    watch.steps(20, 2.0, check=5.0)
    left = watch.left()
    assert left[3] == 17 * 2  # how long a check takes is not known yet
    assert left[7] == 13 * 2 + 3 * 5
    assert left[12] == 8 * 2 + 2 * 5
    assert left[20] == 0


def test_time_left_follows_a_machine_that_becomes_slower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(tmp_path, monkeypatch)
    watch.steps(2, 1.0)
    watch.steps(1, 4.0)
    watch.steps(16, 4.0)
    left = watch.left()
    assert 17 * 1 < left[3] < 17 * 4  # type: ignore[operator]
    assert left[19] == pytest.approx(4, abs=0.1)


# --- early stopping -------------------------------------------------------------------------------


class Scripted:
    """Scores from a list."""

    headline = METRICS["accuracy"]

    def __init__(self) -> None:
        self.answers: list[float] = []

    def rows(self, split: str) -> int:
        return 10

    def check(self, split: str) -> tuple[Scores, tuple[str, ...]]:
        return Scores({"accuracy": self.answers.pop(0), "loss": 1.0}), ()


class Judged:
    """A training whose checks give the scores that it is fed with."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.best: list[bool] = []
        self.loop = looked_at(tell_evaluated=self.best.append)
        self.loop.plan = replace(self.loop.plan, epochs=100)
        self.loop.state.step = 1
        self._folder, self._settings, self._scores = folder, settings, Scripted()
        self.evaluation = self._evaluation()

    def _evaluation(self) -> Evaluation:
        scores: Any = self._scores
        return Evaluation(scores, Reporter(Run(self._folder)), start_counts=False, **self._settings)

    def check(self, *scores: float) -> None:
        for score in scores:
            assert self.loop.state.ended is None
            self._scores.answers.append(score)
            self.loop.state.step, self.loop.state.batch = self.loop.state.step + 5, 5
            self.evaluation.on_step_end(self.loop, StepResult(1.0, BATCH, 0.1))

    def pause_and_resume(self) -> None:
        state = self.evaluation.state()
        self.evaluation = self._evaluation()
        self.evaluation.restore(state)

    @property
    def ended(self) -> str | None:
        return self.loop.state.ended  # type: ignore[no-any-return]


def test_small_improvements_are_kept_but_do_not_count(tmp_path: Path) -> None:
    judged = Judged(tmp_path, patience=2, least_improvement=0.1)
    judged.check(0.5, 0.55)
    assert judged.ended is None
    judged.check(0.58)
    assert judged.ended == "early-stopping" and judged.best == [True, True, True]


def test_small_improvements_that_add_up_count(tmp_path: Path) -> None:
    judged = Judged(tmp_path, patience=2, least_improvement=0.1)
    judged.check(0.5, 0.55, 0.65, 0.7)
    assert judged.ended is None
    judged.check(0.74)
    assert judged.ended == "early-stopping"


def test_without_a_least_improvement_every_one_counts(tmp_path: Path) -> None:
    judged = Judged(tmp_path, patience=1)
    judged.check(0.5, 0.51, 0.52, 0.53)
    assert judged.ended is None
    judged.check(0.53)
    assert judged.ended == "early-stopping"


def test_the_least_improvement_goes_in_the_direction_of_the_metric() -> None:
    assert not is_better("accuracy", (0.55, 1.0), (0.5, 1.0), by_more_than=0.1)
    assert is_better("accuracy", (0.65, 1.0), (0.5, 1.0), by_more_than=0.1)
    assert not is_better("loss", (0.45, 0.45), (0.5, 0.5), by_more_than=0.1)
    assert is_better("loss", (0.35, 0.35), (0.5, 0.5), by_more_than=0.1)


@pytest.mark.parametrize("least", [0.0, 0.1])
def test_a_pause_does_not_begin_the_count_anew(least: float, tmp_path: Path) -> None:
    judged = Judged(tmp_path, patience=2, least_improvement=least)
    judged.check(0.5, 0.5 + least / 2)
    judged.pause_and_resume()
    judged.check(0.5 + least / 2)
    assert judged.ended == "early-stopping"


def test_a_pause_does_not_lower_what_is_to_be_beaten(tmp_path: Path) -> None:
    judged = Judged(tmp_path, patience=1)
    judged.check(0.5)
    judged.pause_and_resume()
    judged.check(0.4)
    assert judged.ended == "early-stopping" and judged.best == [True, False]


# --- the schedule that waits for a plateau -----------------------------------------------------------


class Falling:
    """A learning rate that begins at 1."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self.plateau = self._made()
        self.loop = SimpleNamespace(state=State(step=1))

    def _made(self) -> ReduceOnPlateau:
        reporter: Any = SimpleNamespace(note=lambda text: None)
        return ReduceOnPlateau(reporter, 0.5, self._patience)

    def check(self, *is_best: bool) -> float:
        """The rate after checks that were the best so far, or not."""
        for each in is_best:
            self.plateau.on_evaluated(self.loop, each)  # type: ignore[arg-type]
        group = {"lr": 1.0}
        self.plateau.on_step_begin(SimpleNamespace(optimizer=SimpleNamespace(param_groups=[group])))  # type: ignore[arg-type]
        return group["lr"]

    def pause_and_resume(self) -> None:
        state = self.plateau.state()
        self.plateau = self._made()
        self.plateau.restore(state)


def test_it_falls_after_more_checks_than_its_patience_and_counts_anew() -> None:
    rate = Falling(patience=1)
    assert [rate.check(best) for best in (True, False, False, False, False)] == [1, 1, 0.5, 0.5, 0.25]
    assert [rate.check(best) for best in (False, True, False, False)] == [0.25, 0.25, 0.25, 0.125]


def test_without_patience_it_falls_at_once() -> None:
    assert Falling(patience=0).check(True, False) == 0.5


def test_the_check_before_training_does_not_count() -> None:
    rate = Falling(patience=0)
    rate.loop.state.step = 0
    assert rate.check(False) == 1


def test_a_pause_neither_forgets_the_count_nor_the_fall() -> None:
    rate = Falling(patience=1)
    rate.check(True, False)
    rate.pause_and_resume()
    assert rate.check(False) == 0.5
    rate.pause_and_resume()
    assert rate.check() == 0.5
