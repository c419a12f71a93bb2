"""The process that works on a sweep: trials begin, end early, fail, and survive whatever kills it."""

import errno
import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from logs import planned, started, step
from trained import wait_until

from studio.config import RunConfig
from studio.errors import StudioError
from studio.events import Evaluated, Failed, Finished
from studio.paths import Home
from studio.runner import Supervisor
from studio.store import Run, Store
from studio.sweeps import driver
from studio.sweeps.driver import Driver, go_on_with_interrupted, start_driver
from studio.sweeps.folder import Sweep, Sweeps
from studio.sweeps.space import Parameters, Space
from studio.sweeps.trials import TrialLog

RUN = {"task": "text-classification", "model": {"id": "starter/text"}, "data": {"source": "reviews.csv"}}
VARYING = {"training": {"learning_rate": {"low": 1e-5, "high": 1e-1, "log": True}}}


def sweep_of(home: Home, sweep: dict[str, Any], **settings: Any) -> Sweep:
    return Sweeps(home).create(yaml.safe_dump({**RUN, **(settings or VARYING), "sweep": sweep}), "my sweep")


def accuracy_of(run: Run) -> float:
    """Best at 1e-3."""
    from math import log10

    rate = yaml.safe_load(run.config_file.read_text())["training"]["learning_rate"]
    return float(1.0 - abs(log10(rate) + 3) / 4)


@dataclass
class Trainer:
    """Plays the queue and the workers: what is put in trains at once, as far as `checks` go."""

    checks: int = 3
    seconds: float = 10.0
    fails: Callable[[Run], bool] = lambda run: False
    leaves: bool = False  # it only takes runs in, as after a server was killed
    queued: list[Run] = field(default_factory=list)
    stopped: list[Run] = field(default_factory=list)

    def enqueue(self, run: Run) -> None:
        self.queued.append(run)
        if self.leaves:
            run.enqueue()
            return
        for event in (started(), planned()):
            run.append(event)
        if self.fails(run):
            run.append(Failed(what="No memory is left.", time=time.time()))
            return
        for number in range(1, self.checks + 1):
            value = accuracy_of(run) * number / self.checks
            run.append(step(number))
            run.append(Evaluated(split="validation", step=number, epoch=number, metrics={"accuracy": value}, best=True))
        run.append(Finished(reason="completed", best_step=3, seconds=self.seconds, time=started().time + self.seconds))

    def resume(self, run: Run) -> None:
        self.enqueue(run)

    def stop(self, run: Run) -> None:
        self.stopped.append(run)
        run.dequeue()
        run.append(Finished(reason="stopped", best_step=1, seconds=1.0))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "LOOK_SECONDS", 0.0)


def work(sweep: Sweep, trainer: Trainer) -> str:
    return str(Driver(sweep, trainer).work())


def test_every_trial_is_a_run(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 8, "pruning": "none"}), Trainer()
    assert work(sweep, trainer) == "All its trials have ended."
    trials = sweep.trials()
    assert [trial.run for trial in trials] == [run.id for run in trainer.queued] and len(trials) == 8
    for trial, run in zip(trials, trainer.queued, strict=True):
        assert trial.end == "completed" and trial.value == pytest.approx(accuracy_of(run))
        assert list(trial.checks) == [1, 2, 3] and trial.seconds == pytest.approx(10, abs=0.1)
        assert (run.tags, run.meta["sweep"]) == (("my sweep",), sweep.id)
        saved = yaml.safe_load(run.config_file.read_text())
        assert saved["training"]["learning_rate"] == trial.parameters["training.learning_rate"]
        assert "sweep" not in saved
    assert sweep.importance() == {"training.learning_rate": 1.0}


