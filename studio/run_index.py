"""An index over all runs of a home, so that lists need not read every log. It is a cache, and can be deleted any time.

Whatever a list shows is first compared with the run's files, by size and time, and brought up to date where they have
changed: neither an old row, nor a damaged index, nor one of another version is ever believed over a log. Rows that are
missing are made in the background, newest run first, while lists answer with what is there. Only whether a run that is
over belongs into a list is believed without a look at its files, until the background has compared all of them, once.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from studio.events import Status
from studio.run_summary import RunSummary, stamps, summarise
from studio.run_table import RunTable, as_text
from studio.store import Run, Store, resting_status

SECONDS_FOR_MISSING_ROWS = 0.3  # while somebody waits for the list
BATCH = 20  # rows that are kept at once


@dataclass(frozen=True)
class RunPage:
    """Some runs of a list of `total`, newest first; None for a run whose row is not made yet.

    is_complete: False while rows are missing, here or among those that were searched: ask again a little later.
    best: ids of those that have the best check of all runs with the same task and data, where that was asked.
    """

    runs: tuple[tuple[Run, RunSummary | None], ...]
    total: int
    is_complete: bool
    best: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Query:
    """Which runs a list shows, and in which order; "" leaves all.

    search: words that all have to occur among those of a run, such as its name, tags, data, model or strategy.
    sort: a key of SORTS; is_reversed: the other way round.
    """

    search: str = ""
    status: str = ""
    task: str = ""
    tag: str = ""
    sort: str = ""
    is_reversed: bool = False


SORTS: dict[str, tuple[str, bool]] = {  # by what: the column, and whether the highest come first; without one, last
    "name": ("name", False),
    "status": ("status", False),
    "metric": ("score", True),
    "data": ("data", False),
    "model": ("model", False),
    "strategy": ("strategy", False),
    "duration": ("seconds", True),
    "bytes": ("bytes", True),
    "created": ("created", True),
}


class RunIndex:
    """Every answer holds for the moment: statuses are those of the processes, as in `Run.state`."""

    def __init__(self, store: Store) -> None:
        self._store, self._folder = store, store.home.runs
        self._table = RunTable(store.home.run_index)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()

    # --- lists ------------------------------------------------------------------------------------

    def page(self, start: int, count: int, query: Query | None = None, marked: bool = False) -> RunPage:
        """Newest first, unless the query says otherwise. marked: whether to say which ones are the best."""
        ids, is_complete = self._ids(), True
        found, end = ids, time.monotonic() + SECONDS_FOR_MISSING_ROWS
        if query is not None and query != Query():
            is_complete = self._refresh(ids, end)
            found = self._found(ids, query)
        shown = found[start : start + count]
        summaries = self._summaries(shown, end)
        is_complete = is_complete and len(summaries) == len(shown)
        if not is_complete:
            self.start()
        runs = tuple((self._run(run_id), summaries.get(run_id)) for run_id in shown)
        best = self.best(summaries.values(), ids) if marked else frozenset()
        return RunPage(runs, len(found), is_complete, best)

    def _found(self, ids: Sequence[str], query: Query) -> list[str]:
        """Of these, in the order of the query; without those whose row is missing."""
        column, falls = SORTS[query.sort or "created"]
        rows = self._table.find(query.search.lower().split(), query.task, query.tag, ("id", "status", "metric", column))
        found = {row[0]: row for row in rows}
        if query.status:
            actual = self._statuses_of_busy()
            resting = {status: resting_status(status) for status in get_args(Status)}
            found = {
                run_id: row for run_id, row in found.items() if query.status == (actual.get(run_id) or resting[row[1]])
            }
        kept = [run_id for run_id in ids if run_id in found]
        if not query.sort:
            return kept
        known = [found[run_id] for run_id in kept if found[run_id][3] is not None]
        known.sort(key=lambda row: row[3].casefold() if isinstance(row[3], str) else row[3], reverse=falls)
        if column == "score":  # of different metrics they cannot be compared
            known.sort(key=lambda row: row[2])
        ordered = known[::-1] if query.is_reversed else known
        return [row[0] for row in ordered] + [run_id for run_id in kept if found[run_id][3] is None]

    def _statuses_of_busy(self) -> dict[str, Status]:
        """Of the runs that wait or have a living worker, by id; of no other one does a status change by itself."""
        busy = [run.id for run in self._store.busy() if run.home == self._store.home]
        return {run_id: summary.state.status for run_id, summary in self._summaries(busy).items()}

    def best(self, summaries: Iterable[RunSummary], ids: Sequence[str] | None = None) -> frozenset[str]:
        """Of the groups that these are in, the runs with the best check, where several have one. ids: of all runs."""
        ids = self._ids() if ids is None else ids
        groups = sorted({summary.choices.group for summary in summaries if summary.choices.group})
        there, compared = set(ids), dict[tuple[str, str], list[str]]()
        for group, metric, _score, run_id in self._table.highest(groups):
            if run_id in there:
                compared.setdefault((group, metric), []).append(run_id)
        return frozenset(found[0] for found in compared.values() if len(found) > 1)

    def tasks_and_tags(self) -> tuple[list[str], list[str]]:
        """What runs can be filtered by, in alphabetical order."""
        tasks, tags = self._table.tasks_and_tags()
        return sorted(tasks), sorted(tags, key=str.casefold)

    def summary(self, run: Run) -> RunSummary | None:
        """None for a run that has been deleted meanwhile."""
        return self._summaries([run.id]).get(run.id)

    def with_model(self, most: int) -> list[RunSummary]:
        """The newest runs that have a model to try and to share."""
        ids = self._ids()
        end = time.monotonic() + SECONDS_FOR_MISSING_ROWS
        if not self._refresh(ids, end):
            self.start()
        found = self._table.with_model()
        newest = [run_id for run_id in ids if run_id in found][:most]
        return [summary for summary in self._summaries(newest, end).values() if summary.state.has_model]

    def all(self, query: Query | None = None) -> Iterator[RunSummary]:
        """Every run that the query leaves, however long it takes to make the rows that are missing."""
        ids = self._ids()
        if query is not None:
            for start in range(0, len(ids), BATCH):
                self._logged(ids[start : start + BATCH])
            ids = self._found(ids, query)
        for start in range(0, len(ids), BATCH):
            yield from self._summaries(ids[start : start + BATCH]).values()

    # --- rows -------------------------------------------------------------------------------------

    def _run(self, run_id: str) -> Run:
        return Run(self._folder / run_id)

    def _ids(self) -> list[str]:
        """Of all runs that there are, newest first."""
        known = self._table.ids()
        return [name for name in self._store.folder_names() if name in known or self._run(name).exists]

    def _refresh(self, ids: Sequence[str], end: float) -> bool:
        """Bring the rows up to date of all runs that are not over; whether there was time for all."""
        known = self._table.files_of_changing()
        over = {run_id for run_id, is_over in self._table.ids().items() if is_over}
        changing = [run_id for run_id in ids if run_id not in over]
        stale = [run_id for run_id in changing if known.get(run_id) != as_text(stamps(self._run(run_id)))]
        return len(self._logged(stale, end)) == len(stale)

    def _summaries(self, ids: Sequence[str], end: float | None = None) -> dict[str, RunSummary]:
        """By id, with the status that is true of the processes; what there was no time for until `end` is left out."""

        def actual(summary: RunSummary) -> RunSummary:
            if summary.is_over:
                return summary
            run = self._run(summary.id)
            return replace(summary, state=run.state(lambda: summarise(run, summary).state))

        return {run_id: actual(summary) for run_id, summary in self._logged(ids, end).items()}

    def _logged(self, ids: Sequence[str], end: float | None = None) -> dict[str, RunSummary]:
        """Rows as the files are now, by id and in this order. Rows that had to be made or changed are kept."""
        known, current, changed = self._table.load(ids), {}, []
        for run_id in ids:
            summary, run = known.get(run_id), self._run(run_id)
            if summary is None or summary.files != stamps(run):
                if (end is not None and time.monotonic() > end) or not run.exists:
                    continue
                summary = summarise(run, summary)
                changed.append(summary)
            current[run_id] = summary
        self._table.save(changed)
        return current

    # --- the background ---------------------------------------------------------------------------

    def start(self) -> None:
        """Compare every row with its run, and make those that are missing, in a thread that ends when all is done."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._catch_up, name="run-index", daemon=True)
                self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Until the background has done all that there was to do."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        self._closing.set()
        self.wait(5)

    def _catch_up(self) -> None:
        ids = self._ids()
        for start in range(0, len(ids), BATCH):
            began = time.monotonic()
            self._logged(ids[start : start + BATCH])
            if self._closing.wait(time.monotonic() - began):  # half of the time is for those who wait for a page
                return
        self._table.remove(self._table.ids().keys() - set(ids))
