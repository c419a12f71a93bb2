"""Auto: which ways of training are tried, in which order, within which time, and which result is kept."""

import time
from typing import Any

import pytest
import yaml
from families import structure_of
from logs import planned, started, step

from studio.config import RunConfig
from studio.errors import StudioError
from studio.events import Evaluated, Finished
from studio.hardware import GIGABYTE, Machine
from studio.metrics import metric_named
from studio.models import speed
from studio.paths import Home
from studio.store import Run
from studio.sweeps import driver
from studio.sweeps.auto import auto_text
from studio.sweeps.candidates import CANDIDATE, Auto, Candidate, Subject, plan
from studio.sweeps.choosing import best_of, chosen
from studio.sweeps.driver import Driver
from studio.sweeps.folder import Sweep, Sweeps, read_sweep
from studio.sweeps.order import next_of, paces_of
from studio.sweeps.trials import TrialRecord

RUN = {"task": "text-classification", "model": {"id": "starter/text"}, "data": {"source": "reviews.csv"}}
MACHINE = Machine(cores=2, memory_bytes=16 * GIGABYTE, gpus=())


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(speed, "measure", lambda cores: speed.Speed(1e11, 1e10, rough=False))


def planned_for(home: Home, counts: dict[str, int], family: str = "bert", minutes: float = 60, **run: Any) -> Auto:
    train = sum(counts.values())
    about = Subject(structure_of(family), {}, {"train": train, "validation": train // 8, "test": 9}, 20.0, counts)
    return plan(RunConfig.read({**RUN, **run}), about, minutes, MACHINE, home)


# --- what is tried ------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["bert", "vit", "resnet"])
def test_every_way_is_one_that_can_be_trained(home: Home, family: str) -> None:
    auto = planned_for(home, {"a": 200, "b": 200}, family)
    names = [candidate.name for candidate in auto.candidates]
    assert {"suggested", "lp-ft", "layerwise", "full", "full-fast", "head"} <= set(names)
    space, options = read_sweep(auto_text(RunConfig.read(RUN), auto, 5))
    assert (options.method, options.trials, options.minutes) == ("auto", len(names), 5)
    for name in names:
        config, candidate = space.config({CANDIDATE: name}), auto.of(name)
        assert config.strategy == RunConfig.read({**RUN, "strategy": candidate.strategy}).strategy
        assert config.training.epochs == candidate.training.get("epochs", config.training.epochs)
    small, large = (space.config({CANDIDATE: name}).learning_rate for name in ("full", "full-fast"))
    assert large == pytest.approx(3 * small)


def test_the_suggestion_is_not_tried_twice(home: Home) -> None:
    """With many examples it is layer-wise decay, with few a head."""
    assert "layerwise" not in [each.name for each in planned_for(home, {"a": 900, "b": 900}).candidates]
    few = planned_for(home, {"a": 9, "b": 30})
    assert few.of("suggested").strategy["name"] == "freeze" and few.candidates[0].name == "head-solved"


def test_a_head_is_only_solved_for_one_class_an_example(home: Home) -> None:
    auto = planned_for(home, {}, task="text-regression")
    heads = [each.name for each in auto.candidates if each.strategy.get("head") == "solve"]
    assert not heads and "full" in [each.name for each in auto.candidates]


def test_passes_are_as_many_as_fit(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "measure", lambda cores: speed.Speed(1e6, 1e6, rough=False))
    counts = {"a": 200, "b": 200}
    ample, tight = (planned_for(home, counts, minutes=minutes).of("full").training for minutes in (1e6, 0.1))
    assert (ample["epochs"], tight["epochs"]) == (10, 2)


def test_the_settings_of_the_person_do_not_decide(home: Home) -> None:
    auto = planned_for(home, {"a": 200, "b": 200}, training={"learning_rate": 0.5, "epochs": 99, "seed": 8})
    config = RunConfig.read({**RUN, "training": {"learning_rate": 0.5, "epochs": 99, "seed": 8}})
    full = read_sweep(auto_text(config, auto, 5))[0].config({CANDIDATE: "full"})
    assert (full.learning_rate, full.training.epochs, full.training.seed) == (5e-5, 10, 8)


def test_a_file_that_says_something_else_is_refused(home: Home) -> None:
    values = yaml.safe_load(auto_text(RunConfig.read(RUN), planned_for(home, {"a": 200, "b": 200}), 5))
    for change, why in (
        ({"sweep": {"method": "tpe"}}, "belong together"),
        ({"training": {"epochs": {"low": 1, "high": 3}}}, "nothing else varies"),
        ({"auto": {"rows": {}, "candidates": []}}, "candidates"),
        ({"auto": {"rows": {}, "candidates": [{"name": "x", "strategy": {"name": "none"}}]}}, "seconds"),
    ):
        with pytest.raises(StudioError, match=why):
            read_sweep(yaml.safe_dump({**values, **change}))


# --- in which order -----------------------------------------------------------------------------------


def an_auto(*candidates: tuple[str, float, float], rows: int = 100) -> Auto:
    """candidates: name, seconds of training, points."""
    made = tuple(
        Candidate(
            name=name, strategy={"name": "full"}, training={"epochs": place}, fixed=10, seconds=seconds, points=points
        )
        for place, (name, seconds, points) in enumerate(candidates, 1)
    )
    return Auto(rows={"train": 800, "validation": rows, "test": 100}, candidates=made)


def ended(number: int, name: str, seconds: float, value: float = 0.5, share: float = 1.0) -> TrialRecord:
    return TrialRecord(number, "", {CANDIDATE: name}, "completed", value, seconds=seconds, share=share)


def test_what_brings_most_for_its_time_comes_first_and_only_what_fits() -> None:
    auto = an_auto(("slow", 190, 6), ("quick", 10, 1), ("best", 40, 5))
    order, trials, spent = [], list[TrialRecord](), 0.0
    while following := next_of(auto, trials, spent, 250):
        order.append(following.candidate.name)
        spent += following.seconds
        trials.append(ended(len(trials), following.candidate.name, following.seconds))
    assert order == ["best", "quick"], "the slow one would end 20 seconds after the last"
    assert next_of(auto, trials, spent, 270) is not None


def test_a_forecast_learns_how_fast_the_machine_is() -> None:
    auto = an_auto(("head", 0.5, 9), ("full", 100, 5), ("other", 100, 5))
    assert paces_of(auto, []) == (1, 1)
    slow = [ended(0, "head", 31.5), ended(1, "full", 330, share=0.5)]
    fixed, training = paces_of(auto, slow)
    assert 2 < fixed < 2.1 and 2.8 < training < 2.9, "three and six times as long, with some doubt"
    assert next_of(auto, slow, 0, 280) is None and next_of(auto, slow, 0, 300) is not None


# --- which is kept ------------------------------------------------------------------------------------


def test_the_best_one_is_kept_and_a_faster_one_within_noise_is_named() -> None:
    auto, accuracy = an_auto(("head", 1, 9), ("full", 100, 5), ("lora", 50, 5)), metric_named("accuracy")
    near = chosen([ended(0, "full", 90, 0.80), ended(1, "head", 30, 0.77)], accuracy, auto)
    assert near and near.trial.parameters == {CANDIDATE: "full"}
    assert "“Head, step by step” takes less time, and its 77.0%" in near.why and "one standard error: 4.0%" in near.why
    own = chosen(
        [ended(0, "full", 90, 0.80), ended(1, "mine", 30, 0.78)], accuracy, an_auto(("full", 9, 1), ("mine", 1, 1))
    )
    assert own and "“mine” takes less time" in own.why, "a run file may name its own"
    far = chosen([ended(0, "full", 90, 0.80), ended(1, "head", 30, 0.75)], accuracy, auto)
    assert far and far.trial.parameters == {CANDIDATE: "full"} and "no faster one" in far.why
    cost = chosen([ended(0, "full", 20, 0.80), ended(1, "lora", 300, 0.80)], accuracy, auto)
    assert cost and cost.trial.parameters == {CANDIDATE: "lora"}, "as planned: the machine was busy"
    exact = chosen([ended(0, "full", 90, 2.0), ended(1, "head", 30, 2.1)], metric_named("rmse"), auto)
    assert exact and exact.trial.parameters == {CANDIDATE: "full"}, "of an error no noise is known"
    assert chosen([], accuracy, auto) is None and chosen((near and [near.trial]) or [], accuracy, None)


# --- by the driver ------------------------------------------------------------------------------------


class Trainer:
    """Trains at once; the more passes (the later the candidate) the better. A head takes 15 seconds, all else 60."""

    def __init__(self) -> None:
        self.queued: list[Run] = []

    def enqueue(self, run: Run) -> None:
        self.queued.append(run)
        epochs = RunConfig.from_file(run.config_file).training.epochs
        for event in (started(), planned(), step(100)):
            run.append(event)
        run.append(Evaluated(split="validation", step=100, epoch=1, metrics={"accuracy": epochs / 10}, best=True))
        seconds = 15 if epochs == 1 else 60
        end = started().time + seconds
        run.append(Finished(reason="completed", best_step=100, seconds=seconds, time=end))

    resume = stop = enqueue


def sweep_of(home: Home, auto: Auto, minutes: float) -> Sweep:
    return Sweeps(home).create(auto_text(RunConfig.read(RUN), auto, minutes), "Auto")


def test_each_candidate_is_a_run_and_the_budget_is_kept(home: Home) -> None:
    auto = an_auto(("head", 1, 9), ("lora", 40, 4), ("full", 45, 4.2), ("last", 200, 1))
    sweep, trainer = sweep_of(home, auto, 2), Trainer()
    assert "fits into the time" in str(Driver(sweep, trainer).work())
    assert [trial.parameters[CANDIDATE] for trial in sweep.trials()] == ["head", "lora"]
    assert sum(trial.seconds for trial in sweep.trials()) <= 120
    assert all(trial.forecast > 0 and trial.share == 1 for trial in sweep.trials())
    best = best_of(sweep)
    assert best and best.trial.parameters == {CANDIDATE: "lora"}
    ample, trainer = sweep_of(home, auto, 60), Trainer()
    assert Driver(ample, trainer).work() == "All its trials have ended." and len(trainer.queued) == 4
    assert not ample.importance(), "nothing to compare: one thing differs"


def test_another_driver_goes_on_and_the_time_counts(home: Home) -> None:
    auto = an_auto(("head", 1, 9), ("lora", 40, 4), ("full", 45, 4.2))
    sweep, trainer = sweep_of(home, auto, 2), Trainer()
    first = Driver(sweep, trainer)
    first._begin()
    second = Driver(sweep, trainer)
    second.work()
    assert [trial.parameters[CANDIDATE] for trial in sweep.trials()] == ["head", "lora"]
    third = Driver(sweep, trainer)
    assert third._spent == pytest.approx(75, abs=1) and third.work() and len(trainer.queued) == 2


def test_all_time_counts_but_waiting_in_line(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    working = Driver(sweep_of(home, an_auto(("head", 1, 9), ("full", 40, 4)), 2), Trainer())
    now = [time.monotonic()]
    monkeypatch.setattr(driver.time, "monotonic", lambda: now[0])
    working._tick()
    working._begin()
    for waits, spent in ((False, 30), (True, 30), (False, 60)):
        run = working.live[0].run
        run.enqueue() if waits else run.dequeue()
        now[0] += 30
        working._tick()
        assert working._spent == pytest.approx(spent, abs=1)
