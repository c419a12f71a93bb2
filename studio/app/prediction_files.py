"""Answers to a whole file, as a CSV file: what the Test page offers as a download and `studio predict` writes.

Its columns are those that were given, those of the answers, and `problem`, which says why a row has no answer.
"""

import csv
import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from studio.app.answers import ANSWERS, AnswerKind
from studio.config import RunConfig
from studio.data.limits import Limits
from studio.files import replacing
from studio.predictor import NOTHING_CHOSEN, Answered, Exchange, FileReading, Predictor, Step
from studio.store import Run

PROBLEM = "problem"
MOST_FIRST = 8  # rows that a page shows
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are full-width
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")


@dataclass(frozen=True)
class FileAnswers:
    """How far a file of inputs is, and what a page shows of it. chosen: how somebody wants it read.

    read: how it was read, once that is known and where it is a table. first: its first rows. rows: of the file.
    """

    run: str
    file: Path
    chosen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    read: FileReading | None = None
    first: tuple[Answered, ...] = ()
    rows: int = 0

    def after(self, step: Step) -> "FileAnswers":
        first = (*self.first, *step.answered)[:MOST_FIRST]
        return replace(self, read=step.read or self.read, first=first, rows=max(self.rows, step.total))


def predict_into(
    predictor: Predictor,
    run: Run,
    source: Path,
    target: Path,
    cancelled: threading.Event | None = None,
    limits: Limits | None = None,
    chosen: Mapping[str, Mapping[str, Any]] = NOTHING_CHOSEN,
) -> Exchange[None]:
    """Answer every row of the file `source` into the CSV file `target`; yields the steps of `Predictor.predict_file`.

    `target` appears when everything is answered: what is cancelled or fails leaves nothing behind.
    """
    kind = ANSWERS[RunConfig.from_file(run.config_file).chosen_task.answer_kind]
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        table = Predictions(file, kind)
        with closing(predictor.predict_file(run, str(source), cancelled, limits, chosen)) as steps:
            for step in steps:
                table.add(step.answered)
                yield step
        table.finish()


class Predictions:
    """Writes rows as they come. Which columns answers have is known from the first one: rows before it wait for it."""

    def __init__(self, file: TextIO, kind: AnswerKind) -> None:
        self._file, self._kind = file, kind
        self._waiting: list[Answered] = []
        self._columns: tuple[str, ...] | None = None  # of the answers
        self._writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)

    def add(self, rows: Sequence[Answered]) -> None:
        self._waiting += rows
        if self._columns is None:
            first = next((row.answer for row in self._waiting if row.answer), None)
            if first is None:
                return
            self._begin(tuple(self._kind.cells(first)))
        self._write()

    def finish(self) -> None:
        """Write what still waits: all of it where no row has an answer."""
        if self._columns is None and self._waiting:
            self._begin(())
        self._write()

    def _begin(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        given = given_names(list(self._waiting[0].given), (*columns, PROBLEM))
        self._writer.writerow([harmless(name) for name in (*given, *columns, PROBLEM)])

    def _write(self) -> None:
        for row in self._waiting:
            cells: Mapping[str, Any] = self._kind.cells(row.answer) if row.answer else {}
            answered = [cells.get(name) for name in self._columns or ()]
            self._writer.writerow([harmless(cell) for cell in (*row.given.values(), *answered, row.problem)])
        self._waiting.clear()


def given_names(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The given columns' names; one that is taken becomes `NAME (given)`."""
    used = {*names, *taken}
    renamed = []
    for name in names:
        fresh = name
        while fresh in taken or (fresh != name and fresh in used):
            fresh = f"{fresh} (given)"
        used.add(fresh)
        renamed.append(fresh)
    return renamed


def harmless(cell: Any) -> Any:
    """A cell that a spreadsheet would compute as a formula, made a text by an apostrophe in front; numbers stay.

    Such a cell may come from anybody whose words are in the data (OWASP, CSV injection).
    """
    if isinstance(cell, str) and cell.startswith(FORMULA) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
