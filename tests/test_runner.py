"""The supervisor: order, room, commands, restarts; with stand-in workers, and with real ones where it matters."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock
from logs import NOW, abandoned, at_work, make_run, planned, started, step, write
from trained import wait_until

from studio import runner
from studio.errors import StudioError
from studio.events import Paused
from studio.forked import FORK_SERVER, ForkServer
from studio.paths import Home
from studio.processes import Identity
from studio.runner import Supervisor
from studio.store import Run, Store

STAND_IN = Path(__file__).parent / "stand_in_worker.py"


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Supervisors start workers that need no torch."""
    monkeypatch.setattr(runner, "fork_detached", lambda *words: None)
    monkeypatch.setattr(runner, "cold_command", lambda module, *words: [sys.executable, str(STAND_IN), *words])


@pytest.fixture
def supervise(store: Store) -> Iterator[Callable[..., Supervisor]]:
    """Make started supervisors that are closed, and whose workers are ended, when the test is over."""
    made: list[Supervisor] = []

    def make(**settings: Any) -> Supervisor:
        supervisor = Supervisor(store, **settings)
        made.append(supervisor)
        supervisor.start()
        return supervisor

    yield make
    for supervisor in made:
        supervisor.close()
    for run in store:
        if run.worker and run.worker.pid != os.getpid() and (process := run.worker.process()):
            process.kill()


def until(condition: Callable[[], object]) -> None:
    wait_until(lambda: bool(condition()))


def looks(supervisor: Supervisor, count: int = 3) -> None:
    """Wait until the supervisor has looked at the queue so often from now on."""
    seen: list[None] = []
    start_waiting = supervisor.start_waiting

    def counting() -> None:
        start_waiting()
        seen.append(None)

    supervisor.start_waiting = counting  # type: ignore[method-assign]
    until(lambda: len(seen) >= count)


def status(run: Run) -> str:
    return run.state().status


def release(run: Run) -> None:
    (run.folder / "release").touch()


def lives(run: Run) -> int:
    path = run.folder / "lives"
    return len(path.read_text()) if path.exists() else 0


# --- the queue ------------------------------------------------------------------------------------


def test_the_oldest_in_the_queue_comes_first(store: Store) -> None:
    first, second, third = (make_run(store, name) for name in ("first", "second", "third"))
    supervisor = Supervisor(store)
    for run in (second, first, third):  # not the order of their making
        supervisor.enqueue(run)
        time.sleep(0.01)
    assert [run.name for run in supervisor.queue()] == ["second", "first", "third"]
    assert {status(run) for run in (first, second, third)} == {"queued"}


def test_a_run_that_waits_is_moved_among_its_person_s(store: Store, tmp_path: Path) -> None:
    other = Store(Home(tmp_path / "other"))
    runs = {name: make_run(where, name) for where, name in ((store, "a1"), (other, "b1"), (store, "a2"), (store, "a3"))}
    supervisor = Supervisor(store, stores=lambda: (store, other))
    for number, run in enumerate(runs.values()):
        run.enqueue(at=1000.0 + number)

    def line() -> list[str]:
        return [run.name for run in supervisor.queue()]

    assert line() == ["a1", "b1", "a2", "a3"]
    supervisor.move(runs["a3"], 0)
    assert line() == ["a3", "b1", "a1", "a2"]
    supervisor.move(runs["a3"], 99)
    supervisor.move(runs["b1"], -3)
    assert line() == ["a1", "b1", "a2", "a3"]
    runs["a2"].dequeue()
    supervisor.move(runs["a2"], 0)
    assert line() == ["a1", "b1", "a3"]


def test_a_run_that_is_deleted_while_another_is_moved_stays_deleted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (make_run(store, name) for name in ("first", "second", "third"))
    for number, run in enumerate((first, second, third)):
        run.enqueue(at=1000.0 + number)
    supervisor = Supervisor(store)
    waiting = supervisor.queue()
    store.delete(second)
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "queue", lambda: waiting)  # looked before the deletion
        supervisor.move(third, 0)
    assert [run.name for run in supervisor.queue()] == ["third", "first"]
    assert not second.folder.exists() and store.restore(second.id).name == "second"


def test_a_run_that_rests_is_stopped_by_one_more_life(store: Store) -> None:
    run = write(make_run(store), started(), planned(), step(1), Paused(step=1, time=NOW + 2))
    Supervisor(store).stop(run)
    assert status(run) == "queued" and run.pending_command == "stop"


def test_one_at_a_time_and_the_next_follows(store: Store, supervise: Callable[..., Supervisor], stand_in: None) -> None:
    first, second = make_run(store, "first"), make_run(store, "second")
    supervisor = supervise()
    supervisor.enqueue(first)
    supervisor.enqueue(second)
    until(lambda: status(first) == "running")
    looks(supervisor)
    assert status(second) == "queued" and [run.id for run in supervisor.active()] == [first.id]
    release(first)
    until(lambda: status(second) == "running")
    assert status(first) == "completed"


