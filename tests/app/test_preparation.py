"""What is said of a run before its first step: stages, how far it is, and the time left."""

import pytest
from logs import make_run, planned, started, step, write

from studio.app.preparation import USUAL, Usual, durations, is_preparing, preparation
from studio.events import AnyEvent, Evaluated, Phase, PhaseName, RunState, fold
from studio.paths import Home
from studio.run_index import RunIndex
from studio.store import Store

CALM = {"starting": 2.0, "loading": 4.0, "caching": 10.0}


def phase(name: PhaseName, time: float, done: int = 0, total: int = 0) -> Phase:
    return Phase(name=name, sentence="…", time=time, done=done, total=total)


def state_of(*events: AnyEvent) -> RunState:
    return fold(events)


def test_seconds_left_are_those_of_the_stages_to_come_and_what_is_left_of_this_one() -> None:
    told = preparation(state_of(phase("starting", 100), phase("loading", 103)), CALM, 104)
    assert [stage["state"] for stage in told["stages"]] == ["done", "now", "next"]
    assert told["left"] == pytest.approx(3 + 10) and told["share"] == pytest.approx(4 / 17, abs=0.001)
    assert told["doing"] == "loading"


def test_what_counts_goes_by_its_own_pace() -> None:
    state = state_of(phase("starting", 100), phase("caching", 102, 0, 100), phase("caching", 106, 20, 100))
    told = preparation(state, CALM, 107)
    assert told["stages"][1]["share"] == 0.2
    assert told["left"] == pytest.approx(4 / 0.2 * 0.8 - 1 + 4), "20 examples took 4 s; the model is still to be loaded"


def test_what_takes_longer_than_usual_is_never_said_to_be_over() -> None:
    told = preparation(state_of(phase("starting", 100)), {"starting": 2.0}, 200)
    assert 0 < told["share"] < 1 and told["left"] > 0


def test_it_ends_with_training_and_begins_anew_with_the_next_life() -> None:
    check = Evaluated(split="validation", step=0, epoch=0, metrics={}, time=104)
    first = [phase("starting", 100), planned(), phase("training", 103), phase("evaluating", 103), check]
    assert is_preparing(state_of(*first)), "the first check still belongs to it"
    trained = state_of(*first, phase("training", 104), step(1), phase("evaluating", 10**10), phase("saving", 10**10))
    assert not is_preparing(trained)
    assert durations(trained.stages) == {"starting": 3, "evaluating": 1}
    again = fold([phase("starting", 200), phase("loading", 201)], trained)
    assert is_preparing(again) and durations(again.stages) == {"starting": 1}


def test_who_waits_in_line_sees_what_is_to_come_and_no_time() -> None:
    told = preparation(RunState(), USUAL, 0)
    assert {stage["state"] for stage in told["stages"]} == {"next"} and told["left"] is told["share"] is None


def test_a_run_of_an_earlier_version_that_trains_is_not_prepared() -> None:
    assert not is_preparing(state_of(started(), planned(), step(1)))


def test_what_is_usual_is_what_the_run_most_like_it_took(home: Home) -> None:
    store, usual = Store(home), Usual()
    index = RunIndex(store)
    lora = "\nstrategy: {name: lora}\n"
    first, other, new = (
        make_run(store, config=f"task: text-classification\nmodel: {{id: starter/text}}\ndata: {{source: a.csv}}{more}")
        for more in (lora, "\nstrategy: {name: full}\n", lora)
    )
    assert usual.of(new, index) == USUAL, "no run before"
    for run, seconds in ((first, 7), (other, 50)):
        write(run, phase("starting", 100), planned(), phase("training", 100 + seconds), step(1))
    assert usual.of(new, index) == USUAL, "looked up once"
    assert Usual().of(new, index) == {"starting": 7}
