"""The data of a draft as the pages see it: imported once, assembled when a choice changes, paged for tables."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from components.words import set_apart
from studio.app.drafts import Draft, Drafts
from studio.app.paging import EMPTY_PAGE, bounds
from studio.app.preview import preview_page
from studio.data.assembly import Assembled, Cleaned, clean, divide
from studio.data.columns import Problem
from studio.data.doubts import doubts
from studio.data.guesses import Guess
from studio.data.guessing import guess_columns
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.language import _
from studio.store import Store
from studio.tasks import TASKS

KEY_PATTERN = re.compile(r"[0-9a-zA-Z_-]{8,80}")
REMEMBERED = 8  # tables kept in memory
T = TypeVar("T")


def what_happens(problem: Problem) -> str | None:
    """To its row; None where it is of no row."""
    if not problem.row:
        return None
    return _("left out") if problem.drops else _("used")


class Datasets:
    """Thread-safe. What it remembers is only a copy of what lies on disk."""

    def __init__(self, store: Store, drafts: Drafts) -> None:
        self._store, self._drafts = store, drafts
        self._cleaned: OrderedDict[str, Cleaned] = OrderedDict()
        self._assembled: OrderedDict[str, Assembled] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def holds_tables(self) -> bool:
        return bool(self._cleaned)

    def imported(self, draft: Draft) -> Imported | None:
        """The imported rows, or None where there are none yet.

        A run of the command line knows its data from its worker, so perhaps only after somebody opened it.
        """
        run = self._store.find(draft.run) if draft.run and not draft.dataset else None
        key = draft.dataset or (run.dataset if run else None)
        if not key or not KEY_PATTERN.fullmatch(key):
            return None
        return Imported.open(self._store.home.datasets / key)

    def require_imported(self, draft: Draft) -> Imported:
        """The imported rows; raises StudioError where there are none."""
        imported = self.imported(draft)
        if imported is None:
            raise StudioError(_("There is no data yet."), "", _("Upload a file or pick a sample."))
        return imported

    def columns(self, draft: Draft) -> dict[str, str]:
        """Role -> column of the file: as chosen, else as guessed."""
        imported = self.imported(draft)
        if imported is None or draft.task is None:
            return dict(draft.data.columns)
        return guess_columns(imported, TASKS[draft.task].columns, draft.data.columns)

    def doubts(self, draft: Draft) -> list[Guess]:
        """What is doubtful about the draft's data, and not settled yet."""
        imported = self.imported(draft)
        return doubts(imported, draft.data, TASKS[draft.task].columns) if imported and draft.task else []

    def assembled(self, draft: Draft) -> Assembled:
        """The rows that a run with these choices would use: the same function that the run calls.

        Raises StudioError where the data cannot be used so.
        """
        imported = self.require_imported(draft)
        if draft.task is None:
            raise StudioError(_("There is no task yet."), "", _("Say what you want to teach first."))
        options, task = draft.data, TASKS[draft.task]
        rows = f"{options.cleaning} {options.left_out}"
        usable = f"{task.name} {imported.folder.name} {sorted(options.columns.items())} {rows}"
        with self._lock:
            cleaned = self._recall(
                self._cleaned,
                usable,
                lambda: clean(imported, options.columns, task.columns, task.check, options.cleaning, options.left_out),
            )
            return self._recall(
                self._assembled, f"{usable} {options.model_dump_json()}", lambda: divide(cleaned, options)
            )

    def usable(self, draft: Draft) -> Assembled | None:
        """The same, or None where the page says why not."""
        try:
            return self.assembled(draft)
        except StudioError:
            return None

    @staticmethod
    def _recall(memory: "OrderedDict[str, T]", key: str, make: Callable[[], T]) -> T:
        """What `memory` holds under `key`, made now if it does not; the ones used longest ago are forgotten."""
        if key not in memory:
            memory[key] = make()
            while len(memory) > REMEMBERED:
                memory.popitem(last=False)
        memory.move_to_end(key)
        return memory[key]

    # --- pages of tables, asked for by the browser ----------------------------------------------

    def preview(self, query: dict[str, Any]) -> dict[str, Any]:
        """Rows as they were read. query: {"draft", "start", "count"}."""
        draft = self._drafts.load(str(query.get("draft")))
        imported = self.imported(draft)
        if imported is None:
            return EMPTY_PAGE
        start, count = bounds(query)
        columns = TASKS[draft.task].columns if draft.task else ()
        assembled = self.usable(draft)
        labels = list(assembled.counts) if assembled else ()
        return preview_page(imported, columns, self.columns(draft), start, count, labels)

    def problems(self, query: dict[str, Any]) -> dict[str, Any]:
        """What is left out of the draft's rows, or worth knowing, and why. query as for `preview`."""
        draft = self._drafts.load(str(query.get("draft")))
        assembled = self.usable(draft)
        if assembled is None:
            return EMPTY_PAGE
        problems = assembled.problems
        start, count = bounds(query)
        return {
            "columns": [
                {"key": "row", "title": _("Row"), "kind": "number"},
                {"key": "what", "title": _("What"), "kind": "text"},
                {"key": "why", "title": _("Why"), "kind": "text"},
                {"key": "then", "title": _("What happens"), "kind": "badge"},
            ],
            "rows": [
                {
                    "row": problem.row or "",
                    "what": set_apart(problem.what),
                    "why": set_apart(problem.why),
                    "then": what_happens(problem),
                }
                for problem in problems[start : start + count]
            ],
            "total": len(problems),
        }
