"""Pause, a killed worker, and Resume give the same bits as a training that nothing disturbed."""

from typing import Any

import pytest
import torch
from logs import checked, make_run, write, write_steps
from trained import (
    Finished,
    Workers,
    assert_continuous,
    assert_same_training,
    kill_held,
    pause_held,
    stages_computed_once,
    state_of,
)

from studio.config import RunConfig
from studio.engine.checkpoint import Checkpoints
from studio.engine.reporting import Reporter
from studio.engine.training import continue_from
from studio.paths import Home
from studio.store import Store
from studio.tasks.loading import load_tuned

STRATEGIES = ("full", "freeze", "lora")
OPTIMIZERS = ("muon", "schedule-free", "plateau")  # with state of their own


@pytest.mark.parametrize("name", STRATEGIES)
def test_pause_and_resume(name: str, finished: Finished, workers: Workers) -> None:
    run = finished.new(name)
    pause_held(run, workers.start_and_hold(run, 20))
    paused = run.state()
    assert paused.status == "paused" and paused.resumable and paused.checkpoint == paused.step == 21
    assert run.pending_command is None
    assert workers.work(run).status == "completed"
    assert_continuous(state_of(run))
    assert_same_training(run, finished[name])
    assert not run.checkpoints.exists() and not (run.folder / "cache").exists()


@pytest.mark.parametrize("name", ["story", "talk", "preferred", "search", "liked", "table", "sounds", "speech"])
def test_what_is_drawn_and_compared_comes_again(name: str, finished: Finished, workers: Workers) -> None:
    """Answers that are drawn at a check, what the model said before its first step, and what is searched or heard."""
    run = finished.new(name)
    pause_held(run, workers.start_and_hold(run, 3))
    assert run.state().status == "paused" and workers.work(run).status == "completed"
    assert_same_training(run, finished[name])


@pytest.mark.parametrize("name", (*STRATEGIES, *OPTIMIZERS))
def test_killed_and_resumed_from_the_last_checkpoint(name: str, finished: Finished, workers: Workers) -> None:
    run = finished.new(name)
    kill_held(run, workers.start_and_hold(run, 20))
    killed = run.state()
    assert killed.status == "interrupted" and killed.step == 20
    assert workers.work(run).status == "completed"
    resumed = [event.step for event in run.read_from()[0] if event.type == "resumed"]
    assert resumed == [16]  # the checkpoint after the first pass
    assert_continuous(state_of(run))
    assert_same_training(run, finished[name])


@pytest.mark.parametrize("scored", [True, False])
def test_without_a_checkpoint_what_a_lost_life_logged_is_void(home: Home, scored: bool) -> None:
    """Also where nothing was ever scored, for lack of validation rows."""
    run = write_steps(make_run(Store(home)), 5)
    if scored:
        write(run, checked(5, 0.5, best=True))
    nothing: Any = None  # is asked of the session
    continue_from(Checkpoints(run.checkpoints), nothing, run, Reporter(run))
    state = state_of(run)
    assert state.train == () and state.validation == () and state.best is None
    new = make_run(Store(home))
    continue_from(Checkpoints(new.checkpoints), nothing, new, Reporter(new))
    assert new.read_from()[0] == []


def test_the_same_run_file_gives_the_same_run(finished: Finished, workers: Workers) -> None:
    """Also in a worker that was started cold."""
    run = finished.new("full")
    assert workers.work(run, cold=True).status == "completed"
    assert_same_training(run, finished["full"])


def test_the_frozen_layers_were_computed_once(finished: Finished) -> None:
    run = finished["freeze"]
    assert stages_computed_once(run) == ["0"]
    assert not any(event.type == "note" for event in run.read_from()[0])


def test_dropout_is_at_work(finished: Finished) -> None:
    """Else the tests above would say little about random numbers."""
    run = finished["full"]
    config = RunConfig.from_file(run.config_file)
    model = load_tuned(config.chosen_task, run.model, config.task_options, config.chosen_strategy).model
    model.train()
    ids = torch.arange(5, 12)[None]
    assert not torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)


def test_killed_before_the_first_checkpoint_it_starts_anew(finished: Finished, workers: Workers) -> None:
    run = finished.new("full")
    kill_held(run, workers.start_and_hold(run, 3))
    assert state_of(run).checkpoint is None
    assert workers.work(run).status == "completed"
    assert_continuous(state_of(run))
    assert_same_training(run, finished["full"])