def test_two_at_once_where_it_was_told_to(store: Store, supervise: Callable[..., Supervisor], stand_in: None) -> None:
    runs = [make_run(store, str(number)) for number in range(3)]
    supervisor = supervise(concurrent=2)
    for run in runs:
        supervisor.enqueue(run)
    until(lambda: [status(run) for run in runs] == ["running", "running", "queued"])
    release(runs[1])
    until(lambda: [status(run) for run in runs] == ["running", "completed", "running"])


def test_a_run_that_dies_at_once_is_interrupted_and_the_next_one_starts(
    store: Store, supervise: Callable[..., Supervisor], stand_in: None
) -> None:
    dying, next_one = make_run(store, "dying"), make_run(store, "next")
    (dying.folder / "die").touch()
    supervisor = supervise()
    supervisor.enqueue(dying)
    supervisor.enqueue(next_one)
    until(lambda: status(next_one) == "running")
    assert status(dying) == "interrupted"
    (dying.folder / "die").unlink()
    supervisor.resume(dying)
    release(next_one)
    until(lambda: status(dying) == "running")


def test_the_supervisor_survives_what_goes_wrong(
    store: Store, supervise: Callable[..., Supervisor], stand_in: None, caplog: pytest.LogCaptureFixture
) -> None:
    run = make_run(store)
    store.home.busy.touch()  # a file where a folder belongs
    supervisor = supervise()
    until(lambda: "could not be worked on" in caplog.text)
    store.home.busy.unlink()
    supervisor.enqueue(run)
    until(lambda: status(run) == "running")


def test_a_run_with_damaged_files_does_not_stop_the_queue(
    store: Store, supervise: Callable[..., Supervisor], stand_in: None
) -> None:
    hopeless, damaged, whole = (make_run(store, name) for name in ("hopeless", "damaged", "whole"))
    for run in (hopeless, damaged, whole):
        run.enqueue()
        time.sleep(0.01)  # the oldest comes first
    hopeless.worker_log.mkdir()
    damaged.queued_file.write_bytes(b"{")
    damaged.meta_file.write_bytes(b"")
    damaged.worker_file.mkdir()
    supervise(concurrent=2)
    until(lambda: [status(run) for run in (hopeless, damaged, whole)] == ["interrupted", "running", "running"])


# --- commands -------------------------------------------------------------------------------------


def test_pause_resume_and_stop_of_a_run_at_work(
    store: Store, supervise: Callable[..., Supervisor], stand_in: None
) -> None:
    run = make_run(store)
    supervisor = supervise()
    supervisor.enqueue(run)
    until(lambda: status(run) == "running")
    supervisor.pause(run)
    until(lambda: status(run) == "paused")
    supervisor.resume(run)
    until(lambda: status(run) == "running")
    supervisor.stop(run)
    until(lambda: status(run) == "stopped")
    assert lives(run) == 2
    with pytest.raises(StudioError, match="cannot be resumed"):
        supervisor.resume(run)


def test_a_new_run_that_leaves_the_queue_goes_to_the_trash(store: Store) -> None:
    run = make_run(store)
    supervisor = Supervisor(store)
    supervisor.enqueue(run)
    supervisor.stop(run)
    assert store.find(run.id) is None and [gone.id for gone in store.deleted()] == [run.id]


def test_a_paused_run_that_leaves_the_queue_is_paused_again(store: Store) -> None:
    run = write(make_run(store), started(), planned(), step(1), Paused(step=1, time=NOW + 2))
    supervisor = Supervisor(store)
    supervisor.resume(run)
    assert status(run) == "queued"
    supervisor.stop(run)
    assert status(run) == "paused" and store.find(run.id) is not None


def test_a_run_that_is_at_work_or_waits_is_not_started_twice(store: Store) -> None:
    supervisor = Supervisor(store)
    run = at_work(write(make_run(store), started(), planned(100)))
    with pytest.raises(StudioError, match="It is already running"):
        supervisor.resume(run)
    waiting = make_run(store)
    supervisor.enqueue(waiting)
    with pytest.raises(StudioError, match="already waiting in line"):
        supervisor.resume(waiting)


