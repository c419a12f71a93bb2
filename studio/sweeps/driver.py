"""The process that works on one sweep: `python -m studio.sweeps.driver SWEEP_DIR`.

It proposes settings, puts their runs into the queue, watches their checks, and ends those that are not worth going on
with. Where no server of this home starts what is queued, it does so itself, unless the home is that of one person on
a server of many: their runs wait for the server, which bounds them. Everything it knows is on disk: killed and
started again, it goes on with the trials that it finds, whose workers have not noticed.
"""

import itertools
import logging
import math
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from studio.errors import StudioError
from studio.events import ENDED, RunState, fold
from studio.files import replace_json
from studio.forked import ForkServer
from studio.language import _, packed
from studio.metrics import metric_named
from studio.paths import HOME_VARIABLE, Home
from studio.processes import Identity, python, start_detached
from studio.removal import used_bytes
from studio.room import disk_words
from studio.runner import Supervisor, worked_seconds
from studio.store import Run, Store
from studio.sweeps.candidates import CANDIDATE, Auto
from studio.sweeps.folder import Sweep, Sweeps
from studio.sweeps.order import Next, next_of
from studio.sweeps.proposals import Proposals
from studio.sweeps.trials import TrialEnd, TrialRecord

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
SECONDS_TO_LEAVE = 10.0  # for the driver of the last life
MOST_RESUMED = 2  # times that a trial is taken up again whose worker died
MOST_FAILED = 5  # trials in a row: the next one would fail as well


class Queue(Protocol):
    """Where runs wait for their worker: the supervisor."""

    def enqueue(self, run: Run) -> None: ...
    def resume(self, run: Run) -> None: ...
    def stop(self, run: Run) -> None: ...


@dataclass
class LiveTrial:
    """A trial at work. read: the state of its run as its log says now."""

    record: TrialRecord
    run: Run
    read: Callable[[], RunState]
    resumed: int = 0
    is_pruned: bool = False


