"""What a finished run found out about its test rows, read a page at a time for the Test page."""

from dataclasses import dataclass
from typing import Any

import pandas

from studio.app.draft_data import EMPTY_PAGE, bounds, by_turns, file_url
from studio.app.runs import config_of
from studio.data.importing import Imported
from studio.files import read_json
from studio.migrations import SCORES
from studio.paths import Home
from studio.store import Run, Store
from studio.tasks import TASKS
from studio.tasks.base import Task

# columns that are the same in every row where a query asks for one class, and then not shown
CLASSES = (
    {"key": "label", "title": "Is", "kind": "badge", "asked": "true"},
    {"key": "predicted", "title": "Was taken for", "kind": "badge", "asked": "predicted"},
)


@dataclass(frozen=True)
class Results:
    """The pages of test rows of all runs of one store."""

    store: Store
    home: Home

    def page(self, query: dict[str, Any]) -> dict[str, Any]:
        """query: {"run", "start", "count", and perhaps "true" and "predicted" (class names)}."""
        run = self.store.find(str(query.get("run")))
        if run is None or not run.test_rows_file.is_file():
            return EMPTY_PAGE
        task = task_of(run)
        if task is None:
            return EMPTY_PAGE
        rows = test_rows(run, task)
        for column in CLASSES:
            if (asked := query.get(column["asked"])) is not None:
                rows = rows[rows[column["key"]] == asked]
        kind = task.input_kind
        rows = by_turns(rows, "label") if kind == "image" else rows
        start, count = bounds(query)
        shown = rows.iloc[start : start + count]
        imported = imported_of(run, self.home) if kind == "image" else None
        return {
            "columns": [
                {"key": "row", "title": "Row", "kind": "number"},
                {"key": kind, "title": "Picture" if kind == "image" else "Text", "kind": kind},
                *[column for column in CLASSES if query.get(column["asked"]) is None],
            ],
            "rows": [_cells(imported, task, row) for row in shown.to_dict("records")],
            "total": len(rows),
            "layout": "gallery" if kind == "image" else "table",
        }


def task_of(run: Run) -> Task | None:
    config = config_of(run)
    return TASKS[config.task] if config else None


def test_rows(run: Run, task: Task) -> pandas.DataFrame:
    return pandas.read_parquet(run.test_rows_file, columns=["row", task.columns[0].name, "label", "predicted"])


def scores(run: Run) -> dict[str, Any]:
    """{"validation": {...}, "test": {...}} as the worker wrote them; empty before the end of a run."""
    return SCORES.upgrade(read_json(run.scores_file) or {})


def imported_of(run: Run, home: Home) -> Imported | None:
    """The imported data that the run's pictures lie in, or None once it is gone."""
    return Imported.open(home.datasets / run.dataset) if run.dataset else None


def _cells(imported: Imported | None, task: Task, row: dict[Any, Any]) -> dict[str, Any]:
    right = row["label"] == row["predicted"]
    value = str(row[task.columns[0].name])
    picture = {"src": file_url(imported.thumbnail(value)), "alt": value} if imported else value
    return {
        "row": int(row["row"]),
        task.input_kind: picture if task.input_kind == "image" else value,
        "input": value,
        "label": {"text": str(row["label"]), "tone": "neutral"},
        "predicted": {"text": str(row["predicted"]), "tone": "good" if right else "bad"},
    }
