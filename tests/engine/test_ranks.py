"""Several processes that train one run: the losses of a single one, one writer, and no end without a word.

Two begin cold, which takes seconds: the first of those that a launcher starts, and the second of a last life.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch
from trained import PATIENCE, Finished, Workers, held, new_run, pause_held, state_of, wait_for_end, wait_until

from studio.config import RunConfig
from studio.engine import followers, ranks, worker
from studio.engine.checkpoint import Checkpoints
from studio.engine.failures import explain
from studio.engine.followers import Followers
from studio.engine.loop import micro_batches
from studio.engine.random_state import random_state
from studio.errors import StudioError
from studio.forked import cold_command, engine_command
from studio.paths import Home
from studio.preflight import find_problems
from studio.processes import Identity
from studio.store import Run, is_complete

# uneven batches: 128 rows in batches of 7, whose last has 2; no dropout, which would differ from process to process
SAME = {
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "epochs": 6,
    "batch_size": 7,
    "accumulation": 2,
    "class_weights": "balanced",
    "evaluations_per_epoch": 2,
}


def test_two_processes_find_the_same_objects_as_one(home: Home, workers: Workers, tmp_path: Path) -> None:
    """The losses of detectors would ask all processes at once how many boxes there are, also where only one scores."""
    model, data = tiny.write_detection_model(tmp_path / "yolos", "yolos"), tiny.write_boxes(tmp_path / "boxes.zip")
    training = {"epochs": 2, "batch_size": 4, "precision": "fp32", "learning_rate": 1e-3}
    states = []
    for processes in (1, 2):
        chosen = {"training": {**training, "processes": processes}, "options": {"image_size": 64}}
        run = new_run(home, "object-detection", model, data, strategy={"name": "full"}, **chosen)
        states.append(workers.work(run))
        assert states[-1].status == "completed", run.worker_log.read_text(encoding="utf-8")
    one, two = ([event.metrics["loss"] for event in state.validation] for state in states)
    assert two == pytest.approx(
        one, rel=0.02
    )  # the part for classes counts boxes, where the model's own counts queries


@pytest.mark.parametrize("name", ["story", "talk", "preferred", "table", "sounds", "speech"])
def test_two_processes_learn_every_task_as_one_does(name: str, finished: Finished, workers: Workers) -> None:
    chosen = {"strategy": "full", "learning_rate": 1e-3, "precision": "fp32", "epochs": 1, "batch_size": 6}
    states = []
    for processes in (1, 2):
        run = finished.new(name, **chosen, dropout=0.0, attention_dropout=0.0, processes=processes)
        states.append(workers.work(run))
        assert states[-1].status == "completed", run.worker_log.read_text(encoding="utf-8")
    one, two = states
    assert [loss for _, loss in two.train] == pytest.approx([loss for _, loss in one.train], abs=2e-4)
    losses = [[event.metrics["loss"] for event in state.validation] for state in states]
    assert losses[1] == pytest.approx(losses[0], abs=2e-4)


def test_what_is_found_among_all_things_does_not_depend_on_the_processes(finished: Finished, workers: Workers) -> None:
    """Each learns from its own batches, but what is scored is found among everything."""
    chosen = {"learning_rate": 1e-9, "precision": "fp32", "epochs": 1, "batch_size": 6}
    states = []
    for processes in (1, 2):
        run = finished.new("liked", strategy="full", **chosen, processes=processes)
        states.append(workers.work(run))
        assert states[-1].status == "completed", run.worker_log.read_text(encoding="utf-8")
    one, two = (state.validation[-1].metrics for state in states)
    assert {name: two[name] for name in two if name != "loss"} == {name: one[name] for name in one if name != "loss"}


def test_two_processes_give_the_numbers_of_one(finished: Finished, workers: Workers) -> None:
    """Through Pause, the death of the second process, and Resume after each."""
    one = finished.new("full", **SAME)
    assert workers.work(one).status == "completed"

    two = finished.new("full", **SAME, processes=2)
    pause_held(two, workers.start_and_hold(two, 9))
    assert two.state().status == "paused", two.worker_log.read_text(encoding="utf-8")

    process = workers.start_and_hold(two, 31)
    living = process.process()
    assert living is not None
    (follower,) = living.children()
    follower.kill()
    held(two).unlink()
    wait_for_end(process)
    broken = two.state()
    assert broken.status == "failed" and broken.resumable and broken.failure is not None
    assert "Process 2 of 2 has ended" in broken.failure.what

    state, alone = workers.work(two), state_of(one)
    assert state.status == "completed", two.worker_log.read_text(encoding="utf-8")
    assert alone.plan is not None and state.plan == alone.plan.model_copy(update={"time": state.plan.time})
    assert [step for step, _ in state.train] == [step for step, _ in alone.train]  # and none of them twice
    assert [loss for _, loss in state.train] == pytest.approx([loss for _, loss in alone.train], abs=2e-5)
    assert state.train[-1][1] < 0.9 * state.train[0][1]  # something was learned
    assert [event.step for event in state.validation] == [event.step for event in alone.validation]
    for mine, its in zip(state.validation, alone.validation, strict=True):
        assert mine.metrics == pytest.approx(its.metrics, abs=2e-5)
    assert state.test is not None and alone.test is not None
    assert state.test.metrics == pytest.approx(alone.test.metrics, abs=2e-5)
    assert not list(two.folder.glob("cache*")) and not two.checkpoints.exists()


def launch(run: Run) -> list["subprocess.Popen[bytes]"]:
    """As `accelerate launch` or torchrun would on two devices; the second process has its imports done."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    shared = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    with run.worker_log.open("ab") as log:
        return [
            subprocess.Popen(
                start("studio.engine.worker", str(run.folder)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": "2"},
            )
            for rank, start in enumerate((cold_command, engine_command))
        ]


def test_started_by_a_launcher_and_stopped(finished: Finished, forked: None, image_model: Path) -> None:
    """A model with moving statistics, whose weights lie in memory pixel by pixel."""
    training = {"epochs": 1000, "batch_norm": "updated", "averaging": "swa", "swa_start": 0.001}
    run = new_run(finished.home, "image-classification", image_model, finished.images, training=training)
    processes = launch(run)
    wait_until(lambda: state_of(run).step > 10 or any(process.poll() for process in processes))
    assert run.worker == Identity.of(processes[0].pid)
    run.command("stop")
    codes = [process.wait() for process in processes]
    assert codes == [0, 0], run.worker_log.read_text(encoding="utf-8")
    state = state_of(run)
    assert state.status == "stopped" and is_complete(run.model) and state.test is not None
    events = [event.type for event in run.read_from()[0]]
    assert [events.count(kind) for kind in ("started", "planned", "finished")] == [1, 1, 1]
    steps = [step for step, _ in state.train]
    assert steps == sorted(set(steps))


# --- in this process ------------------------------------------------------------------------------


def test_a_single_process_talks_to_nobody() -> None:
    assert (ranks.world(), ranks.rank(), ranks.is_main()) == (1, 0, True)
    assert ranks.agreed("pause") == "pause" and ranks.gathered([1, 2]) == ranks.share([1, 2]) == [1, 2]
    assert ranks.summed(1.5, 2.0, device=torch.device("cpu")) == [1.5, 2.0]
    ranks.wait()
    ranks.leave()


def test_every_row_belongs_to_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "world", lambda: 3)
    shares = []
    for number in range(3):
        monkeypatch.setattr(ranks, "rank", lambda number=number: number)
        shares.append(ranks.share([7, 8, 9, 5]))
    assert shares == [[7, 5], [8], [9]]
    assert micro_batches([], 4) == []  # for a batch of fewer rows than processes


