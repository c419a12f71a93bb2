"""What a finished run found out about its test rows, read a page at a time for the Test page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import pyarrow.parquet

from studio.app.answers import ANSWERS
from studio.app.answers.base import HOW_SURE
from studio.app.cells import CELLS
from studio.app.cells.rows import Drawing, drawings, is_empty, legend
from studio.app.inputs import INPUTS
from studio.app.inputs.base import FileInput
from studio.app.paging import EMPTY_PAGE, bounds, interleaved
from studio.app.runs import config_of
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.image_files import thumbnail_of
from studio.data.importing import Imported
from studio.data.media import MEDIA
from studio.exporters.folder import labels_in
from studio.files import DamagedError, reading
from studio.language import _
from studio.store import Run, Store
from studio.tasks import TASKS
from studio.tasks.base import WRONG, Answer, Task
from studio.tasks.former_results import current_rows

ANSWER, SURE = "answer", "sure"
LOOKED_AT = 1000  # rows, to see whether a column is the same in all


def rows_page(store: Store, query: dict[str, Any]) -> dict[str, Any]:
    """A page of the test rows of one of the runs.

    query: {"run", "start", "count", perhaps "mark": only rows with this one, and "ranked": the mistakes that are most
    worth a look first}.
    A row holds "cells", what its inputs and targets are, for who wants to ask about it.
    """
    run = store.find(str(query.get("run")))
    task = task_of(run) if run else None
    if run is None or task is None or not run.test_rows_file.is_file():
        return EMPTY_PAGE
    rows = test_rows(run)
    labels = classes_of(run, task)
    mark = query.get("mark")
    if mark is not None:
        rows = rows[rows["marks"].map(lambda marks: str(mark) in marks)]
    drawn = drawings([column for column in task.columns if column.required], labels)
    titled = mark is not None and mark != WRONG  # what they have in common stands in the title over them
    shown = [drawing for drawing in drawn if not (titled and is_constant(drawing, task, rows))]
    gallery = any(drawing.is_seen for drawing in shown)
    if query.get("ranked"):
        rows = ranked(rows, task)
    elif gallery:
        rows = interleaved(rows, groups_of(rows, task))
    start, count = bounds(query)
    there: list[Any] = rows.iloc[start : start + count].to_dict("records")
    names_files = any(column.kind in MEDIA for column in task.inputs)
    imported = imported_of(run) if names_files else None
    answers, kind = [answer_of(row[ANSWER]) for row in there], ANSWERS[task.answer_kind]
    sure = [{"key": SURE, "title": HOW_SURE, "kind": "number"}] if any(map(kind.how_sure, answers)) else []
    right = [column.name for column in task.targets if column.required and FIELDS[column.kind].is_learned]
    return {
        "columns": [
            {"key": "row", "title": _("Row"), "kind": "number"},
            *[
                {"key": each.name, "title": _("Correct") if right == [each.name] else each.title, "kind": each.kind}
                for each in shown
            ],
            {"key": ANSWER, "title": _("Predicted"), "kind": "badge"},
            *sure,
        ],
        "rows": [_cells(imported, task, shown, row, answer) for row, answer in zip(there, answers, strict=True)],
        "legend": legend(task.columns, there, labels),
        "total": len(rows),
        "layout": "gallery" if gallery else "table",
    }


@dataclass(frozen=True)
class AnsweredRow:
    """One test example. cells: of the task's columns, as the data has them."""

    row: int
    cells: Mapping[str, str]
    answer: Answer


def row_of(run: Run, task: Task, number: int | None) -> AnsweredRow | None:
    """The test example of this row of the data; None where there is none."""
    if number is None or not run.test_rows_file.is_file():
        return None
    rows = test_rows(run)
    found: list[Any] = rows[rows["row"] == number].to_dict("records")
    return AnsweredRow(number, cells_in(found[0], task.columns), answer_of(found[0][ANSWER])) if found else None