def test_it_goes_on_where_a_killed_driver_was(home: Home) -> None:
    """One trial is in the queue, and nobody has noticed its end, when the next driver comes."""
    sweep, trainer = sweep_of(home, {"trials": 6, "pruning": "none"}), Trainer()
    first = Driver(sweep, trainer)
    for _begun in range(2):
        first._begin()
        first._look(first.live[0], is_over=False)
    trainer.leaves = True
    first._begin()  # and killed
    with sweep.trials_file.open("ab") as file:
        file.write(b'{"trial": 9, "par')  # in the middle of a line
    assert [trial.end for trial in sweep.trials()] == ["completed", "completed", None]
    last = trainer.queued[-1]
    last.dequeue()
    trainer.leaves = False
    trainer.enqueue(trainer.queued.pop())
    assert work(sweep, trainer) == "All its trials have ended."
    trials = sweep.trials()
    assert [trial.end for trial in trials] == ["completed"] * 6 and trials[2].run == last.id
    assert len({trial.run for trial in trials}) == len({str(trial.parameters) for trial in trials}) == 6


def test_a_run_that_was_made_and_not_queued_is_queued(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 1}), Trainer(leaves=True)
    Driver(sweep, trainer)._begin()
    trainer.queued.pop().dequeue()
    trainer.leaves = False
    assert work(sweep, trainer) == "All its trials have ended."
    assert [trial.run for trial in sweep.trials()] == [run.id for run in trainer.queued]


