"""What a run answered to each of its test rows, as a CSV file: what the Share page offers as a download and
`studio predict RUN --test` writes.

Its columns are the row's number in the data, the inputs, `correct`, those of the answers (see
studio.app.prediction_files), and `right`: yes or no, where answers are simply right or wrong.
"""

import csv
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from studio.app.answers import ANSWERS
from studio.app.prediction_files import given_names, harmless
from studio.app.results import ANSWER, answer_of, cells_in, task_of, test_rows
from studio.errors import StudioError
from studio.files import replacing
from studio.language import _
from studio.store import Run
from studio.tasks.base import RIGHT, WRONG

ROW, CORRECT, IS_RIGHT = "row", "correct", "right"
WORDS = {RIGHT: "yes", WRONG: "no"}
EVERY = 500  # rows after which it is told how far it is


def write_evaluation(run: Run, target: Path) -> Generator[tuple[int, int], None, None]:
    """Write the file; yields (rows done, of how many). `target` appears when all is written.

    Raises StudioError where the run has no test rows.
    """
    task = task_of(run)
    if task is None or not run.test_rows_file.is_file():
        raise StudioError(
            _("There are no test results."),
            _("The run has not been tested: it has not finished, or its data left no rows for it."),
            _("Wait until it has finished, or train with a test split."),
        )
    rows: list[Any] = test_rows(run).to_dict("records")
    kind, inputs = ANSWERS[task.answer_kind], [column.name for column in task.inputs]
    named = CORRECT if len(task.targets) == 1 else f"{CORRECT}_{{}}"
    targets = {column.name: named.format(column.name) for column in task.targets}
    answered = list(kind.cells(answer_of(rows[0][ANSWER]))) if rows else []
    own = [*targets.values(), *answered, IS_RIGHT]
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(map(harmless, [ROW, *given_names(inputs, [ROW, *own]), *own]))
        for done, row in enumerate(rows, start=1):
            cells, answer = cells_in(row, task.columns), kind.cells(answer_of(row[ANSWER]))
            given = [cells.get(name, "") for name in (*inputs, *targets)]
            writer.writerow(map(harmless, [row[ROW], *given, *(answer.get(name) for name in answered), word_of(row)]))
            if done % EVERY == 0:
                yield done, len(rows)
    yield len(rows), len(rows)


def word_of(row: Mapping[Any, Any]) -> str:
    return next((WORDS[mark] for mark in row["marks"] if mark in WORDS), "")
