"""A worker's life outside of the training steps: Stop, waiting for a device, and all the ways to break off."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from safetensors.torch import load_file, save_file
from trained import Finished, Workers, in_this_process, new_run, state_of, wait_for_end, wait_until

from studio.engine import checkpoint, worker
from studio.engine.failures import DiskFull, explain
from studio.engine.loop import Loop
from studio.errors import StudioError
from studio.store import Run, is_complete


def kinds(run: Run) -> list[str]:
    return [event.type for event in run.read_from()[0]]


# --- Stop ---------------------------------------------------------------------------------------


def test_stop_keeps_the_best_and_gives_a_model(finished: Finished, workers: Workers) -> None:
    run = finished.new("full", epochs=1000)
    process = workers.start(run)
    wait_until(lambda: state_of(run).step > 40)
    run.command("stop")
    wait_for_end(process)
    state = run.state()
    assert state.status == "stopped" and state.has_model and is_complete(run.model)
    assert state.plan is not None and state.step < state.plan.total_steps
    assert state.best is not None and state.finished is not None and state.test is not None
    assert state.finished.best_step == state.best.step
    scores = json.loads(run.scores_file.read_text(encoding="utf-8"))
    assert scores["validation"]["metrics"] == pytest.approx(state.best.metrics, rel=1e-6)
    assert state.validation[-1].step == state.step  # what was trained last is judged too


def test_stop_before_anything_was_trained_leaves_no_model(finished: Finished, workers: Workers) -> None:
    run = finished.new("full")
    run.command("stop")
    state = workers.work(run)
    assert state.status == "stopped" and not state.has_model
    assert not run.model.exists() and run.pending_command is None


def test_stop_of_a_paused_run_gives_its_model(finished: Finished, workers: Workers) -> None:
    run = finished.new("freeze", epochs=1000)
    process = workers.start(run)
    wait_until(lambda: state_of(run).step > 20)
    run.command("pause")
    wait_for_end(process)
    run.command("stop")
    with FileLock(finished.home.locks / "device-0.lock"):  # saving needs no device of its own
        state = workers.work(run)
    assert state.status == "stopped" and state.has_model and is_complete(run.model)
    assert state.best is not None and state.finished is not None
    assert state.finished.best_step == state.best.step


def test_a_finished_run_is_left_alone(finished: Finished, workers: Workers) -> None:
    run = finished["full"]
    before = run.events_file.read_bytes()
    workers.work(run)
    assert run.events_file.read_bytes() == before


# --- device slots -------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "status"), [("stop", "stopped"), ("pause", "paused")])
def test_asked_to_leave_while_it_waits(command: Any, status: str, finished: Finished, workers: Workers) -> None:
    run = finished.new("full")
    finished.home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(finished.home.locks / "device-0.lock"):
        process = workers.start(run)
        wait_until(lambda: (phase := state_of(run).phase) is not None and phase.name == "waiting")
        assert "Waiting" in state_of(run).phase.sentence  # type: ignore[union-attr]
        run.command(command)
        wait_for_end(process)
    state = run.state()
    assert state.status == status and not state.has_model
    assert set(kinds(run)) <= {"phase", "finished", "paused"}


def test_two_workers_take_turns(finished: Finished, workers: Workers) -> None:
    runs = [finished.new("full", epochs=2) for _ in range(2)]
    processes = [workers.start(run) for run in runs]
    for process in processes:
        wait_for_end(process)
    first, second = sorted((state_of(run) for run in runs), key=lambda state: state.started or 0.0)
    assert first.status == second.status == "completed"
    assert first.last is not None and second.started is not None
    assert second.started >= first.last


def test_a_run_has_one_worker_however_many_are_started(
    finished: Finished, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished.new("full", epochs=1000)
    process = workers.start(run)
    wait_until(lambda: state_of(run).step > 5)
    monkeypatch.setattr(worker, "SECONDS_TO_LEAVE", 0.2)
    before = kinds(run).count("started")
    assert worker.main(run.folder) == 0
    assert run.worker == process and kinds(run).count("started") == before == 1
    run.command("stop")
    wait_for_end(process)
    assert state_of(run).status == "stopped"


def test_as_many_at_once_as_are_allowed(finished: Finished, workers: Workers) -> None:
    run = finished.new("full")
    with FileLock(finished.home.locks / "device-0.lock"):
        process = workers.start(run, STUDIO_CONCURRENT_RUNS="2")
        wait_until(lambda: state_of(run).phase is not None)
        begun = [event.name for event in run.read_from()[0] if event.type == "phase"]
        living = process.process()
        assert living is not None
        living.kill()
        wait_for_end(process)
    assert begun[0] == "starting" and "waiting" not in begun


# --- failures -----------------------------------------------------------------------------------


def assert_failed(run: Run, *parts: str, resumable: bool) -> None:
    state = run.state()
    assert state.status == "failed" and state.failure is not None
    for part in parts:
        assert part in str(state.failure)
    assert state.failure.what_to_do and state.resumable is resumable
    assert "Traceback" not in run.events_file.read_text(encoding="utf-8")


def test_a_loss_that_is_no_number(finished: Finished, workers: Workers, text_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in text_model.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    weights = load_file(broken / "model.safetensors")
    weights["embeddings.word_embeddings.weight"] *= float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    run = new_run(finished.home, "text-classification", broken, finished.reviews)
    workers.work(run)
    assert_failed(run, "unstable at step 1", "learning rate", resumable=False)


def test_data_that_is_gone(finished: Finished, workers: Workers, text_model: Path, tmp_path: Path) -> None:
    run = new_run(finished.home, "text-classification", text_model, tmp_path / "gone.csv")
    workers.work(run)
    assert_failed(run, "gone.csv", resumable=False)


@pytest.mark.parametrize("model", ["/nowhere/model", "someone/not-here"])
def test_a_model_that_is_not_there(model: str, finished: Finished, workers: Workers) -> None:
    run = new_run(finished.home, "text-classification", model, finished.reviews)
    workers.work(run)
    assert_failed(run, model.split("/")[-1], resumable=False)


def test_a_full_disk_loses_nothing(finished: Finished, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails at the second checkpoint, and goes on from the first one when there is room."""
    run = finished.new("full", checkpoint_seconds=0)
    written: list[Path] = []

    def fill(tensors: Any, path: Path) -> None:
        written.append(path)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        save_file(tensors, path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", fill)
        assert in_this_process(run, patch) == worker.FAILED
    assert_failed(run, "The disk is full.", "Free space", "studio clean", "resume", resumable=True)
    assert state_of(run).checkpoint == 3 and not (run.checkpoints / ".tmp").exists()
    assert workers.work(run).status == "completed"
    assert (run.model / "model.safetensors").read_bytes() == (finished["full"].model / "model.safetensors").read_bytes()


def test_too_little_room_is_seen_in_advance(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished.new("full", checkpoint_seconds=0)
    monkeypatch.setattr(checkpoint, "free_disk_bytes", lambda path: 17 * 1024**2)
    assert in_this_process(run, monkeypatch) == worker.FAILED or state_of(run).status == "completed"
    monkeypatch.setattr(checkpoint, "free_disk_bytes", lambda path: 1024)
    run = finished.new("full", checkpoint_seconds=0)
    assert in_this_process(run, monkeypatch) == worker.FAILED
    assert_failed(run, "The disk is full.", "0 MB are free", "Free space", "studio clean", resumable=True)
    assert state_of(run).failure.why.startswith("The run is saving its progress. It needs 1")  # with what stays free


def test_even_the_log_cannot_be_written(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished.new("full")

    def refuse(self: Run, event: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Run, "append", refuse)
    assert in_this_process(run, monkeypatch) == worker.MUTE
    assert run.state().status != "completed"


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (MemoryError(), "memory"),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"), "memory"),
        (ZeroDivisionError("by nought"), "unexpected error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_in_a_step(error: Exception, part: str, finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished.new("full")

    def fail(self: Loop, rows: list[int]) -> None:
        raise error

    monkeypatch.setattr(Loop, "_step", fail)
    assert in_this_process(run, monkeypatch) == worker.FAILED
    assert_failed(run, part, resumable=isinstance(error, ZeroDivisionError))


@pytest.mark.parametrize(
    ("error", "what", "resumable"),
    [
        (StudioError("It broke.", "Because.", "Mend it."), "It broke.", False),
        (DiskFull("Full."), "The disk is full.", True),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full.", True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk is full.", True),
        (OSError(errno.EFBIG, "File too large"), "The disk is full.", True),
        (RuntimeError("safetensors: I/O error: File too large (os error 27)"), "The disk is full.", True),
        (
            RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 576 vs 534"),
            "The disk is full.",
            True,
        ),
        (RuntimeError("safetensors: I/O error: No space left on device (os error 28)"), "The disk is full.", True),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory."), "The memory is full.", False),
        (RuntimeError("MPS backend out of memory"), "The memory is full.", False),
        (FileNotFoundError(2, "No such file", "/data/x.csv"), "A file that this run needs is gone.", True),
        (KeyError("odd"), "unexpected error", True),
    ],
    ids=str,
)
def test_explanations(error: Exception, what: str, resumable: bool) -> None:
    said = explain(error, has_checkpoint=False)
    assert what in said.what and said.what_to_do and said.resumable is resumable
    assert explain(error, has_checkpoint=True).resumable