def test_stop_while_the_worker_is_being_started_keeps_the_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The helper may need seconds to answer; a run that leaves meanwhile must not lose its folder."""
    run = make_run(store)
    supervisor = Supervisor(store)
    asked, answer = threading.Event(), threading.Event()

    def slow(*words: Any) -> int:
        asked.set()
        answer.wait()
        return os.getpid()

    monkeypatch.setattr(runner, "fork_detached", slow)
    supervisor.enqueue(run)
    work = threading.Thread(target=supervisor.start_waiting)
    work.start()
    asked.wait()
    supervisor.stop(run)
    answer.set()
    work.join()
    assert store.find(run.id) is not None, "the folder of a run whose worker starts was taken away"
    assert run.pending_command == "stop" and run.queued_at is None


def test_a_run_that_left_the_queue_meanwhile_is_not_started(
    store: Store, stand_in: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(store)
    supervisor = Supervisor(store)
    supervisor.enqueue(run)
    waiting = supervisor.queue()
    supervisor.stop(run)
    monkeypatch.setattr(supervisor, "queue", lambda: waiting)
    supervisor.start_waiting()
    assert not run.folder.exists()


# --- servers that come and go ---------------------------------------------------------------------


def test_a_restarted_server_finds_the_worker_and_starts_no_second_one(
    store: Store, supervise: Callable[..., Supervisor], stand_in: None
) -> None:
    run, waiting = make_run(store, "at work"), make_run(store, "waiting")
    before = supervise()
    before.enqueue(run)
    before.enqueue(waiting)
    until(lambda: status(run) == "running")
    worker = run.worker
    before.close()
    assert status(run) == "running", "the run ended with the server"
    after = supervise()
    looks(after)
    assert run.worker == worker and lives(run) == 1 and status(waiting) == "queued"
    after.stop(run)
    until(lambda: status(run) == "stopped")
    until(lambda: status(waiting) == "running")


def test_two_servers_of_one_home_start_each_run_once(
    store: Store, supervise: Callable[..., Supervisor], stand_in: None
) -> None:
    one, other = supervise(), supervise()
    runs = [make_run(store, str(number)) for number in range(4)]
    for number, run in enumerate(runs):
        (one, other)[number % 2].enqueue(run)
        release(run)
    until(lambda: all(status(run) == "completed" for run in runs))
    assert [lives(run) for run in runs] == [1, 1, 1, 1]


def test_a_sweep_that_starts_runs_itself_gives_way_to_a_server(
    store: Store, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SECONDS_BETWEEN_TRIES", 0.2)
    at_work: list[bool] = []
    start_waiting = Supervisor.start_waiting
    monkeypatch.setattr(
        Supervisor,
        "start_waiting",
        lambda supervisor: (at_work.append(supervisor._gives_way), start_waiting(supervisor)),
    )
    supervise(gives_way=True)
    wait_until(lambda: at_work != [])
    supervise()
    wait_until(lambda: False in at_work)
    time.sleep(0.5)
    assert True not in at_work[at_work.index(False) :], "and does not come back while the server is at work"


def test_the_server_that_waits_does_not_burn_the_processor(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    class Stopping(threading.Event):
        def is_set(self) -> bool:
            return len(waits) == 3

        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return False

    waiting = Supervisor(store)
    monkeypatch.setattr(waiting, "_stopping", Stopping())
    with FileLock(store.home.locks / "supervisor.lock"):  # as by the other server
        waiting._work()
    assert min(waits) >= 1


def test_a_run_whose_worker_was_killed_is_interrupted(store: Store) -> None:
    run = abandoned(write(make_run(store), started(), planned(), step(1)))
    assert status(run) == "interrupted"
    run.set_worker(Identity(os.getpid(), 1.0))  # the pid lives again, as another process
    assert status(run) == "interrupted"


def test_a_worker_that_no_stop_reaches_is_ended_after_a_while(store: Store) -> None:
    run = write(make_run(store), started(), planned(), step(1))
    supervisor = Supervisor(store)
    deaf = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    def is_ended(silent: float, asked: bool = True) -> bool:
        if asked:
            run.command("stop")
        for file in (run.control_file, run.events_file):
            if file.exists():
                os.utime(file, (NOW - silent, NOW - silent))
        supervisor._listened = -runner.DEAF_SECONDS
        supervisor.end_the_deaf()
        return deaf.poll() is not None

    try:
        run.set_worker(Identity.of(deaf.pid))
        run.mark_busy()
        assert not is_ended(2 * runner.DEAF_SECONDS, asked=False)
        assert not is_ended(60.0), "it may be at its last step"
        is_ended(2 * runner.DEAF_SECONDS)
        assert deaf.wait(30) != 0
    finally:
        deaf.kill()
        deaf.wait()
    assert status(run) == "interrupted"


# --- the warm start -------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_real_workers_come_from_the_fork_server_and_outlive_it(
    store: Store,
    supervise: Callable[..., Supervisor],
    text_model: Path,
    reviews: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run through a forked worker, paused, resumed after a kill of the helper, and then again after `kill -9`."""
    monkeypatch.delenv(FORK_SERVER, raising=False)
    server = ForkServer()
    server.start()
    config = (
        f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: '{reviews}'}}\n"
        "training: {epochs: 1000, batch_size: 8, learning_rate: 0.001, checkpoint_seconds: 0.2}\n"
    )
    run = make_run(store, "real", config)
    supervisor = supervise()
    helper = server.process
    assert helper is not None
    supervisor.enqueue(run)
    until(lambda: run.state().step > 5)
    assert run.worker and psutil.Process(run.worker.pid).ppid() == helper.pid
    helper.send_signal(signal.SIGKILL)
    helper.wait()
    step_before = run.state().step
    until(lambda: run.state().step > step_before)

    supervisor.pause(run)
    until(lambda: status(run) == "paused")
    paused_at = run.state().step
    supervisor.resume(run)  # without the helper: a process of its own
    until(lambda: run.state().step > paused_at)
    assert [point[0] for point in run.state().train] == sorted({point[0] for point in run.state().train})

    until(lambda: (run.state().checkpoint or 0) > paused_at)
    assert run.worker
    psutil.Process(run.worker.pid).kill()
    until(lambda: status(run) == "interrupted")
    assert run.state().resumable