def test_a_run_that_nothing_was_told_of_goes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its driver was killed between making the run and writing it down."""
    sweep, trainer = sweep_of(home, {"trials": 1}), Trainer()
    own = Store(home).create("task: x", "of a person")

    def killed(sweep: Sweep, number: int, **facts: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Sweep, "tell", killed)
        Driver(sweep, trainer)._begin()
    assert len(list(Store(home))) == 2
    assert work(sweep, trainer) == "All its trials have ended."
    assert {run.id for run in Store(home)} == {own.id, *(trial.run for trial in sweep.trials())}


def test_weak_trials_end_early(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 12, "method": "random", "pruning": "median"}), Trainer()

    def train(run: Run) -> None:
        """Three checks, and then it goes on until it is stopped."""
        trainer.queued.append(run)
        for event in (started(), planned()):
            run.append(event)
        for number in range(1, 4):
            run.append(step(number))
            metrics = {"accuracy": accuracy_of(run)}
            run.append(Evaluated(split="validation", step=number, epoch=number, metrics=metrics, best=number == 1))
        seen = [trial.value or 0.0 for trial in sweep.trials() if trial.end == "completed"]
        if len(seen) < 4 or accuracy_of(run) >= statistics.median(seen):
            run.append(Finished(reason="completed", best_step=1, seconds=1.0))
        else:
            run.enqueue()  # still at work, in a way that needs no process

    trainer.enqueue = train  # type: ignore[method-assign]
    work(sweep, trainer)
    ends = {trial.run: trial.end for trial in sweep.trials()}
    assert trainer.stopped and all(ends[run.id] == "pruned" for run in trainer.stopped)
    assert list(ends.values()).count("pruned") == len(trainer.stopped)


def test_it_ends_in_time_and_stops_what_trains(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 50, "minutes": 1}), Trainer(seconds=25)
    assert work(sweep, trainer) == "Its time is over."
    assert len(sweep.trials()) == 3
    sweep, trainer = sweep_of(home, {"trials": 50, "together": 2}), Trainer(leaves=True)
    begun = Driver(sweep, trainer)
    begun._begin(), begun._begin()
    sweep.stop()
    assert begun.work() == "It was stopped." and trainer.stopped == trainer.queued
    assert [trial.end for trial in sweep.trials()] == ["failed", "failed"], "neither had a check yet"


def test_a_worker_that_dies_while_it_stops_is_stopped_again(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 1}), Trainer(leaves=True)
    begun = Driver(sweep, trainer)
    begun._begin()
    run = trainer.queued[0]
    run.dequeue()
    for event in (started(), planned()):
        run.append(event)
    run.command("stop")  # and killed before it obeyed
    sweep.stop()
    assert begun.work() == "It was stopped." and trainer.stopped == [run]


def test_failures_are_told_and_not_repeated_for_ever(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 50}), Trainer(fails=lambda run: True)
    assert "No memory is left." in work(sweep, trainer)
    assert [trial.reason for trial in sweep.trials()] == ["No memory is left."] * 5
    some = Trainer(fails=lambda run: accuracy_of(run) < 0.3)
    sweep = sweep_of(home, {"trials": 12, "method": "random"})
    assert work(sweep, some) == "All its trials have ended."
    assert {trial.end for trial in sweep.trials()} >= {"completed"}


def test_settings_that_do_not_fit_together_are_no_run(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = sweep_of(home, {"method": "grid"}, training={"epochs": {"low": 1, "high": 3}, "learning_rate": 1e-3})
    config = Space.config

    def picky(space: Space, parameters: Parameters) -> RunConfig:
        if parameters["training.epochs"] == 2:
            raise StudioError("The settings are wrong.", "Two epochs are too many.", "Choose one.")
        return config(space, parameters)

    monkeypatch.setattr(Space, "config", picky)
    assert work(sweep, Trainer()) == "Every combination of settings was tried."
    trials = sweep.trials()
    assert sorted(trial.end or "" for trial in trials) == ["completed", "completed", "failed"]
    assert [(trial.run, trial.reason) for trial in trials if trial.end == "failed"] == [
        ("", "Two epochs are too many.")
    ]


def test_a_deleted_run_does_not_hold_the_sweep_up(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 2}), Trainer(leaves=True)
    begun = Driver(sweep, trainer)
    begun._begin()
    run = trainer.queued[0]
    run.dequeue()
    run.folder.rename(home.root / "elsewhere")
    trainer.leaves = False
    assert begun.work() == "All its trials have ended."
    assert [(trial.end, trial.reason) for trial in sweep.trials()] == [
        ("failed", "Its run was deleted."),
        ("completed", ""),
    ]


def test_the_process_leaves_a_reason(home: Home) -> None:
    sweep = sweep_of(home, {"trials": 3})
    assert sweep.status == "interrupted"
    sweep.stop()
    start_driver(sweep)
    wait_until(lambda: sweep.status == "ended")
    assert sweep.why_ended == "It was stopped." and not sweep.trials()
    driver_of = sweep.driver
    start_driver(sweep)
    assert sweep.driver == driver_of, "nothing is left to do"
    assert [each.id for each in Sweeps(home)] == [sweep.id]


def test_runs_say_where_they_come_from(home: Home) -> None:
    text = yaml.safe_dump({**RUN, **VARYING, "sweep": {"trials": 1}})
    sweep, trainer = Sweeps(home).create(text, "my sweep", draft="d", data="reviews", dataset="abc"), Trainer()
    work(sweep, trainer)
    meta = trainer.queued[0].meta
    assert (meta["data"], meta["dataset"], meta["tags"], sweep.meta["draft"]) == ("reviews", "abc", ["my sweep"], "d")


def test_trials_are_read_on(home: Home) -> None:
    sweep = sweep_of(home, {"trials": 3})
    log = TrialLog(sweep.trials_file)
    assert log.read() == []
    sweep.tell(0, run="a", parameters={"training.epochs": 1})
    assert [trial.end for trial in log.read()] == [None]
    with sweep.trials_file.open("ab") as file:
        file.write(b'{"trial": 1, "ru')
    assert len(log.read()) == 1, "a torn line waits for its end"
    sweep.tell(0, end="completed", value=0.5)
    sweep.tell(2, run="c", parameters={})
    assert [(trial.number, trial.value) for trial in log.read()] == [(0, 0.5), (2, None)]
    assert log.read() == sweep.trials()


def test_only_what_was_killed_is_gone_on_with(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    killed, stopped, ended = (sweep_of(home, {"trials": 1}) for _each in range(3))
    stopped.stop()
    work(ended, Trainer())
    ended.ended_file.write_text('{"why": "All its trials have ended."}')
    begun: list[str] = []
    monkeypatch.setattr(driver, "start_driver", lambda sweep, environment: begun.append(sweep.id))
    go_on_with_interrupted(home, {})
    assert begun == [killed.id]
    assert (killed.can_go_on, stopped.can_go_on, ended.can_go_on) == (True, True, False)


def test_a_stopped_one_goes_on(home: Home) -> None:
    sweep, trainer = sweep_of(home, {"trials": 2}), Trainer()
    sweep.stop()
    sweep.ended_file.write_text('{"why": "It was stopped."}')
    assert sweep.can_go_on and work(sweep, trainer) == "It was stopped."
    sweep.take_back_stop()
    assert work(sweep, trainer) == "All its trials have ended." and len(trainer.queued) == 2


def test_the_runs_of_one_person_of_many_wait_for_the_server(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It bounds how long they train, and how many train at once."""
    began: list[Home] = []
    monkeypatch.setattr(Supervisor, "start", lambda supervisor: began.append(supervisor.store.home))
    for place in (home, home.of_person("guest-1")):
        sweep = sweep_of(place, {"trials": 1})
        sweep.stop()
        assert driver.main([str(sweep.folder)]) == 0 and sweep.status == "ended"
    assert began == [home]


