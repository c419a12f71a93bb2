"""Learning rates, weight decay, judging the validation split, and the points of the curve."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from trained import Finished, Workers, state_of

from studio.engine.callbacks.base import StepResult
from studio.engine.callbacks.evaluation import Evaluation
from studio.engine.callbacks.plateau import ReduceOnPlateau
from studio.engine.callbacks.progress import Progress
from studio.engine.evaluation import is_better
from studio.engine.loop import Plan, State, parameter_groups
from studio.engine.reporting import LONGEST_SECONDS, Interrupted, Reporter, seconds_between
from studio.metrics import METRICS
from studio.store import Run
from studio.tasks.base import Scores
from studio.training.schedules import ScheduleOptions


def plan(**changes: Any) -> Plan:
    values = {"rows": 100, "lengths": None, "epochs": 4, "batch_size": 10, "learning_rate": 0.1}
    values |= {"schedule": ScheduleOptions(), "max_grad_norm": 1.0, "evaluations_per_epoch": 1, "seed": 7}
    return Plan(**{**values, **changes})


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [plan().learning_rate_at(step) for step in range(40)]
    assert rates[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert max(rates) == pytest.approx(0.1) and rates[4] == pytest.approx(0.1)
    assert all(later < earlier for earlier, later in pairwise(rates[4:]))
    assert 0 < rates[-1] < 0.005
    constant = plan(schedule=ScheduleOptions(schedule="constant", warmup=0.0))
    assert {constant.learning_rate_at(step) for step in range(40)} == {0.1}


def test_weight_decay_is_for_matrices() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3), torch.nn.Linear(3, 2))
    model[2].weight.requires_grad_(False)
    decayed, free = parameter_groups(model, 0.01, {}, {})
    assert [id(p) for p in decayed["params"]] == [id(model[0].weight)] and decayed["weight_decay"] == 0.01
    assert len(free["params"]) == 4 and free["weight_decay"] == 0.0


def test_better() -> None:
    assert is_better("accuracy", (0.9, 2.0), (0.8, 1.0)) and not is_better("accuracy", (0.7, 0.1), (0.8, 1.0))
    assert is_better("accuracy", (0.8, 0.9), (0.8, 1.0)) and not is_better("accuracy", (0.8, 1.0), (0.8, 1.0))
    assert is_better("loss", (0.4, 0.4), (0.5, 0.5)) and not is_better("loss", (0.6, 0.6), (0.5, 0.5))


def test_an_error_measure_keeps_the_smallest() -> None:
    assert is_better("rmse", (2.0, 1.0), (3.0, 0.5)) and not is_better("rmse", (3.0, 0.1), (2.0, 1.0))
    assert is_better("rmse", (2.0, 1.0), (3.0, 1.0), 0.5) and not is_better("rmse", (2.8, 1.0), (3.0, 1.0), 0.5)


class Scripted:
    """Scores from a list instead of a model."""

    headline = METRICS["accuracy"]

    def __init__(self, answers: list[float | Exception]) -> None:
        self.answers = answers

    def rows(self, split: str) -> int:
        return 10

    def check(self, split: str) -> tuple[Scores, tuple[str, ...]]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Scores({"accuracy": answer, "loss": 1.0}), ()


class Watched(SimpleNamespace):
    """As much of a loop as callbacks look at."""

    def __init__(self) -> None:
        super().__init__(
            state=State(),
            plan=plan(epochs=6),
            pausing=False,
            judged=[],
            device=torch.device("cpu"),
            callbacks=(),
            first_step=None,
        )

    def train_mode(self) -> None: ...

    def tell_evaluated(self, is_best: bool) -> None:
        self.judged.append(is_best)

    def after_epoch(self, evaluation: Evaluation) -> None:
        self.state.step += 10
        self.state.batch = 10
        evaluation.on_step_end(self, StepResult(1.0, 10, 0.1))  # type: ignore[arg-type]
        self.state.epoch, self.state.batch = self.state.epoch + 1, 0


def judge(folder: Path, answers: list[float | Exception], patience: int = 0, start_counts: bool = False) -> Any:
    evaluation = Evaluation(Scripted(answers), Reporter(Run(folder)), patience, start_counts)  # type: ignore[arg-type]
    loop = Watched()
    evaluation.on_train_begin(loop)  # type: ignore[arg-type]
    while answers and not loop.pausing and loop.state.ended is None:
        loop.after_epoch(evaluation)
    return evaluation, loop


def test_early_stopping_keeps_the_best(tmp_path: Path) -> None:
    _, loop = judge(tmp_path, [0.2, 0.5, 0.7, 0.6, 0.7, 0.9], patience=2)
    assert loop.state.ended == "early-stopping" and loop.state.step == 40
    assert loop.state.best_step == 20 and loop.state.best_epoch == 2.0
    assert loop.judged == [False, True, True, False, False]


def test_the_end_of_the_plan_is_no_early_stopping(tmp_path: Path) -> None:
    _, loop = judge(tmp_path, [0.2, 0.5, 0.7, 0.8, 0.9, 0.6, 0.7], patience=2)
    assert loop.state.step == loop.plan.total_steps == 60 and loop.state.ended is None


def test_without_patience_it_goes_on(tmp_path: Path) -> None:
    _, loop = judge(tmp_path, [0.2, 0.5, 0.4, 0.3, 0.2])
    assert loop.state.ended is None and loop.state.best_step == 10


@pytest.mark.parametrize(("counts", "best"), [(True, 0), (False, 10)])
def test_an_untrained_new_head_is_never_the_best(counts: bool, best: int, tmp_path: Path) -> None:
    _, loop = judge(tmp_path, [0.9, 0.5, 0.4], start_counts=counts)
    assert loop.state.best_step == best


def test_pause_in_an_evaluation_is_made_up_for(tmp_path: Path) -> None:
    evaluation, loop = judge(tmp_path, [0.2, 0.5, Interrupted("pause"), 0.9])
    assert loop.pausing and evaluation.last_step == 10
    again = Evaluation(Scripted([0.9]), Reporter(Run(tmp_path)), 0, False)  # type: ignore[arg-type]
    again.restore(evaluation.state())
    loop.pausing, loop.state.epoch, loop.state.batch = False, 1, 10  # where the checkpoint was written
    again.on_train_begin(loop)
    assert loop.state.best_step == 20 and again.last_step == 20


def test_stop_before_the_first_step_ends_all(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        judge(tmp_path, [Interrupted("stop")])


def test_points_of_the_curve(tmp_path: Path) -> None:
    """A mean over the steps since the last point, ten a second at first, and none lost when training ends early."""
    run, loop = Run(tmp_path), Watched()
    loop.plan = plan(rows=100_000)
    progress = Progress(Reporter(run))
    progress.on_train_begin(loop)  # type: ignore[arg-type]
    for number in range(1, 1001):
        loop.state.step, loop.state.batch = number, number
        progress.on_step_end(loop, StepResult(float(number), 10, 0.1))  # type: ignore[arg-type]
    loop.state.ended = "stopped"
    progress.on_train_end(loop)  # type: ignore[arg-type]
    state = state_of(run)
    assert 5 <= len(state.train) < 1000 and state.step == 1000
    first, mean = state.train[0]
    assert first <= 200 and mean == (first + 1) / 2  # 40,000 steps make 200 points at least
    assert state.latest is not None and state.latest.memory_bytes > 0 and state.latest.seconds_left is not None


def test_progress_becomes_rarer_the_longer_a_run_takes() -> None:
    def events(seconds: float, shortest: float = 0.1) -> int:
        now, count = 0.0, 0
        while now < seconds:
            now += seconds_between(shortest, now)
            count += 1
        return count

    hour, day = 3600.0, 86400.0
    assert events(60) == pytest.approx(600, abs=2)
    assert 5_000 < events(hour) < 8_000 and 10_000 < events(day) < 15_000 and events(10 * day) < 45_000
    assert seconds_between(0.1, 10 * day) == LONGEST_SECONDS and events(day, shortest=0.3) < events(day)


def test_a_long_training_and_its_resumption_log_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten steps a second for an hour, in two lives: what counts is the time of both."""
    clock = [0.0]
    monkeypatch.setattr("studio.engine.callbacks.progress.time.monotonic", lambda: clock[0])
    run, loop = Run(tmp_path), Watched()
    loop.plan = plan(rows=10_000_000)
    first, second = Progress(Reporter(run)), Progress(Reporter(run))

    def train(progress: Progress, steps: int) -> int:
        before = len(run.read_from()[0])
        progress.on_train_begin(loop)  # type: ignore[arg-type]
        for _ in range(steps):
            clock[0] += 0.1
            loop.state.step += 1
            progress.on_step_end(loop, StepResult(1.0, 10, 0.1))  # type: ignore[arg-type]
        return len(run.read_from()[0]) - before

    assert 5_000 < train(first, 34_000) < 8_000
    clock[0] += 1000.0  # paused
    second.restore(first.state())
    assert train(second, 2000) < 2000 / 15, "the second life began at ten a second again"
    old = Progress(Reporter(run))
    old.restore({"loss_sum": 1.0, "steps": 2})  # as earlier versions saved it


