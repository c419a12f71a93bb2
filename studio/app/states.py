"""The state of the runs that somebody is viewing: each log is read once, and then only what was added."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from studio import event_log
from studio.app.log_lines import log_lines
from studio.app.preparation import Usual
from studio.event_log import LogPosition
from studio.events import RunState, fold
from studio.store import Run

LINES = 500  # for people: as many as the chart keeps
MOST = 64  # logs that are remembered


@dataclass(frozen=True)
class LogSnapshot:
    """What a run's log says up to `position`: the folded state, and the lines for people."""

    position: LogPosition = field(default_factory=LogPosition)
    state: RunState = field(default_factory=RunState)
    lines: tuple[str, ...] = ()


def headline(state: RunState) -> str:
    """The metric that a run is judged by."""
    return state.plan.headline_metric if state.plan else "accuracy"


def caught_up(snapshot: LogSnapshot, log: Path) -> LogSnapshot:
    """The snapshot with all that the log says by now; `snapshot` itself stays as it is."""
    read = event_log.read_lines(log, snapshot.position)
    if read is None:  # another log lies there
        return caught_up(LogSnapshot(), log)
    lines, position = read
    if not lines:
        return snapshot
    events = list(event_log.parse_lines(lines))
    state = fold(events, snapshot.state)
    return LogSnapshot(position, state, (*snapshot.lines, *log_lines(events, headline(state)))[-LINES:])


@dataclass
class _Remembered:
    snapshot: LogSnapshot = field(default_factory=LogSnapshot)
    lock: threading.Lock = field(default_factory=threading.Lock)


class States:
    """The snapshots of the logs that were looked at last. A thread waits only for others at the same log.

    usual: what these runs are expected to take before their first step.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._remembered: OrderedDict[Path, _Remembered] = OrderedDict()
        self._lock = threading.Lock()
        self.usual = Usual(most)

    def of(self, run: Run) -> RunState:
        return run.state(lambda: self.snapshot(run).state)

    def snapshot(self, run: Run) -> LogSnapshot:
        remembered = self._remember(run.events_file)
        with remembered.lock:
            remembered.snapshot = caught_up(remembered.snapshot, run.events_file)
            return remembered.snapshot

    def _remember(self, log: Path) -> _Remembered:
        with self._lock:
            remembered = self._remembered.setdefault(log, _Remembered())
            self._remembered.move_to_end(log)
            while len(self._remembered) > self._most:
                self._remembered.popitem(last=False)
            return remembered
