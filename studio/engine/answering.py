"""A loaded model's answers to rows from outside its run: a few at once, or a whole file."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import torch
from torch.utils._pytree import tree_map

from studio.data.archives import unpack
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.folders.base import Found, find
from studio.data.limits import Limits
from studio.data.media import IMAGES, MEDIA, Media
from studio.engine.inputs_file import FileChoices, Inputs, read_inputs, read_named
from studio.errors import StudioError
from studio.language import _
from studio.tasks.base import Answer, Batch, Row, Streams
from studio.tasks.loading import Bundle
from studio.tasks.rows import parse_row

BATCH_SIZE = 32  # rows of a batch
ROWS_BETWEEN_REPORTS = 64  # of a file, between two reports
MOST_KNOWN = 4  # catalogues and the like whose answers a model keeps


@dataclass(frozen=True)
class Answered:
    """One row of a file: its cells as they came, and the answer, or why there is none."""

    given: dict[str, Any]
    answer: Answer | None
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        answer = self.answer.as_dict() if self.answer else None
        return {"given": self.given, "answer": answer, "problem": self.problem}


def answer_rows(bundle: Bundle, rows: Sequence[Row]) -> list[Answer]:
    """The answers in the order of the rows."""
    if not rows:
        return []
    return bundle.task.conclude(_said(bundle, rows), _known(bundle))


def _known(bundle: Bundle) -> list[Answer]:
    """The answers to what all answers depend on; those to the last few such rows are kept with the model."""
    rows = bundle.task.known(bundle.tools.options, bundle.table)
    key = json.dumps([dict(row) for row in rows], default=str)
    if rows and key not in bundle.known:
        while len(bundle.known) >= MOST_KNOWN:
            bundle.known.pop(next(iter(bundle.known)))
        bundle.known[key] = _said(bundle, rows)
    return bundle.known[key] if rows else []


def _said(bundle: Bundle, rows: Sequence[Row]) -> list[Answer]:
    """What the model says to each row by itself; rows of like length are answered together."""
    task, tools = bundle.task, bundle.tools
    items = task.encode(tools, rows)
    collate = task.collate(tools, training=False)
    order = sorted(range(len(items)), key=lambda place: task.length(items[place]) or 0)
    answers: dict[int, Answer] = {}
    with torch.inference_mode():
        for start in range(0, len(order), BATCH_SIZE):
            chosen = order[start : start + BATCH_SIZE]
            some = [task.open(tools, items[place]) for place in chosen]
            tensors = tree_map(lambda value: _placed(value, bundle.device), collate(some))
            found = task.answer(tools, bundle.model, Batch(tensors, some))
            answers |= dict(zip(chosen, found, strict=True))
    return [answers[place] for place in range(len(items))]


def answer_cells(
    bundle: Bundle, cells: Sequence[Mapping[str, Any]], tell: Callable[[str], None] | None = None
) -> list[Answer]:
    """The same for rows of cells: texts, and paths of images or recordings, by the names of the task's inputs.

    tell: called with what is written so far of the answer to a single row, where the task writes one.
    """
    rows = [parse_row(each, bundle.task.inputs, None) for each in cells]
    if tell and len(rows) == 1 and isinstance(bundle.task, Streams):
        return [streamed(bundle, rows[0], tell)]
    return answer_rows(bundle, rows)


def streamed(bundle: Bundle, row: Row, tell: Callable[[str], None]) -> Answer:
    task, tools = bundle.task, bundle.tools
    assert isinstance(task, Streams)
    items = [task.open(tools, item) for item in task.encode(tools, [row])]
    tensors = tree_map(lambda value: _placed(value, bundle.device), task.collate(tools, training=False)(items))
    with torch.inference_mode():
        return task.stream(tools, bundle.model, Batch(tensors, items), tell)


def answer_file(
    bundle: Bundle, choices: FileChoices, source: Path, limits: Limits, tell: Callable[[Inputs], None]
) -> Iterator[tuple[list[Answered], int]]:
    """(answers to the next rows, rows in all), until all rows of a table, or files of a ZIP, are answered.

    tell: how a table was read, before its first row is answered. Rows that cannot be read keep their place, with the
    reason.
    """
    inputs = bundle.task.inputs
    media = next((MEDIA[column.kind] for column in inputs if column.kind in MEDIA), None)
    if media is None:
        yield from _table(bundle, _told(read_inputs(source, inputs, choices, limits), tell))
        return
    with tempfile.TemporaryDirectory(prefix="studio-") as place:
        folder = Path(place) / "files"
        there = _there(source, find(unpack(source, folder, limits)), media)
        if len(inputs) == 1:
            yield from _files(bundle, inputs[0], folder, there.images if media == IMAGES else there.sounds)
        else:
            yield from _table(bundle, _told(read_named(folder, there, media, inputs, choices, limits), tell), folder)


def _told(found: Inputs, tell: Callable[[Inputs], None]) -> Inputs:
    tell(found)
    if found.problem:
        raise found.problem
    return found


def _table(bundle: Bundle, found: Inputs, folder: Path | None = None) -> Iterator[tuple[list[Answered], int]]:
    """folder: where the files are that cells name."""
    table, taken = found.table, found.taken.items()
    files = {column.name for column in bundle.task.inputs if column.kind in MEDIA}
    for start in range(0, len(table), ROWS_BETWEEN_REPORTS):
        some = slice(start, start + ROWS_BETWEEN_REPORTS)
        given = [{str(key): _plain(value) for key, value in row.items()} for row in table.iloc[some].to_dict("records")]
        cells: list[dict[str, Any]] = [
            {role: str(folder / row[name]) if folder and role in files else row[name] for role, name in taken}
            for row in given
        ]
        for role, gathered in found.gathered.items():
            for each, cell in zip(cells, gathered.iloc[some], strict=True):
                each[role] = cell
        unread = [found.unread.get(number, "") for number in table.index[some]]
        yield _answered(bundle, given, cells, unread), len(table)


def _there(archive: Path, found: Found, media: Media) -> Found:
    """Raises StudioError where the archive has no files of this kind."""
    if media == IMAGES and not found.images:
        raise StudioError(
            _("There are no images in {file}.", file=archive.name),
            _("None of its files is one."),
            _("Put JPEG or PNG files into it."),
        )
    if media != IMAGES and not found.sounds:
        raise StudioError(
            _("There are no recordings in {file}.", file=archive.name),
            _("None of its files is one."),
            _("Put WAV, FLAC, MP3 or OGG files into it."),
        )
    return found


def _files(bundle: Bundle, column: Column, folder: Path, names: Sequence[str]) -> Iterator[tuple[list[Answered], int]]:
    for start in range(0, len(names), BATCH_SIZE):
        some = names[start : start + BATCH_SIZE]
        given = [{column.name: name} for name in some]
        yield _answered(bundle, given, [{column.name: str(folder / name)} for name in some]), len(names)


def _answered(
    bundle: Bundle, given: list[dict[str, Any]], cells: list[dict[str, Any]], unread: Sequence[str] = ()
) -> list[Answered]:
    """unread: for each row why it cannot be read, or ""; of those that can, it is seen here."""
    known = unread or [""] * len(cells)
    problems = [why or _problem(bundle, each) for why, each in zip(known, cells, strict=True)]
    usable = [each for each, problem in zip(cells, problems, strict=True) if not problem]
    try:
        answers = iter(answer_cells(bundle, usable))
        return [
            Answered(row, None, problem) if problem else Answered(row, next(answers))
            for row, problem in zip(given, problems, strict=True)
        ]
    except StudioError as error:
        if len(cells) > 1:  # one of them cannot be opened: ask one by one
            alone = zip(given, cells, problems, strict=True)
            return [each for row, cell, why in alone for each in _answered(bundle, [row], [cell], [why])]
        return [Answered(given[0], None, error.explanation.why or error.explanation.what)]


def _problem(bundle: Bundle, cells: Mapping[str, Any]) -> str:
    """Why a row cannot be answered, or ""."""
    empty = (column for column in bundle.task.inputs if column.required and not str(cells[column.name] or "").strip())
    return next((FIELDS[column.kind].missing for column in empty), "")


def _plain(value: Any) -> Any:
    return None if pandas.isna(value) else str(value)


def _placed(value: Any, device: str) -> Any:
    return value.to(device) if isinstance(value, torch.Tensor) else value