def test_each_process_gets_its_own_random_numbers_back(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trained import open_session

    session = open_session(finished.new("full", epochs=1))
    torch.manual_seed(5)
    second = random_state()
    drawn = torch.rand(3)
    monkeypatch.setattr(ranks, "gathered", lambda values: [*values, second])
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(session.loop)
    newest = checkpoints.newest()
    assert newest is not None
    monkeypatch.setattr(ranks, "rank", lambda: 1)
    checkpoints.restore(session.loop, newest)
    assert torch.equal(torch.rand(3), drawn)


def test_what_broke_in_another_process_is_told_in_its_words(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = explain(MemoryError(), has_checkpoint=False).model_dump_json()
    code = f"import sys; print('noise'); print({said!r}); sys.exit(1)"
    monkeypatch.setattr(followers, "engine_command", lambda *arguments: [sys.executable, "-c", code])
    started = Followers(finished.new("full"), processes=2)
    try:
        wait_until(lambda: bool(started._said))
        broken = started.lost()
    finally:
        started.close()
    assert broken is not None and broken.said.what == "The memory is full."
    assert not explain(broken, has_checkpoint=False).resumable and explain(broken, has_checkpoint=True).resumable


@pytest.mark.parametrize("way", followers.SHARDING)
def test_a_model_in_shares_is_refused(way: str, finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ACCELERATE_USE_{way}", "true")
    with pytest.raises(StudioError, match=f"{way}, and here each process holds the whole model"):
        followers.join(RunConfig.from_file(finished.new("full").config_file), {})


def test_followers_end_with_their_leader(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their stdin ends; here process 0 closes it, as its death would."""
    code = "import time; from studio.engine import followers; followers.follow = lambda run: time.sleep(600); "
    code += "followers.main('nowhere')"
    monkeypatch.setattr(followers, "engine_command", lambda *arguments: [sys.executable, "-c", code])
    monkeypatch.setattr(followers, "SECONDS_TO_END", PATIENCE)  # on a busy machine its imports take long
    started = Followers(finished.new("full"), processes=2)
    (process,) = started._processes
    assert process.poll() is None
    started.close()
    assert process.poll() == followers.FAILED


def test_more_devices_than_this_machine_has_are_refused(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio import preflight
    from studio.hardware import Gpu, Machine

    run = finished.new("full", processes=3)
    config = RunConfig.from_file(run.config_file)
    monkeypatch.setattr(preflight, "probe", lambda: Machine(4, 1, ()))
    assert find_problems(config, finished.home) == []
    two = Machine(4, 1, (Gpu("A card", 1), Gpu("A card", 1)))
    monkeypatch.setattr(preflight, "probe", lambda: two)
    (problem,) = find_problems(config, finished.home)
    assert problem.what == "This machine does not have 3 GPUs."
    monkeypatch.setattr(worker, "probe", lambda: two)
    with pytest.raises(StudioError, match="3 GPUs"):
        worker.devices_needed(config)
