"""Single rows whose data is wrong: the right answer for a row, or no place for it among the rows that are used."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas

from studio.data.columns import Problem
from studio.language import _
from studio.options import Options, setting

DIGITS = 12  # of a digest, which is to tell rows of one file apart
MOST_CORRECTIONS = 2000  # of one run: each is made by hand; with more the file itself is what to correct
MOST_TOLD = 60  # letters of a cell in a sentence
Stored = Callable[[pandas.Series], pandas.Series]  # cells as people write them -> as the assembled table keeps them


class Correction(Options):
    """Of one row. Its number alone would mean another row once lines are added above it."""

    row: int = setting(
        title=_("Row"), help=_("Its number in the file, counted from 1 without the line of column names."), ge=1
    )
    content: str = setting(
        "", title=_("Content"), help=_("A mark of what the row holds; of another row the correction is not used.")
    )
    label: str | None = setting(
        None,
        title=_("Label"),
        help=_("The right one, as the data would have it: a class, a number, a text; without one the row is left out."),
    )
    column: str = setting(
        "",
        title=_("Column"),
        help=_("Which of the task's columns it is for; without a name, the one with the classes."),
    )


def content_of(cell: object) -> str:
    """The mark of a row, from the cell of its first column: the text, or the name of the image."""
    return hashlib.sha256(str(cell).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def correct_rows(
    table: pandas.DataFrame,
    first: str,
    stored: Mapping[str, Stored],
    label: str | None,
    corrections: Sequence[Correction],
) -> list[Problem]:
    """Put right cells in place; returns what was done about each row.

    first: the column that rows are known by. stored: of each column that can be corrected. label: the one with one
    class a row, if there is one.
    """
    places = dict(zip(table["row"].tolist(), table.index, strict=True)) if corrections else {}
    return [_correct(table, first, stored, label, each, places.get(each.row)) for each in corrections]


def _correct(
    table: pandas.DataFrame,
    first: str,
    stored: Mapping[str, Stored],
    label: str | None,
    correction: Correction,
    place: Any,
) -> Problem:
    """place: the row's in the index of the table, or None."""
    row, new, column = correction.row, correction.label, correction.column or label
    if place is None or correction.content not in ("", content_of(table.at[place, first])):
        why = _("Row {row} is another one now, or it is gone.", row=row)
        return Problem(0, _("The correction of row {row} is not used.", row=row), why, drops=False)
    if new is None:
        return Problem(row, _("This row is left out."), _("Your choice."))
    if column is None or column not in stored:
        why = (
            _("This task has no class for each row.")
            if column is None
            else _("'{column}' is no column of this task that can be corrected.", column=column)
        )
        return Problem(0, _("The correction of row {row} is not used.", row=row), why, drops=False)
    before: Any = table.at[place, column]
    table.at[place, column] = stored[column](pandas.Series([new], dtype="str"))[0] if new else None
    old = "" if pandas.isna(before) else shortened(str(before))
    what = _("'{label}' was corrected to '{new}'.", label=old, new=shortened(new))
    return Problem(row, what, _("Your choice."), drops=False, column=column)


def shortened(cell: str) -> str:
    """As much of a cell as fits into a sentence."""
    words = " ".join(cell.split())
    return words if len(words) <= MOST_TOLD else f"{words[: MOST_TOLD - 1]}…"
