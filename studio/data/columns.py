"""What a task asks of a table: its columns, and what can be wrong with a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from studio.errors import StudioError
from studio.language import _, listing

SPLITS: tuple[str, ...] = ("train", "validation", "test")
Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Column:
    """One role that a task's data must fill.

    name: the key under `data.columns` in run.yaml, and the column's name in the assembled table.
    kind: the name of a field (`studio.data.fields`): what its cells hold.
    hints: lower-case words that a matching column is often called.
    several: the name of the task that learns several of these for each row, where this one learns one.
    examples: three such cells for a template, where those of the field do not fit the other columns.
    by_name: found by its name alone: any other such column may hold something else.
    """

    name: str
    title: str
    kind: str
    help: str
    hints: tuple[str, ...] = ()
    required: bool = True
    several: str = ""
    examples: tuple[str, ...] = ()
    by_name: bool = False


GARBLED = "garbled"  # letters that were once read in a wrong encoding


@dataclass(frozen=True, slots=True)
class Problem:
    """One row (or, with row 0, the whole table) that is not right.

    row: the row's number as the person sees it in their file, counted from 1 without the header.
    drops: the row is left out; otherwise it is only worth knowing.
    kind: a word for what can be chosen about rows like this one (see `studio.data.cleaning`), or "".
    """

    row: int
    what: str
    why: str = ""
    drops: bool = True
    column: str = ""
    kind: str = ""


def require_column(name: str, there: Sequence[str]) -> None:
    """Raises StudioError where the data has no such column."""
    if name not in there:
        close = get_close_matches(name, there, n=1)
        raise StudioError(
            _("The data has no column '{column}'.", column=name),
            _("Columns of the data: {columns}.", columns=listing(there)),
            _("Did you mean '{column}'?", column=close[0]) if close else _("Choose one of those."),
        )
