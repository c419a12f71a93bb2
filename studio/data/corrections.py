"""Single rows whose data is wrong: another label for a row, or no place for it among the rows that are used."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pandas

from studio.data.columns import Problem
from studio.language import _
from studio.options import Options, setting

DIGITS = 12  # of a digest, which is to tell rows of one file apart


class Correction(Options):
    """Of one row. Its number alone would mean another row once lines are added above it."""

    row: int = setting(
        title=_("Row"), help=_("Its number in the file, counted from 1 without the line of column names."), ge=1
    )
    content: str = setting(
        "", title=_("Content"), help=_("A mark of what the row holds; of another row the correction is not used.")
    )
    label: str | None = setting(None, title=_("Label"), help=_("The right one; without one the row is left out."))


def content_of(cell: object) -> str:
    """The mark of a row, from the cell of its first column: the text, or the name of the image."""
    return hashlib.sha256(str(cell).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def correct_rows(
    table: pandas.DataFrame, first: str, label: str | None, corrections: Sequence[Correction]
) -> list[Problem]:
    """Put right labels in place; returns what was done about each row. first: the column that rows are known by."""
    places = dict(zip(table["row"].tolist(), table.index, strict=True)) if corrections else {}
    return [_correct(table, first, label, each, places.get(each.row)) for each in corrections]


def _correct(table: pandas.DataFrame, first: str, label: str | None, correction: Correction, place: Any) -> Problem:
    """place: the row's in the index of the table, or None."""
    row, new = correction.row, correction.label
    if place is None or correction.content not in ("", content_of(table.at[place, first])):
        why = _("Row {row} is another one now, or it is gone.", row=row)
        return Problem(0, _("The correction of row {row} is not used.", row=row), why, drops=False)
    if new is None:
        return Problem(row, _("This row is left out."), _("Your choice."))
    if label is None:
        why = _("This task has no class for each row.")
        return Problem(0, _("The correction of row {row} is not used.", row=row), why, drops=False)
    before: Any = table.at[place, label]
    table.at[place, label] = new
    what = _("'{label}' was corrected to '{new}'.", label="" if pandas.isna(before) else str(before), new=new)
    return Problem(row, what, _("Your choice."), drops=False, column=label)
