"""JSON in its common shapes, and JSONL: one object a line."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from studio.data.columns import Problem
from studio.data.formats import squad
from studio.data.formats.base import (
    MOST_COLUMNS,
    Format,
    RawTable,
    check_cells,
    check_rows,
    distinct_names,
    no_rows,
)
from studio.data.formats.delimited import unreadable
from studio.data.formats.encodings import decode, guess_encoding_alone
from studio.data.formats.label_studio import flatten, is_task
from studio.data.formats.squad import is_article
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.split_names import split_named
from studio.errors import StudioError
from studio.language import _

DEEPEST = 100
TOO_DEEP = (
    _("This entry is nested more than {most} levels deep.", most=DEEPEST),
    _("It may be damaged. Write it as a plain row."),
)
WRAPPERS = ("data", "rows", "examples", "records", "items", "instances")


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """A list of objects; an object of columns; an object around one of those; or one list per split."""
    text = decode(path.read_bytes(), reading.encoding or "utf-8")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        if isinstance(_document(text.partition("\n")[0]), dict):
            return read_lines(path, reading, limits)
        raise StudioError(
            _("{file} is not valid JSON.", file=path.name),
            f"{error}.",
            _("Correct the file there, or save it in another format."),
        ) from error
    return table(list(enumerate(objects(value, path), start=1)), [], path, limits)


def objects(value: Any, path: Path) -> list[Any]:
    """The rows inside a JSON document."""
    if isinstance(value, list):
        if value and is_article(value[0]):
            return squad.flatten(value)
        return flatten(value) if value and is_task(value[0]) else value
    if isinstance(value, dict):
        lists = {key: inner for key, inner in value.items() if isinstance(inner, list)}
        if lists and all(split_named(key) for key in value) and len(lists) == len(value):
            return [
                {**row, "split": split_named(split)} if isinstance(row, dict) else row
                for split, rows in lists.items()
                for row in rows
            ]
        for key in WRAPPERS:
            if isinstance(value.get(key), (list, dict)) and (len(lists) <= 1 or key in lists):
                inner = value[key]
                if isinstance(inner, dict) or not inner or isinstance(inner[0], dict):
                    return objects(inner, path)
        if lists and len(lists) == len(value) and len({len(inner) for inner in lists.values()}) == 1:
            return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    raise StudioError(
        _("{file} holds no table.", file=path.name),
        _("A table in JSON is a list of objects, or an object with one list of equal length per column."),
        _('Write it as [{"text": "...", "label": "..."}, ...].'),
    )


def read_lines(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """One object a line; a broken line becomes a problem. A JSON document under that name is read as one."""
    text = decode(path.read_bytes(), reading.encoding or "utf-8")
    if text.lstrip().startswith("[") and (whole := _document(text)) is not None:
        return table(list(enumerate(objects(whole, path), start=1)), [], path, limits)
    rows: list[tuple[int, Any]] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, json.loads(line)))
        except RecursionError:
            problems.append(Problem(number, *TOO_DEEP))
        except ValueError as error:
            problems.append(Problem(number, _("This line is not valid JSON."), f"{error}: {line[:80]}"))
    return table(rows, problems, path, limits)


def table(rows: list[tuple[int, Any]], problems: list[Problem], path: Path, limits: Limits) -> RawTable:
    """Numbered objects -> columns. Plain strings are a column `text`; what is no object is a problem."""
    check_rows(len(rows) + len(problems), limits)
    good: list[tuple[int, dict[str, Any]]] = []
    names: dict[str, None] = {}
    for number, value in rows:
        if is_too_deep(value):
            problems.append(Problem(number, *TOO_DEEP))
            continue
        row = {"text": value} if isinstance(value, str) else value
        if not isinstance(row, dict):
            problems.append(Problem(number, _("This entry is not an object with named values."), str(value)[:80]))
            continue
        good.append((number, row))
        names.update(dict.fromkeys(row))
        if len(names) > MOST_COLUMNS:
            distinct_names(list(names))  # raises
    if not good:
        raise no_rows(path)
    check_cells(len(good), len(names))
    columns = [[row.get(name) for _unused, row in good] for name in names]
    numbers = [number for number, _unused_2 in good]
    problems = problems + unreadable([_strings(row.values()) for _unused_3, row in good], numbers)
    return RawTable(list(names), columns, numbers, sorted(problems, key=lambda problem: problem.row))


def is_too_deep(value: Any) -> bool:
    """Whether lists and objects lie inside each other more than `DEEPEST` times: such cannot be written again."""
    inside = [value]
    for _unused_4 in range(DEEPEST + 1):
        held = (each.values() if isinstance(each, dict) else each for each in inside if isinstance(each, dict | list))
        inside = [each for values in held for each in values if isinstance(each, dict | list)]
        if not inside:
            return False
    return True


def _strings(values: Iterable[object]) -> list[object]:
    return [value for value in values if isinstance(value, str)]


def _document(text: str) -> Any | None:
    """The value of a JSON document; None for text that is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


JSON = Format("json", "JSON", (".json",), lambda path, head: False, guess_encoding_alone, read)
JSONL = Format("jsonl", "JSONL", (".jsonl", ".ndjson"), lambda path, head: False, guess_encoding_alone, read_lines)