ODD_LINES: tuple[Any, ...] = (
    *({"run": odd, "parameters": {}, "end": "completed"} for odd in (5, None, "../..", "../../runs", [])),
    *({"parameters": odd} for odd in (5, None, [], {"x": 1}, {"training.learning_rate": 7.0})),
    *({"end": odd, "value": odd, "seconds": odd, "state": odd, "reason": odd, "checks": odd} for odd in (5, [], "x")),
    {"checks": {"x": 1}},
    {"value": float("nan"), "checks": {"1": float("inf")}, "seconds": -1, "state": {"cma:optimizer:0": "80044b012e"}},
)


def test_damaged_trials_are_passed_over(home: Home) -> None:
    """What no driver writes: it goes on with those that can be read, takes no path for a run, and no number twice."""
    sweep, trainer = sweep_of(home, {"trials": 4, "method": "cma-es"}), Trainer()
    begun = Driver(sweep, trainer)
    begun._begin(), begun._look(begun.live[0], is_over=False)
    with sweep.trials_file.open("a") as file:
        file.writelines(f"{json.dumps({'trial': number, **odd})}\n" for number, odd in enumerate(ODD_LINES, 5))
        file.writelines(f"{json.dumps({'trial': number, 'run': 'x'})}\n" for number in (-1, True, None, "5", 1.5))
        file.write("[" * 100_000 + "\n5\nnull\n")
    assert work(sweep, trainer) == "All its trials have ended."
    whole = [trial for trial in sweep.trials() if trial.end == "completed" and trial.run]
    assert [trial.run for trial in whole] == [run.id for run in trainer.queued] and len(whole) == 4
    assert [trial.number for trial in whole[1:]] == [5 + len(ODD_LINES) + later for later in range(3)]


def test_a_value_that_is_no_number_is_a_failed_trial(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "accuracy_of", lambda run: float("nan"))
    sweep = sweep_of(home, {"trials": 2})
    assert work(sweep, Trainer()) == "All its trials have ended."
    assert [(trial.end, trial.value, trial.checks) for trial in sweep.trials()] == [("failed", None, {})] * 2


def test_two_who_go_on_with_it_at_once_start_one_process(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep, begun = sweep_of(home, {"trials": 1}), []

    def start(command: list[str], log: Path, environment: dict[str, str]) -> SimpleNamespace:
        time.sleep(0.05)
        begun.append(command)
        return SimpleNamespace(pid=os.getpid())

    monkeypatch.setattr(driver, "start_detached", start)
    people = [threading.Thread(target=start_driver, args=[sweep]) for _person in range(3)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(begun) == 1 and sweep.status == "running"


def test_a_full_disk_is_told(home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    sweep = sweep_of(home, {"trials": 1})

    def fill(*_words: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(driver, "_work_on", fill)
    monkeypatch.setattr("logging.basicConfig", lambda **_settings: None)
    assert driver.main([str(sweep.folder)]) == 1
    assert "The disk is full." in caplog.text and sweep.status != "ended"
