"""What every format gives, and how its values become the text that the rest of the studio works on.

All cells are text, or missing: so a CSV file and a Parquet file with the same content make the same
table, and a class `0` is called "0" whether a file stores it as text, as a number, or as a number in a column
with gaps (which most tools turn into 0.0).
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import pandas

from studio.data.columns import Problem
from studio.data.guesses import Guess
from studio.data.limits import MEGABYTE, Limits
from studio.data.options import ReadingOptions
from studio.errors import StudioError
from studio.language import _, plural

MOST_COLUMNS = 1000
MOST_CELLS = 60_000_000  # rows times columns, where a small file can claim many
HARMLESS = 256 * MEGABYTE  # of cells: with a few labels that repeat, any number of rows comes from a small file
RESERVED = frozenset({"row"})


@dataclass
class RawTable:
    """What a format read: columns of any values, each as long as `numbers`, the rows' numbers in the file."""

    names: Sequence[object]
    columns: Sequence[Sequence[object]]
    numbers: Sequence[int]
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """How to read a file: what was given, the rest as it was guessed."""

    options: ReadingOptions
    guesses: tuple[Guess, ...] = ()


@dataclass(frozen=True)
class Format:
    """One way of storing a table.

    recognises: from the first bytes of the file alone; only where they leave no doubt.
    guess: fills what the person has not said about how to read the file.
    guess and read raise StudioError, and nothing else, for whatever a file may hold.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    recognises: Callable[[Path, bytes], bool]
    guess: Callable[[Path, ReadingOptions, Limits], Reading]
    read: Callable[[Path, ReadingOptions, Limits], RawTable]


def to_frame(raw: RawTable) -> pandas.DataFrame:
    """Text columns with clean, distinct names; the index is called `row` and holds the rows' numbers."""
    names = distinct_names(raw.names)
    index = pandas.Index(list(raw.numbers), dtype="int64", name="row")
    return pandas.DataFrame(
        {
            name: pandas.Series(as_text(column), dtype="str", index=index)
            for name, column in zip(names, raw.columns, strict=True)
        },
        index=index,
    )


def distinct_names(names: Sequence[object]) -> list[str]:
    """Column names without surrounding blanks; nameless ones are counted, a second one of a name gets a number."""
    if len(names) > MOST_COLUMNS:
        raise StudioError(
            _("The table has {count:,} columns.", count=len(names)),
            _("At most {most:,} can be read.", most=MOST_COLUMNS),
            _("Check the separator, or leave out columns that training does not need."),
        )
    taken: set[str] = set(RESERVED)
    result = []
    for position, given in enumerate(names, start=1):
        name = " ".join(str(given).split()) if given is not None else ""
        name = encodable(name) or f"column_{position}"
        unique, count = name, 2
        while unique in taken:
            unique, count = f"{name}_{count}", count + 1
        taken.add(unique)
        result.append(unique)
    return result


def as_text(values: Sequence[object]) -> list[str | None]:
    """One column as text. Numbers with a fraction part only if some value of the column has one."""
    whole = all(value.is_integer() for value in values if isinstance(value, float) and math.isfinite(value))
    return [text_of(value, whole) for value in values]


def text_of(value: object, whole: bool = True) -> str | None:
    """One cell as text, or None where there is nothing. Lists and objects become JSON."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if whole and value.is_integer() else repr(value)
    if isinstance(value, (list, tuple, dict)):
        return encodable(json.dumps(value, ensure_ascii=False, default=str))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return encodable(value.decode("utf-8", errors="replace"))
    return encodable(str(value))


def encodable(text: str) -> str:
    """Unpaired surrogates, which JSON can spell and nothing can store, become a question mark."""
    return text if text.isascii() else text.encode("utf-8", errors="replace").decode("utf-8")


def check_rows(count: int, limits: Limits) -> None:
    if count > limits.rows:
        raise StudioError(
            _("The table has too many rows."),
            _("At most {most:,} rows are read here.", most=limits.rows),
            _("Use a smaller part of it."),
        )


def check_cells(rows: int, columns: int) -> None:
    """For formats in which an empty cell takes no room in the file."""
    if rows * columns > MOST_CELLS:
        raise StudioError(
            _("The table is too large."),
            plural(
                "It has {rows:,} rows of {n:,} column each.",
                "It has {rows:,} rows of {n:,} columns each.",
                columns,
                rows=rows,
            ),
            _("Leave out columns that training does not need."),
        )


def check_growth(size: int, path: Path, limits: Limits) -> None:
    """`size` bytes of cells came out of a file, or are about to: formats that name a value once and repeat it can make
    a table of any size from a file of a few bytes."""
    packed = path.stat().st_size
    if size > limits.unpacked_bytes:
        why = _("Its cells take more than {megabytes:,} MB.", megabytes=limits.unpacked_megabytes)
    elif size > HARMLESS and size > limits.ratio * packed:
        why = _("Its cells take more than {ratio} times its size, as in files made to do harm.", ratio=limits.ratio)
    else:
        return
    raise StudioError(_("{file} is too large.", file=path.name), why, _("Use a smaller part of it."))


def size_of(columns: Sequence[Sequence[object]]) -> int:
    """Bytes that the texts in these columns take once each cell has its own, which is how tables are stored."""
    return sum(len(cell) for column in columns for cell in column if isinstance(cell, str | bytes))


def no_rows(path: Path) -> StudioError:
    return StudioError(
        _("There are no rows in {file}.", file=path.name),
        _("The file holds no data that could be read as a table."),
        _("Check that it is the right file."),
    )
