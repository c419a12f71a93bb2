"""The supervisor: a background thread that takes queued runs, starts their workers and keeps watch.

It holds nothing that is not on disk, so a restarted server goes on where the last one was killed:
a worker is detached and does not notice. One supervisor works per home; a second server waits.
Where several people share a server, their runs take turns: who has fewest at work and ahead comes next.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from studio.errors import StudioError
from studio.events import RESUMABLE, RunState, Status
from studio.forked import cold_command, fork_detached
from studio.language import _
from studio.processes import Identity, start_detached
from studio.run_summary import logged_state
from studio.store import Run, Store

logger = logging.getLogger(__name__)
TICK_SECONDS = 0.25
LOOK_SECONDS = 1.0
SECONDS_BETWEEN_TRIES = 2.0  # to be the one supervisor of a home
DEAF_SECONDS = 1800.0  # a worker that was told to stop for so long, and has said nothing since, hears nothing any more
WHY_NOT_RESUMED: dict[Status, str] = {
    "queued": _("It is already waiting in line."),
    "starting": _("It is already running."),
    "running": _("It is already running."),
    "completed": _("Its training has ended."),
    "stopped": _("Its training was stopped, which ended it."),
}


class Supervisor:
    """Starts what is queued, at most `concurrent` runs at once: each person's oldest first, people in turn.

    stores: the runs of everybody, where there is more than one `store`. seconds_for: how long a run may train, where
    that is bounded; then it is stopped, and its best model kept. gives_way: it works only as long as no other
    supervisor of the home wants to.
    """

    def __init__(
        self,
        store: Store,
        concurrent: int = 1,
        environment: dict[str, str] | None = None,
        stores: Callable[[], Iterable[Store]] | None = None,
        seconds_for: Callable[[Run], float | None] | None = None,
        gives_way: bool = False,
    ) -> None:
        self.store = store
        self._stores = stores or (lambda: (store,))
        self._seconds_for = seconds_for
        self._gives_way = gives_way
        self._logs: dict[str, Callable[[], RunState]] = {}  # of bounded runs at work
        self.concurrent = concurrent
        self._environment = {"STUDIO_CONCURRENT_RUNS": str(concurrent), **(environment or {})}
        self._seen = -LOOK_SECONDS, ""
        self._listened = 0.0
        self._wake = threading.Event()
        self._leaving = threading.Lock()  # a run either leaves the queue or is being started
        self._starting: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread; workers go on."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    # --- what people ask for ------------------------------------------------------------------

    def enqueue(self, run: Run) -> None:
        run.enqueue()
        self._wake.set()

    def resume(self, run: Run) -> None:
        state = run.state(logged_state(run))
        if state.status not in RESUMABLE:
            raise StudioError(
                _("'{run}' cannot be resumed.", run=run.name),
                WHY_NOT_RESUMED[state.status],
                _("Start a new run from its settings."),
            )
        self.enqueue(run)

    def pause(self, run: Run) -> None:
        run.command("pause")

    def move(self, run: Run, place: int) -> None:
        """Let a run that waits be the `place`-th of its person's in the queue, from 0; nothing where it has left."""
        with self._leaving:
            own = [each for each in self.queue() if each.home == run.home and each.id != self._starting]
            waits = {each.id: at for each in own if (at := each.queued_at) is not None}  # others were just deleted
            own = [each for each in own if each.id in waits]
            if run not in own:
                return
            times = sorted(waits.values())
            own.remove(run)
            own.insert(max(0, place), run)
            for at, each in zip(times, own, strict=True):
                with suppress(StudioError):  # it was deleted meanwhile
                    each.enqueue(at)

    def stop(self, run: Run) -> None:
        """Stop a run at its next step; one that waits in the queue leaves it, and of one that rests with a checkpoint a
        model is made."""
        with self._leaving:
            state = run.state(logged_state(run))
            if state.status in RESUMABLE:
                self.enqueue(run)
                run.command("stop")
            elif state.status != "queued" or self._starting == run.id:
                run.command("stop")
            elif state.started is None:
                Store(run.home).delete(run)
            else:
                run.dequeue()

    def queue(self) -> list[Run]:
        """Runs that wait, the next one first."""
        busy = self._busy()
        turns = Counter(run.home for run in at_work(busy))  # of a person: those at work, then one more for each ahead
        order = []
        for queued, run in sorted(((run.queued_at or 0.0, run) for run in busy), key=lambda item: item[0]):
            if queued:
                order.append((turns[run.home], queued, run))
                turns[run.home] += 1
        return [item[2] for item in sorted(order, key=lambda item: item[:2])]

    def line(self) -> str:
        """Who is at work and who waits, as a word that changes when that does; looked up once a second at most."""
        now = time.monotonic()
        if now - self._seen[0] > LOOK_SECONDS:
            busy = self._busy()
            self._seen = now, " ".join(sorted(f"{run.id}{'+' if run.queued_at else ''}" for run in busy))
        return self._seen[1]

    def active(self) -> list[Run]:
        """Runs with a living worker."""
        return at_work(self._busy())

    def _busy(self) -> list[Run]:
        return [run for store in self._stores() for run in store.busy()]

    # --- the thread ---------------------------------------------------------------------------

    def _work(self) -> None:
        lock = FileLock(self.store.home.locks / "supervisor.lock", timeout=0)
        self.store.home.locks.mkdir(parents=True, exist_ok=True)
        while not self._stopping.is_set():
            try:
                with lock:
                    self._watch()
            except Timeout:
                if not self._gives_way:
                    self._wanted.touch()
            self._stopping.wait(SECONDS_BETWEEN_TRIES)  # another one of this home starts the runs

    @property
    def _wanted(self) -> Path:
        """Touched again and again by whoever waits for another supervisor to give way."""
        return self.store.home.locks / "supervisor.wanted"

    def _is_unwanted(self) -> bool:
        if not self._gives_way or not self._wanted.exists():
            return False
        return time.time() - self._wanted.stat().st_mtime < 2 * SECONDS_BETWEEN_TRIES

    def _watch(self) -> None:
        marked = False
        while not self._stopping.is_set() and not self._is_unwanted():
            try:
                if not marked:  # once: the last server may have ended between a change and its mark
                    for store in self._stores():
                        store.mark_busy()
                    marked = True
                self._wake.wait(TICK_SECONDS if self.queue() else 4 * TICK_SECONDS)
                self._wake.clear()
                self.start_waiting()
                self.stop_those_over_time()
                self.end_the_deaf()
            except Exception:
                logger.exception("the queue could not be worked on; trying again")
                self._stopping.wait(2.0)

    def start_waiting(self) -> None:
        """Start queued runs while there is room."""
        waiting = self.queue()
        if not waiting:
            return
        active = {run.id for run in self.active()}
        for run in waiting:
            if run.id in active:
                continue  # the worker of its last life is still leaving
            if len(active) >= self.concurrent:
                return
            try:
                self._start_worker(run)
            except OSError:  # a folder in the place of a file, say: the runs behind it need not wait for that
                logger.exception("the run %s could not be started and leaves the queue", run.id)
                run.dequeue()
                continue
            active.add(run.id)

    def stop_those_over_time(self) -> None:
        """Stop the runs at work that have trained for as long as they may."""
        if self._seconds_for is None:
            return
        bounded = {run.id: (run, seconds) for run in self.active() if (seconds := self._seconds_for(run)) is not None}
        self._logs = {run_id: self._logs.get(run_id) or logged_state(run) for run_id, (run, _limit) in bounded.items()}
        for run_id, (run, seconds) in bounded.items():
            if worked_seconds(self._logs[run_id]()) > seconds and run.pending_command is None:
                run.command("stop")

    def end_the_deaf(self) -> None:
        """End workers that no Stop reaches, such as one that a stranger's tokenizer holds: others wait for its place.
        Their runs are interrupted, and keep what is saved."""
        if time.monotonic() - self._listened < DEAF_SECONDS / 30:
            return
        self._listened = time.monotonic()
        for run in self.active():
            if run.pending_command == "stop" and run.seconds_since_a_word() > DEAF_SECONDS:
                worker = run.worker
                process = worker.process() if worker else None
                if process is not None:
                    logger.warning("the run %s does not stop; its worker is ended", run.id)
                    process.kill()

    def _start_worker(self, run: Run) -> None:
        with self._leaving:
            if run.queued_at is None:
                return  # it left the queue meanwhile
            self._starting = run.id
        try:
            self._start_process(run)
        finally:
            self._starting = None

    def _start_process(self, run: Run) -> None:
        command = "studio.engine.worker", str(run.folder)
        pid = fork_detached(run.worker_log, self._environment, *command)
        if pid is None:
            process = start_detached(cold_command(*command), run.worker_log, self._environment)
            threading.Thread(target=process.wait, name=f"reaper-{run.id}", daemon=True).start()
            pid = process.pid
        worker = run.worker
        if worker is None or not worker.is_alive:  # it has not written who it is itself yet
            try:
                run.set_worker(Identity.of(pid))
            except psutil.NoSuchProcess:  # it died at once: the run shows as interrupted, with its log
                run.set_worker(Identity(pid, time.time()))
        run.dequeue()


def worked_seconds(state: RunState) -> float:
    """How long workers have been at work on the run, in all its lives."""
    return state.seconds + (time.time() - state.working_since if state.working_since is not None else 0.0)


def at_work(runs: Iterable[Run]) -> list[Run]:
    return [run for run in runs if (worker := run.worker) is not None and worker.is_alive]