@dataclass
class Driver:
    """One sweep being worked on. get_ready: called before a trial begins."""

    sweep: Sweep
    queue: Queue
    get_ready: Callable[[], None] = lambda: None
    live: list[LiveTrial] = field(default_factory=list)
    ended: list[TrialRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.space, self.options = self.sweep.read()
        self.store = Store(self.sweep.home)
        self.metric = self.space.config(self.space.first()).chosen_task.headline
        known = self.sweep.trials()
        self._remove_untold({trial.run for trial in known})
        trials = [trial for trial in known if self.space.holds(trial.parameters)]  # others are damaged
        self.numbers = itertools.count(max((trial.number for trial in known), default=-1) + 1)
        self.proposals = Proposals(
            self.sweep.id, self.space, self.options, metric_named(self.metric).higher_is_better, trials
        )
        self.clock, self.looked = 0.0, time.monotonic()
        for trial in trials:
            if trial.end is not None:
                self.ended.append(trial)
            else:
                self._watch(trial)
        self.clock = self._worked

    def work(self) -> str:
        """Until nothing is left to do. Returns why it ended, a sentence."""
        while True:
            self._tick()
            why = self._why_no_more()
            for trial in list(self.live):
                self._look(trial, is_over=bool(why) and not self._is_all_begun)
            why = why or self._why_no_more()
            while not why and len(self.live) < self.options.together:
                why = self._begin() or self._why_no_more()
            if why and not self.live:
                return why
            time.sleep(LOOK_SECONDS)

    # --- when it is over ----------------------------------------------------------------------

    @property
    def _is_all_begun(self) -> bool:
        """Whether the trials at work may end as they would: there are only no more of them."""
        return not self.sweep.is_told_to_stop and not self._is_out_of_time

    @property
    def _is_out_of_time(self) -> bool:
        if self.options.minutes is None:
            return False
        return self._spent > self.options.minutes * 60

    @property
    def _spent(self) -> float:
        """Seconds of the budget: whole ways of training are promised within it, and so all the time counts."""
        return self._worked if self.space.auto is None else max(self._worked, self.clock)

    def _tick(self) -> None:
        """The clock stands still while all that was begun waits for other runs."""
        now = time.monotonic()
        if not self.live or any(trial.run.queued_at is None for trial in self.live):
            self.clock += now - self.looked
        self.looked = now

    @property
    def _worked(self) -> float:
        spent = sum(trial.seconds for trial in self.ended)
        spent += sum(worked_seconds(trial.read()) for trial in self.live)
        return spent / self.options.together

    def _why_no_more(self) -> str:
        """Why no further trial begins; "" while one may."""
        if self.sweep.is_told_to_stop:
            return _("It was stopped.")
        if self._is_out_of_time:
            return _("Its time is over.")
        last = self.ended[-MOST_FAILED:]
        if len(last) == MOST_FAILED and all(trial.end == "failed" for trial in last):
            return _("Its last {n} trials failed. The last reason: {reason}", n=MOST_FAILED, reason=last[-1].reason)
        if len(self.ended) + len(self.live) >= self.options.trials:
            return _("All its trials have ended.")
        return ""

    # --- one trial ----------------------------------------------------------------------------

    def _begin(self) -> str:
        """Let the next trial begin. Returns why there is none, or ""."""
        most = self.sweep.most_bytes
        if most is not None and used_bytes(self.sweep.home) >= most:
            return _("Your workspace is full.")
        forecast = 0.0
        if self.space.auto is not None:
            following = self._next_candidate(self.space.auto)
            if following is None:
                return _("No other way of training fits into the time that is left.")
            parameters, forecast = {CANDIDATE: following.candidate.name}, round(following.seconds, 1)
        elif (proposed := self.proposals.next()) is None:
            return _("Every combination of settings was tried.")
        else:
            parameters = proposed
        number = next(self.numbers)
        record = TrialRecord(number, "", parameters, forecast=forecast)
        self.proposals.begin(record)
        try:
            config = self.space.config(parameters)
        except StudioError as error:
            self._end(record, "failed", reason=error.explanation.why)
            return ""
        self.get_ready()
        facts = {**self.sweep.about_runs, "tags": [self.sweep.name], "sweep": self.sweep.id}
        run = self.store.create(config.to_text(), f"{self.sweep.name} · {number + 1}", **facts)
        record = replace(record, run=run.id, state=self.proposals.state_of(number))
        told = {"forecast": forecast} if forecast else {}
        self.sweep.tell(number, run=run.id, parameters=parameters, state=record.state, **told)
        self._watch(record)
        self.queue.enqueue(run)
        return ""

    def _remove_untold(self, told: Collection[str]) -> None:
        """The run of a trial that a driver made, and was killed before it could tell of it: nobody works on it."""
        for run in self.store:
            if run.id not in told and run.meta.get("sweep") == self.sweep.id and not (run.is_busy or run.log_bytes):
                self.store.take_back(run)

    def _next_candidate(self, auto: Auto) -> Next | None:
        known = [*self.ended, *(trial.record for trial in self.live)]
        budget = math.inf if self.options.minutes is None else self.options.minutes * 60
        return next_of(auto, known, self._spent, budget)

    def _watch(self, record: TrialRecord) -> None:
        run = Run(self.sweep.home.runs / record.run)
        self.live.append(LiveTrial(record, run, growing_state(run)))

    def _look(self, trial: LiveTrial, is_over: bool) -> None:
        """What has happened with a trial, and what follows from it."""
        run = trial.run
        if not trial.record.run or not run.exists:
            self._end(trial.record, "failed", reason=_("Its run was deleted."))
            return
        state = run.state(trial.read)
        checks = {
            number: check.metrics[self.metric]
            for number, check in enumerate(state.validation, 1)
            if math.isfinite(check.metrics.get(self.metric, math.nan))
        }
        if state.status in ENDED:
            self._end_as(trial, state, checks)
        elif state.status == "interrupted":
            if trial.resumed == MOST_RESUMED:
                self._end(trial.record, "failed", checks, reason=_("Its worker died again and again."))
                return
            trial.resumed += 1
            with suppress(StudioError):  # somebody has resumed it meanwhile
                (self.queue.stop if is_over or trial.is_pruned else self.queue.resume)(run)
        elif is_over or (not trial.is_pruned and self.proposals.is_hopeless(trial.record.number, checks)):
            trial.is_pruned = not is_over
            if run.pending_command != "stop":
                self.queue.stop(run)
        elif state.status == "queued" and run.queued_at is None:
            self.queue.enqueue(run)  # the driver before was killed between making it and this

    def _end_as(self, trial: LiveTrial, state: RunState, checks: dict[int, float]) -> None:
        facts: dict[str, Any] = {"seconds": state.seconds}
        if state.plan is not None:
            facts["share"] = min(1.0, state.step / max(1, state.plan.total_steps))
        if state.status == "failed":
            failure = state.failure
            self._end(trial.record, "failed", checks, reason=failure.what if failure else "", **facts)
            return
        value = state.best.metrics.get(self.metric) if state.best else None
        value = value if value is not None and math.isfinite(value) else None
        end: TrialEnd = "pruned" if trial.is_pruned else "completed"
        if value is None:
            why = (
                _("No check of it said anything.") if state.validation else _("It was stopped before its first check.")
            )
            self._end(trial.record, "failed", checks, reason=why, **facts)
        else:
            self._end(trial.record, end, checks, value=value, **facts)

    def _end(
        self, record: TrialRecord, end: TrialEnd, checks: dict[int, float] | None = None, reason: str = "", **facts: Any
    ) -> None:
        self.live = [trial for trial in self.live if trial.record.number != record.number]
        told = {**facts, "end": end, "checks": checks or {}, "state": self.proposals.state_of(record.number)}
        record = TrialRecord(**{**vars(record), **told, "reason": reason})
        self.proposals.end(record)
        self.ended.append(record)
        known = {"run": record.run, "parameters": record.parameters}
        self.sweep.tell(record.number, **known, **told, reason=packed(reason))
        importance = self.proposals.importance()
        if importance:
            replace_json(self.sweep.importance_file, importance)


def growing_state(run: Run) -> Callable[[], RunState]:
    """Reads the state that the run's log says, on from call to call."""
    state, offset = fold([]), 0

    def read() -> RunState:
        nonlocal state, offset
        events, offset = run.read_from(offset)
        state = fold(events, state)
        return state

    return read


def start_driver(sweep: Sweep, environment: dict[str, str] | None = None) -> None:
    """Start the process that works on `sweep`, or goes on with it, where none does: two people may ask at once."""
    command = python("studio.sweeps.driver", str(sweep.folder))
    with FileLock(sweep.starting_lock):
        if sweep.status == "interrupted":
            home = {HOME_VARIABLE: str(sweep.home.root)}
            process = start_detached(command, sweep.driver_log, {**home, **(environment or {})})
            replace_json(sweep.driver_file, Identity.of(process.pid).as_dict())


def go_on_with_interrupted(home: Home, environment: dict[str, str] | None = None) -> None:
    """Start a driver for each sweep of the home whose own was killed, unless it was told to stop."""
    for sweep in Sweeps(home):
        if sweep.status == "interrupted" and not sweep.is_told_to_stop:
            start_driver(sweep, environment)


def main(arguments: Sequence[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    sweep = Sweep(Path(arguments[0]).resolve())
    try:
        with FileLock(sweep.driver_lock, timeout=SECONDS_TO_LEAVE):
            replace_json(sweep.driver_file, asdict(Identity.of()))
            if not sweep.ended_file.exists():
                _work_on(sweep)
    except Timeout:
        logger.warning("Another process works on this sweep; this one leaves.")
    except StudioError as error:
        logger.error("%s", error)
        return 1
    except OSError as error:
        logger.error("%s", disk_words(error, sweep.home.root))
        return 1
    return 0


def _work_on(sweep: Sweep) -> None:
    supervisor = Supervisor(Store(sweep.home), sweep.read()[1].together, gives_way=True)
    if sweep.home.server == sweep.home:
        supervisor.start()
    fork_server = ForkServer()
    try:
        why = Driver(sweep, supervisor, fork_server.start).work()  # which leaves when nothing was forked for long
    finally:
        supervisor.close()
        fork_server.close()
    replace_json(sweep.ended_file, {"why": packed(why), "time": time.time()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