def ranked(rows: pandas.DataFrame, task: Task) -> pandas.DataFrame:
    """The answers that are most worth a look first: wrong ones that the model was sure of."""
    kind, records = ANSWERS[task.answer_kind], rows.to_dict("records")
    weights = [kind.weight(answer_of(row[ANSWER]), cells_in(row, task.targets)) for row in records]
    order = sorted(range(len(records)), key=lambda place: -weights[place])
    return rows.iloc[order]


def count_mistakes(run: Run) -> int:
    """Test examples that were predicted wrongly."""
    if not run.test_rows_file.is_file():
        return 0
    return int(test_rows(run)["marks"].map(lambda marks: WRONG in marks).sum())


def task_of(run: Run) -> Task | None:
    config = config_of(run)
    return TASKS[config.task] if config else None


def test_rows(run: Run) -> pandas.DataFrame:
    with reading(run.test_rows_file):
        return current_rows(pandas.read_parquet(run.test_rows_file))


def count_test_rows(run: Run) -> int:
    if not run.test_rows_file.exists():
        return 0
    with reading(run.test_rows_file):
        return int(pyarrow.parquet.read_metadata(run.test_rows_file).num_rows)


def imported_of(run: Run) -> Imported | None:
    """The imported data that the run's images or recordings lie in, or None once it is gone."""
    return Imported.open(run.home.datasets / run.dataset) if run.dataset else None


def files_of_examples(run: Run) -> set[Path]:
    """The files that its test rows name, and their thumbnails, below the folder of its data; none where the rows
    cannot be read, which the Test page says."""
    task = task_of(run)
    names = [column.name for column in task.inputs if isinstance(INPUTS[column.kind], FileInput)] if task else []
    if not names or not run.test_rows_file.is_file():
        return set()
    try:
        with reading(run.test_rows_file):
            rows = pandas.read_parquet(run.test_rows_file, columns=names)
    except DamagedError:
        return set()
    cells = {str(cell) for name in names for cell in rows[name]}
    return {file for cell in cells for file in (Path("files", cell), thumbnail_of(Path("thumbnails"), cell))}


def is_constant(drawing: Drawing, task: Task, rows: pandas.DataFrame) -> bool:
    """Whether these are targets that are the same in every row, as with all examples of one class."""
    targets = {column.name for column in task.targets}
    return drawing.name in targets and rows[drawing.name].head(LOOKED_AT).nunique() <= 1


def groups_of(rows: pandas.DataFrame, task: Task) -> pandas.Series | None:
    """What the rows are shown in turn by: the classes of the first target that has some."""
    found: Sequence[pandas.Series | None] = [FIELDS[column.kind].strata(rows[column.name]) for column in task.targets]
    return next((groups for groups in found if groups is not None), None)


def classes_of(run: Run, task: Task) -> Sequence[str]:
    """The classes that the run's model may name."""
    return task.classes(labels_in(run.model))


def answer_of(text: str) -> Answer:
    found = json.loads(text)
    return Answer(found["value"], found["details"])


def _cells(
    imported: Imported | None, task: Task, shown: Sequence[Drawing], row: dict[Any, Any], answer: Answer
) -> dict[str, Any]:
    kind = ANSWERS[task.answer_kind]
    return {
        "row": int(row["row"]),
        **{drawing.name: _drawn(drawing, row, imported) for drawing in shown},
        ANSWER: kind.cell(answer, row["marks"]),
        SURE: kind.how_sure(answer),
        "cells": cells_in(row, task.columns),
    }


def _drawn(drawing: Drawing, row: dict[Any, Any], imported: Imported | None) -> Any:
    """A number stands beside the answer here, and is written as that is; the Data page shows it as the file has it."""
    if drawing.kind == "number" and not is_empty(row.get(drawing.name)):
        return CELLS[drawing.columns[0].kind].short(str(row[drawing.name]))
    return drawing.draw(row, imported)


def cells_in(row: Mapping[Any, Any], columns: Sequence[Column]) -> dict[str, str]:
    return {column.name: str(row[column.name]) for column in columns if not is_empty(row.get(column.name))}