def test_a_long_phase_logs_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("studio.engine.reporting.time.monotonic", lambda: clock[0])
    run = Run(tmp_path)
    reporter = Reporter(run)
    for done in range(1, 36_001):  # an hour
        clock[0] += 0.1
        reporter.phase("caching", "Caching.", done, 36_000)
    events = run.read_from()[0]
    assert 2_000 < len(events) < 6_000, "at three a second it would be 12,000"
    assert events[0].done == 1 and events[-1].done == 36_000  # type: ignore[union-attr]
    reporter.phase("saving", "Saving.")
    assert len(run.read_from()[0]) == len(events) + 1, "another phase is reported at once"


def test_early_stopping_in_a_real_run(finished: Finished, workers: Workers) -> None:
    run = finished.new("full", early_stopping=1, learning_rate=1e-12, epochs=50, weight_decay=0)
    state = workers.work(run)
    assert state.finished is not None and state.finished.reason == "early-stopping"
    assert state.status == "completed" and state.step < 16 * 50 and state.has_model


def test_a_plateau_lowers_the_learning_rate_as_torch_does() -> None:
    reported: list[str] = []
    reporter: Any = SimpleNamespace(note=reported.append)
    scores = [0.1, 0.2, 0.2, 0.15, 0.3, 0.1, 0.1, 0.1, 0.1, 0.4, 0.1, 0.1]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=0.3, patience=1, threshold=0.0)
    ours = ReduceOnPlateau(reporter, 0.3, 1)
    watched, best = Watched(), 0.0
    for step, score in enumerate(scores, 1):
        watched.state.step = step
        reference.step(score)
        ours.on_evaluated(watched, score > best)
        best = max(best, score)
        watched.optimizer = SimpleNamespace(param_groups=[{"lr": 1.0}])
        copied = ReduceOnPlateau(reporter, 0.3, 1)
        copied.restore(ours.state())
        copied.on_step_begin(watched)
        assert watched.optimizer.param_groups[0]["lr"] == pytest.approx(optimizer.param_groups[0]["lr"])
    assert 0.3 ** len(reported) == pytest.approx(optimizer.param_groups[0]["lr"]) and len(reported) > 1
